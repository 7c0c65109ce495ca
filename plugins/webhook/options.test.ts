import { describe, expect, it } from 'vitest'
import { makeJob } from '../../src/testing.ts'
import { options } from './options.ts'
import { renderStructure } from './structure.ts'
import { renderUrl, shownUrl } from './target-url.ts'

const parse = (given: object) => options.safeParse({ url: 'https://example.org/hook', ...given })
const problems = (given: object): string[] =>
  (parse(given).error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`)

describe('url', () => {
  const rendered = (url: string, data: object = {}): string => {
    const parsed = parse({ url })
    if (!parsed.success) throw parsed.error
    return renderUrl(parsed.data.url, makeJob({ data: { id: 7, ...data } as never }))
  }

  it.each([
    ['https://example.org', 'https://example.org/'],
    ['https://example.org?a=1', 'https://example.org/?a=1'],
    ['https://example.org/a/../b?c=%2F#part', 'https://example.org/b?c=%2F'],
    ['HTTPS://Example.ORG:443/A', 'https://example.org/A'],
    ['https://u:p@example.org/{{ type }}/{{ record.id }}?q={{ record.name }}', 'https://u:p@example.org/attendee/7?q='],
    ['https://example.org?q={{ record.id }}', 'https://example.org/?q=7'],
    ['https://example.org/x{% if record.id == 7 %}/seven{% endif %}', 'https://example.org/x/seven'],
  ])('%s becomes %s', (url, expected) => expect(rendered(url)).toBe(expected))

  it.each([
    ['a/b?c#d&e=f', 'a%2Fb%3Fc%23d%26e%3Df'],
    ['@evil.test/', '%40evil.test%2F'],
    ['\\..\\x', '%5C..%5Cx'],
    ['a b☃\ud800', 'a%20b%E2%98%83%EF%BF%BD'],
    ['%2e%2e', '%252e%252e'],
    ['\r\n', '%0D%0A'],
  ])('encodes %j of a record', (name, expected) => {
    expect(rendered('https://example.org/{{ record.name }}', { name })).toBe(`https://example.org/${expected}`)
  })

  it.each(['.', '..', '%2e%2E', '.\t.', 'x/..', 'x\\..'])(
    'refuses the record whose value leads elsewhere: %j',
    (name) => {
      const refused = () => rendered('https://example.org/a/{{ record.name | raw }}/b', { name })
      expect(refused).toThrow(expect.objectContaining({ kind: 'record', code: 'ERR_WEBHOOK_URL' }))
    },
  )

  it('keeps the host even where a value is put in raw', () => {
    const url = rendered('https://example.org/{{ record.name | raw }}', { name: '/evil.test/@x' })
    expect(url).toBe('https://example.org//evil.test/@x')
  })

  it.each([
    ['https://{{ record.host }}/a', 'path and query only'],
    ['https://example.org:{{ record.port }}/', 'path and query only'],
    ['https://{% if true %}a{% endif %}.test/', 'path and query only'],
    ['{{ record.url }}', 'must be a URL'],
    ['ftp://example.org/', 'must be a URL'],
    ['example.org', 'must be a URL'],
    ['https://', 'must be a URL'],
    ['https://exa mple.org/', 'cannot be read'],
    ['https://example.org:99999/', 'cannot be read'],
    ['https://example.org/{{ recrod.id }}', 'did you mean "record"'],
    ['http://example.org/', 'must be https'],
    ['https://127.1/', 'private address'],
    ['https://[::1]/', 'private address'],
    ['https://localhost:8080/', 'private address'],
    ['https://169.254.169.254/', 'private address'],
  ])('refuses %s', (url, problem) => expect(problems({ url })).toEqual([expect.stringContaining(problem)]))

  it('allows plain http and private addresses when told to', () => {
    expect(parse({ url: 'http://example.org/', allowHttp: true }).success).toBe(true)
    expect(parse({ url: 'http://10.0.0.1/', allowPrivateNetworks: true }).success).toBe(true)
    expect(problems({ url: 'http://10.0.0.1/', allowHttp: true })).toHaveLength(1)
  })

  it('shows no password and no token', () => {
    expect(shownUrl('https://u:pass@example.org/a?api_key=abc&q=1&sig=x')).toBe(
      'https://example.org/a?api_key=secret&q=1&sig=secret',
    )
  })
})

describe('headers and secrets', () => {
  it.each([
    'Host',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'webhook-id',
    'Webhook-Signature',
    'webhook-anything',
    'a b',
    'x:',
  ])('refuses the header %s', (name) => expect(problems({ headers: { [name]: 'x' } })).toHaveLength(1))
  it('drops empty secrets, but not all of them', () => {
    const one = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    expect(parse({ secrets: [one, ''] }).data?.secrets).toHaveLength(1)
    expect(problems({ secrets: ['', ''] })).toEqual([expect.stringContaining('only empty values')])
    expect(problems({ secrets: [one, 'wrong'] })).toEqual([expect.stringContaining('secrets.1 must begin with')])
  })
})

describe('body template', () => {
  const job = makeJob({ data: { id: 7, email: 'a@example.com', on: true, gone: null, tags: ['x'], text: 'a"b' } })
  const render = (template: unknown): unknown => {
    const parsed = parse({ body: { template } })
    if (!parsed.success) throw parsed.error
    const { body } = parsed.data
    return typeof body === 'object' ? renderStructure(body.template, job) : undefined
  }

  it.each([
    ['record.id', 7],
    ['{{ record.id }}', 7],
    ['  {{- record.on -}} ', true],
    ['{{ record.tags }}', ['x']],
    ['{{ record }}', job.data],
    ['record.gone', null],
    ['record.none', null],
    ['{{ record.id }}!', '7!'],
    ['{{ record.id | plus: 1 }}', '8'],
    ['{{ "fixed" }}', 'fixed'],
    ['say "{{ record.text }}"', 'say "a"b"'],
    ['plain text', 'plain text'],
    ['record', 'record'],
    ['event', 'event'],
    ['type', 'type'],
    ['', ''],
    [5, 5],
    [null, null],
  ])('%j becomes %j', (template, expected) => expect(render(template)).toEqual(expected))

  it('keeps the shape, and keys as they are', () => {
    const template = JSON.parse(
      '{"a":{"value":"record.id","__proto__":"record.on"},"{{ b }}":["record.id",{"path":"x"}]}',
    ) as unknown
    expect(JSON.stringify(render(template))).toBe('{"a":{"value":7,"__proto__":true},"{{ b }}":[7,{"path":"x"}]}')
  })

  it('says where a text cannot be read', () => {
    const template = { a: ['ok', '{{ recrod.id }}'], b: '{{ record.id | nofilter }}', c: 'record.[' }
    expect(problems({ body: { template } })).toEqual([
      expect.stringContaining('body.template.a.1 "recrod"'),
      expect.stringContaining('body.template.b template: undefined filter'),
      expect.stringContaining('body.template.c "record.["'),
    ])
  })
})
