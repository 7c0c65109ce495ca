import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dial, exchange, head } from '../kit/raw-client.ts'
import {
  receiverSettings,
  RUNTIMES,
  SECRET,
  SECRET_HEADER,
  startReceiver,
  type ReceiverProcess,
} from '../kit/receiver-process.ts'

const GOOD = { [SECRET_HEADER]: SECRET, Connection: 'close' }
const BODY = '[{"type":"event","data":[]}]'
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** A whole POST. `from` is the sender's address behind the trusted proxy, so that the throttle does not mix the cases. */
function post(path: string, headers: Record<string, string | number | undefined>, body: string = BODY): string {
  return head(`POST ${path}`, { 'Content-Length': Buffer.byteLength(body), ...headers }) + body
}

const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

/** What a refused POST looks like: the status in mode `status`, and how its line, its alert and the alert's advice read. */
const REFUSED: [name: string, bytes: string, status: number, reason: string, cause: string, advice: RegExp][] = [
  ['no secret', post('/bevy', { Connection: 'close' }), 401, 'no-secret', 'refused:no-secret', /to X-Bevy-Secret and/],
  [
    'a wrong secret',
    post('/bevy', { ...GOOD, [SECRET_HEADER]: 'x' }),
    401,
    'wrong-secret',
    'refused:wrong-secret',
    /secret/,
  ],
  [
    'the right secret under another header',
    post('/bevy', { 'X-Other': SECRET, Connection: 'close' }),
    401,
    'wrong-header',
    'refused:wrong-header',
    /receiver\.secretHeader to X-Other/,
  ],
  [
    'the right secret behind a word',
    post('/bevy', { ...GOOD, [SECRET_HEADER]: `Bearer ${SECRET}` }),
    401,
    'wrong-header',
    'refused:wrong-header',
    /must be the secret alone/,
  ],
  ['another path', post('/hook', GOOD), 404, 'wrong-path', 'refused:wrong-path', /receiver\.path to \/hook/],
  ['the path of a health check', post('/healthz', GOOD), 404, 'wrong-path', 'refused:wrong-path', /\/healthz/],
  ['a path that does not decode', post('/%zz/..//%2f', GOOD), 404, 'wrong-path', 'refused:wrong-path', /\/bevy/],
  [
    'another path without the secret',
    post(`/x/${SECRET}`, { Connection: 'close' }),
    404,
    'wrong-path',
    'refused:unknown-post',
    /\/x\/\*\*\*/,
  ],
  [
    'a body declared too large',
    head('POST /bevy', { ...GOOD, 'Content-Length': 1_000_001 }),
    413,
    'too-large',
    'refused:too-large',
    /receiver\.maxBody/,
  ],
  [
    'a body declared absurdly large',
    head('POST /bevy', { ...GOOD, 'Content-Length': 9_007_199_254_740_991 }),
    413,
    'too-large',
    'refused:too-large',
    /receiver\.maxBody/,
  ],
  [
    'a chunked body that becomes too large',
    `${head('POST /bevy', { ...GOOD, 'Transfer-Encoding': 'chunked' })}${chunk('x'.repeat(600_000)).repeat(2)}`,
    413,
    'too-large',
    'refused:too-large',
    /receiver\.maxBody/,
  ],
]

/** What the runtime itself would answer: closed in both modes. */
const BROKEN: [name: string, bytes: string | Buffer, reason: string][] = [
  ['no HTTP at all', 'GARBAGE\r\n\r\n', 'malformed'],
  ['a TLS greeting', Buffer.from('160301020001000001fc0303', 'hex'), 'malformed'],
  ['the HTTP/2 greeting', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'malformed'],
  ['an HTTP version to come', 'POST /bevy HTTP/9.9\r\n\r\n', 'malformed'],
  ['a header without a name', post('/bevy', { ...GOOD, 'a b': 'c' }), 'malformed'],
  ['a NUL in a header', post('/bevy', { ...GOOD, A: 'y\0z' }), 'malformed'],
  ['a length that is no number', post('/bevy', { ...GOOD, 'Content-Length': 'abc' }), 'malformed'],
  ['a length past every number', post('/bevy', { ...GOOD, 'Content-Length': '9'.repeat(30) }), 'malformed'],
  ['two lengths', post('/bevy', { ...GOOD, 'content-length': 5 }), 'malformed'],
  ['a length and chunks', post('/bevy', { ...GOOD, 'Transfer-Encoding': 'chunked' }), 'malformed'],
  ['an unknown transfer encoding', head('POST /bevy', { ...GOOD, 'Transfer-Encoding': 'foo' }), 'malformed'],
  ['a chunk without a size', `${head('POST /bevy', { ...GOOD, 'Transfer-Encoding': 'chunked' })}zz\r\n`, 'malformed'],
  ['a target that is none', 'POST foo HTTP/1.1\r\n\r\n', 'malformed'],
  ['a tunnel', 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n', 'malformed'],
  ['a head too large', post('/bevy', { ...GOOD, X: 'a'.repeat(40_000) }), 'head-too-large'],
  ['a target too large', post(`/${'a'.repeat(40_000)}`, GOOD), 'head-too-large'],
  ['an expectation', post('/bevy', { ...GOOD, Expect: 'the best' }), 'expectation'],
  ['a head that never ends', 'POST /bevy HTTP/1.1\r\nHost: a\r\n', 'slow-head'],
]

describe.each(RUNTIMES)('answers on %s', (runtime) => {
  describe.each(['close', 'status'] as const)('refuse: %s', (refuse) => {
    let receiver: ReceiverProcess
    beforeAll(async () => {
      receiver = await startReceiver(runtime, receiverSettings({ refuse }))
    })
    afterAll(() => receiver.kill())

    /** Sends one request and gives what came back, and what was logged and raised for it. */
    async function answerTo(bytes: string | Buffer) {
      const before = await receiver.look()
      const got = await exchange(receiver.port, bytes)
      const after = await receiver.sees(({ lines }) => lines.length > before.lines.length)
      const stored = after.appended.slice(before.appended.length)
      return {
        got,
        stored,
        lines: after.lines.slice(before.lines.length),
        alerts: after.alerts.slice(before.alerts.length),
      }
    }

    const status = (got: string) => /^HTTP\/1\.1 (\d+) \w/.exec(got)?.[1]

    it.each(REFUSED)('%s', async (_name, bytes, code, reason, cause, advice) => {
      const { got, stored, lines, alerts } = await answerTo(bytes)
      if (refuse === 'close') expect(got).toBe('')
      else expect(status(got)).toBe(String(code))
      expect(stored).toEqual([])
      expect(lines).toEqual([
        {
          level: 'warn',
          event: 'request',
          facts: expect.objectContaining({ answer: refuse === 'close' ? 'closed' : String(code), reason }),
        },
      ])
      expect(alerts).toEqual([{ cause, message: expect.stringMatching(advice) }])
    })

    it('what cannot be stored: a full disk, and a journal that fails', async () => {
      await receiver.tell({ do: 'storable', ok: false })
      const full = await answerTo(post('/bevy', GOOD))
      await receiver.tell({ do: 'storable', ok: true })
      await receiver.tell({ do: 'append', how: 'fail' })
      const failed = await answerTo(post('/bevy', GOOD))
      await receiver.tell({ do: 'append', how: 'ok' })
      for (const [{ got, stored, lines, alerts }, reason] of [
        [full, 'not-storable'],
        [failed, 'append-failed'],
      ] as const) {
        if (refuse === 'close') expect(got).toBe('')
        else expect(status(got)).toBe('503')
        expect(stored).toEqual([])
        expect(lines.map(({ level, facts }) => [level, facts.reason])).toEqual([['error', reason]])
        expect(alerts.map(({ cause }) => cause)).toEqual([`refused:${reason}`])
      }
      expect(status((await answerTo(post('/bevy', GOOD))).got)).toBe('200')
    })

    it('whatever way the body comes, it is stored as it came', async () => {
      const packed = gzipSync(BODY).toString('latin1')
      const cases: [bytes: string, stored: object][] = [
        [post('/bevy', GOOD), { bytes: 28, sha256: sha256(BODY) }],
        [post('/bevy/?from=bevy', GOOD), { bytes: 28, sha256: sha256(BODY) }],
        [post('http://localhost/bevy', GOOD), { bytes: 28, sha256: sha256(BODY) }],
        [
          post('/bevy', { ...GOOD, [SECRET_HEADER]: undefined, 'x-BEVY-secret': SECRET }),
          { bytes: 28, sha256: sha256(BODY) },
        ],
        [head('POST /bevy', GOOD), { bytes: 0, sha256: sha256('') }],
        [
          `POST /bevy HTTP/1.0\r\n${SECRET_HEADER}: ${SECRET}\r\nContent-Length: 2\r\n\r\n[]`,
          { bytes: 2, sha256: sha256('[]') },
        ],
        [
          post('/bevy', { ...GOOD, 'Content-Type': 'text/plain' }, 'no JSON'),
          { bytes: 7, sha256: sha256('no JSON'), contentType: 'text/plain' },
        ],
        [
          `${head('POST /bevy', { ...GOOD, 'Transfer-Encoding': 'chunked' })}${chunk('[{}')}${chunk(']')}0\r\nA: b\r\n\r\n`,
          { bytes: 4, sha256: sha256('[{}]') },
        ],
        [
          post('/bevy', { ...GOOD, Connection: 'close, Upgrade, HTTP2-Settings', Upgrade: 'h2c' }),
          { bytes: 28, sha256: sha256(BODY) },
        ],
      ]
      for (const [bytes, stored] of cases) {
        const answered = await answerTo(bytes)
        expect(answered.got).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n\{"id":"d-\d+"\}$/)
        expect(answered.stored).toEqual([stored])
        expect(answered.lines.map(({ facts }) => facts)).toEqual([
          {
            answer: '200',
            reason: 'stored',
            address: '127.0.0.1',
            ms: expect.any(Number),
            bytes: answered.stored[0]?.bytes,
            seq: expect.any(Number),
          },
        ])
      }
      const zipped = head('POST /bevy', { ...GOOD, 'Content-Encoding': 'GZip', 'Content-Length': packed.length })
      const { stored } = await answerTo(Buffer.from(zipped + packed, 'latin1'))
      expect(stored).toEqual([{ bytes: packed.length, sha256: sha256(gzipSync(BODY)), encoding: 'gzip' }])
    })

    it('sends 100 Continue only after the secret was accepted', async () => {
      const expecting = { Expect: '100-continue', 'Content-Length': 2 }
      const client = await dial(receiver.port)
      client.write(head('POST /bevy', { ...GOOD, ...expecting }))
      expect(await client.reads(/\r\n\r\n/)).toBe('HTTP/1.1 100 Continue\r\n\r\n')
      client.write('[]')
      expect(await client.end()).toMatch(/\r\n\r\nHTTP\/1\.1 200 OK\r\n/)
      const refused = await exchange(receiver.port, head('POST /bevy', { ...expecting, [SECRET_HEADER]: 'x' }))
      if (refuse === 'close') expect(refused).toBe('')
      else expect(refused).toMatch(/^HTTP\/1\.1 401 /)
    })

    it('lets people and load balancers look, without a secret', async () => {
      const get = async (request: string) => (await answerTo(head(request, { Connection: 'close' }))).got
      expect(await get('GET /healthz')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\{"ok":true\}$/)
      expect(await get('GET /readyz')).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
      await receiver.tell({ do: 'ready', ok: false })
      expect(await get('GET /readyz')).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n[^]*\{"ok":false\}$/)
      expect(await get('HEAD /readyz')).toMatch(/^HTTP\/1\.1 503 /)
      expect(await get('HEAD /healthz')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/)
      await receiver.tell({ do: 'ready', ok: true })
      expect(await get('GET /bevy/')).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n[^]*allow: POST\r\n/i)
      expect(await get('PUT /bevy')).toMatch(/^HTTP\/1\.1 405 /)
      expect(await get('GET /elsewhere')).toMatch(/^HTTP\/1\.1 404 /)
      expect(await get('PUT /healthz')).toMatch(/^HTTP\/1\.1 404 /)
      expect(await get('GET /%zz')).toMatch(/^HTTP\/1\.1 404 /)
    })

    it('has printed nothing past the log, and its secret nowhere', async () => {
      const { lines, alerts } = await receiver.look()
      expect(receiver.noise()).toBe('')
      expect(JSON.stringify([lines, alerts])).not.toContain(SECRET)
    })
  })

  describe('what the runtime would answer by itself', () => {
    let receiver: ReceiverProcess
    beforeAll(async () => {
      receiver = await startReceiver(runtime, receiverSettings({ refuse: 'status' }), { headTimeout: 300 })
    })
    afterAll(() => receiver.kill())

    it('is closed without a byte, counted and not stored', async () => {
      const counted = async (reason: string) =>
        (await receiver.look()).stats.requests.find((count) => count.reason === reason && count.answer === 'closed')
          ?.count ?? 0
      for (const [name, bytes, reason] of BROKEN) {
        const before = await counted(reason)
        expect([name, await exchange(receiver.port, bytes)]).toEqual([name, ''])
        expect([name, await counted(reason)]).toEqual([name, before + 1])
      }
      const { appended, lines } = await receiver.look()
      expect(appended).toEqual([])
      // One line each, until the address is throttled.
      expect(lines.length).toBeLessThanOrEqual(BROKEN.length)
      expect(receiver.noise()).toBe('')
    })
  })

  it('throttles an address that keeps failing, and never one with the right secret', async () => {
    const receiver = await startReceiver(
      runtime,
      receiverSettings({ refuse: 'status', trustedProxies: ['127.0.0.0/8'] }),
    )
    try {
      const from = (address: string) => ({ 'X-Forwarded-For': `8.8.8.8, ${address}`, Connection: 'close' })
      for (let failure = 0; failure < 20; failure++) {
        expect(await exchange(receiver.port, post('/bevy', from('203.0.113.1')))).toMatch(/^HTTP\/1\.1 401 /)
      }
      expect(await exchange(receiver.port, post('/bevy', from('203.0.113.1')))).toBe('')
      expect(await exchange(receiver.port, post('/bevy', from('203.0.113.2')))).toMatch(/^HTTP\/1\.1 401 /)
      expect(await exchange(receiver.port, post('/bevy', { ...GOOD, ...from('203.0.113.1') }))).toMatch(
        /^HTTP\/1\.1 200 /,
      )
      const { lines, alerts, stats } = await receiver.look()
      expect([lines.length, alerts.length]).toEqual([22, 21])
      expect(lines.at(-1)?.facts).toMatchObject({ address: '203.0.113.1', answer: '200' })
      expect(stats.requests).toContainEqual({ answer: '401', reason: 'no-secret', count: 21 })
      expect(stats.requests).toContainEqual({ answer: 'closed', reason: 'no-secret', count: 1 })
    } finally {
      await receiver.kill()
    }
  })
})
