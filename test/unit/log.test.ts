import { describe, expect, it } from 'vitest'
import { BridgeError } from '../../src/core/errors.ts'
import { maskEmails } from '../../src/core/mask-emails.ts'
import { redact } from '../../src/core/redact.ts'
import { createLog, logOptionsFrom, type LogOptions } from '../../src/log.ts'

const SECRET = 'can/ary+"secret" ü1'
const EMAIL = 'canary.person@example.com'

function capture(options: Partial<LogOptions> = {}, isTTY = false) {
  let text = ''
  const stream = { isTTY, write: (part: string) => void (text += part) }
  const log = createLog({ stream, secrets: () => [SECRET], ...options })
  return { log, text: () => text, lines: () => text.trimEnd().split('\n') }
}

describe('redact', () => {
  const forms: [string, string][] = [
    ['as it is', SECRET],
    ['URL-encoded', encodeURIComponent(SECRET)],
    ['URL-encoded in lower case', encodeURIComponent(SECRET).toLowerCase()],
    ['form-encoded', encodeURIComponent(SECRET).replaceAll('%20', '+')],
    ['in JSON', JSON.stringify({ a: SECRET })],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64url', Buffer.from(SECRET).toString('base64url')],
    ['in basic auth', `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}`],
    ['in basic auth, shifted', `Basic ${Buffer.from(`users:${SECRET}:`).toString('base64')}`],
  ]
  it.each(forms)('takes out a secret %s', (_name, form) => {
    const text = redact(`before ${form} after`, [SECRET])
    expect(text).toMatch(/^before .*\[secret\].* after$/)
    for (const bare of [SECRET, SECRET.slice(2, -2), encodeURIComponent(SECRET)]) expect(text).not.toContain(bare)
  })
  it('leaves short values alone and takes the longer of two overlapping secrets', () => {
    expect(redact('the open door', ['open', ''])).toBe('the open door')
    expect(redact('abcdefgh', ['abcdef', 'abcdefgh'])).toBe('[secret]')
  })
})

describe('maskEmails', () => {
  it.each([
    [`no user ${EMAIL}.`, 'no user [email].'],
    ['/users/canary%40example.com/x', '/users/[email]/x'],
    ["<jürgen.o'neil+tag@bücher.example>", '<[email]>'],
    ['deleted+0a1b@bevylabs.com left', '[email] left'],
    ['node_modules/h3@2.0.8/dist/h3.mjs:1:2', 'node_modules/h3@2.0.8/dist/h3.mjs:1:2'],
    ['a @ b, x@y', 'a @ b, x@y'],
  ])('%s', (text, masked) => {
    expect(maskEmails(text)).toBe(masked)
  })
  it('is quick on a long text with one @ at the end', () => {
    const started = performance.now()
    maskEmails(`${'a'.repeat(200_000)} @`)
    expect(performance.now() - started).toBeLessThan(1000)
  })
})

describe('createLog', () => {
  it('writes one JSON object per line when not on a terminal', () => {
    const { log, lines } = capture()
    log.info('delivery stored', { seq: 7, bytes: 120, gzip: false, reason: undefined, level: 'odd' })
    expect(lines()).toHaveLength(1)
    expect(JSON.parse(lines()[0] ?? '')).toEqual({
      time: expect.stringMatching(/^\d{4}-.*Z$/),
      level: 'info',
      event: 'delivery stored',
      seq: 7,
      bytes: 120,
      gzip: false,
      level_: 'odd',
    })
  })
  it('writes each of many equal lines', () => {
    const { log, lines } = capture()
    for (let i = 0; i < 50; i++) log.warn('refused', { answer: 'close' })
    expect(lines()).toHaveLength(50)
  })
  it('is pretty on a terminal, and readable without colours', () => {
    const { log, text } = capture({ format: 'pretty' })
    log.warn('send failed', { destination: 'crm', reason: 'too many requests' })
    expect(text()).toMatch(/^\d\d:\d\d:\d\d\.\d{3} warn {2}send failed destination=crm reason="too many requests"\n$/)
    const colored = capture({}, true)
    colored.log.info('started')
    expect(colored.text()).toContain('\u001B[')
  })
  it('keeps control characters from outside off the terminal and one event on one line', () => {
    const { log, lines } = capture({ format: 'pretty' })
    log.info('odd\n\u001B[2J', { path: '/a\r\n12:00 error forged', name: 'x\u009B2Jy' })
    expect(lines()).toHaveLength(1)
    for (const control of ['\u001B', '\u009B', '\r']) expect(lines()[0]).not.toContain(control)
  })
  it('shows the stack of a bug, but of our own errors only at debug', () => {
    const ours = new BridgeError('store', 'ERR_STORE_FULL', 'disk full', { cause: new Error('ENOSPC') })
    const pretty = capture({ format: 'pretty' })
    pretty.log.error('append failed', {}, new BridgeError('store', 'ERR_STORE_FULL', 'disk full'))
    expect(pretty.lines()).toHaveLength(1)
    expect(pretty.text()).toContain('error="disk full" code=ERR_STORE_FULL')
    pretty.log.error('broken', {}, new TypeError('x is not a function'))
    expect(pretty.text()).toMatch(/\n {4}at /)
    const json = capture()
    json.log.error('append failed', { seq: 1 }, ours)
    expect(JSON.parse(json.text()).error).toMatchObject({
      name: 'BridgeError',
      code: 'ERR_STORE_FULL',
      stack: expect.stringContaining('disk full'),
      cause: { message: 'ENOSPC' },
    })
  })
  it('obeys its level', () => {
    const { log, lines, text } = capture({ level: 'warn' })
    log.debug('a')
    log.info('b')
    expect(text()).toBe('')
    log.warn('c')
    log.error('d')
    expect(lines()).toHaveLength(2)
    const silent = capture({ level: 'silent' })
    silent.log.error('e')
    expect(silent.text()).toBe('')
  })
  it.each(['json', 'pretty'] as const)('never prints a secret or an address, wherever it stands (%s)', (format) => {
    const { log, text } = capture({ format, level: 'debug' })
    const tainted = `got ${SECRET} for ${EMAIL}`
    const error = new Error(tainted, { cause: new BridgeError('store', 'ERR_X', tainted, { cause: tainted }) })
    Object.assign(error, { code: SECRET, name: `E ${EMAIL}`, extra: tainted })
    log.debug(tainted, { reason: tainted })
    log.info(tainted, { url: `https://h/?k=${encodeURIComponent(SECRET)}&e=${encodeURIComponent(EMAIL)}` })
    log.warn(tainted, { header: `Basic ${Buffer.from(`user:${SECRET}`).toString('base64')}` })
    log.error(tainted, { reason: tainted }, error)
    log.error('thrown text', {}, tainted)
    log.error('several', {}, new AggregateError([new Error(tainted)]))
    // A secret that begins just before the point where long texts are cut.
    log.info('x'.repeat(3_990) + tainted)
    const output = text()
    expect(output).toContain('[secret]')
    expect(output).toContain('[email]')
    for (const canary of [SECRET, 'can/ary', 'secret\\"', encodeURIComponent(SECRET), 'canary.person', 'example.com']) {
      expect(output).not.toContain(canary)
    }
    expect(output).not.toContain(Buffer.from(SECRET).toString('base64').slice(4, -4))
  })
  it('asks for the secrets at every line', () => {
    let secrets: readonly string[] = []
    const { log, text } = capture({ secrets: () => secrets })
    secrets = ['reloaded-secret']
    log.info('with reloaded-secret')
    expect(text()).toContain('with [secret]')
  })
  it('reads level and format from the environment', () => {
    expect(logOptionsFrom({ BEVY_BRIDGE_LOG_LEVEL: 'debug', BEVY_BRIDGE_LOG_FORMAT: 'xml' })).toEqual({
      level: 'debug',
    })
  })
})
