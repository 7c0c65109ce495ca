import { generateKeyPairSync } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpClient } from '../../src/http/client.ts'
import type { Sender } from '../../src/plugin.ts'
import { createTestContext, makeAttempt, makeJob, testPlugin } from '../../src/testing.ts'
import { createHandClock, type HandClock } from '../../test/kit/clock.ts'
import { createMemoryLog } from '../../test/kit/log.ts'
import { type FakeOptions, type FakeReceiver, startFakeReceiver } from './fake.ts'
import webhook from './index.ts'

const SECRET = `whsec_${Buffer.from('a secret of 24 bytes or so').toString('base64')}`
const OTHER = `whsec_${Buffer.from('another one of 24 bytes..').toString('base64')}`

testPlugin({ describe, it }, webhook, {
  validOptions: {
    url: 'https://user:pass-word@example.org/hooks?token=url-token-value',
    headers: { Authorization: 'Bearer canary-of-a-token', 'x-kind': '{{ type }}' },
    secrets: [SECRET],
  },
  invalidOptions: [
    { url: 'ftp://example.org/' },
    { url: 'http://example.org/' },
    { url: 'https://example.org/', method: 'GET' },
    { url: 'https://example.org/', body: 'xml' },
    { url: 'https://example.org/', body: {} },
    { url: 'https://example.org/', secrets: ['whsec_short'] },
    { url: 'https://example.org/', headers: { 'webhook-id': 'mine' } },
  ],
  private: ['pass-word', 'url-token-value', 'canary-of-a-token'],
})

interface Bench {
  readonly fake: FakeReceiver
  readonly sender: Sender
  readonly clock: HandClock
}
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

async function bench(given: object = {}, strict: FakeOptions = {}): Promise<Bench> {
  const clock = createHandClock()
  const fake = await startFakeReceiver({ now: clock.now, ...strict })
  open.push(async () => fake[Symbol.asyncDispose]())
  const options = webhook.options.parse({ url: `${fake.url}/hook`, allowPrivateNetworks: true, ...given })
  const network = { allowPrivateNetworks: false, allowHttp: false, ...webhook.network?.(options) }
  const http = createHttpClient({ ...network, userAgent: 'test/1', secrets: () => [], clock, log: createMemoryLog() })
  open.push(() => http.close())
  const { context } = createTestContext({ http, now: clock.now })
  return { fake, clock, sender: await webhook.create(options, context) }
}

const jobs = [1, 2, 3].map((id) => makeJob({ n: id, data: { id, status: 'registered', name: `n${id}` } }))
const [job] = jobs as [(typeof jobs)[number]]

describe('against a strict receiver', () => {
  it('tells of an erased person when asked to, signed, under one id; else the destination cannot', async () => {
    const person = {
      id: 'e1',
      users: ['4'],
      emails: ['ada@example.org'],
      names: [],
      records: [{ key: 'user:4', ref: 1 }],
      positions: [],
      exports: false,
    }
    const given = { secrets: [SECRET], erasure: true, headers: { 'x-kind': '{{ type }}', 'x-fixed': 'yes' } }
    const { fake, sender } = await bench(given, { secrets: [SECRET] })
    fake.script.push({ status: 503 })
    expect(await sender.erase?.(person, makeAttempt())).toMatchObject({ state: 'retry' })
    expect(await sender.erase?.(person, makeAttempt())).toEqual({ state: 'delivered' })
    expect(fake.taken.map(({ id }) => id)).toEqual(['e1', 'e1'])
    expect(fake.taken[1]?.json).toEqual({
      type: 'user.erased',
      timestamp: expect.stringMatching(/^2026/),
      data: { users: ['4'], emails: ['ada@example.org'], records: ['user:4'] },
    })
    expect([fake.taken[1]?.headers['x-fixed'], fake.taken[1]?.headers['x-kind'], fake.problems]).toEqual([
      'yes',
      undefined,
      [],
    ])
    const silent = await bench()
    expect(await silent.sender.erase?.(person, makeAttempt())).toMatchObject({ state: 'skip' })
    expect(silent.fake.taken).toEqual([])
  })

  it('is verified by the official package with any of the secrets, and by an Ed25519 key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const bytes = (key: typeof publicKey, part: 'd' | 'x') =>
      Buffer.from(key.export({ format: 'jwk' })[part] ?? '', 'base64url')
    const secrets = [OTHER, SECRET, `whsk_${bytes(privateKey, 'd').toString('base64')}`]
    const publicKeys = [`whpk_${bytes(publicKey, 'x').toString('base64')}`]
    const { fake, sender } = await bench({ secrets }, { secrets: [SECRET], publicKeys })
    expect(await sender.send([job], makeAttempt([job]))).toEqual([{ state: 'delivered' }])
    expect(fake.problems).toEqual([])
    expect(fake.taken).toMatchObject([
      { method: 'POST', path: '/hook', id: job.id, json: { type: 'attendee.registered' } },
    ])
    expect(fake.taken[0]?.headers['user-agent']).toBe('test/1')
  })

  it('a wrong secret pauses the destination', async () => {
    const { fake, sender } = await bench({ secrets: [OTHER] }, { secrets: [SECRET] })
    await expect(sender.send([job], makeAttempt([job]))).rejects.toMatchObject({
      kind: 'destination',
      code: 'ERR_DESTINATION_AUTH',
    })
    expect([fake.problems.length, fake.taken.length]).toEqual([1, 0])
  })

  it('is signed anew on a later attempt, with the same id and body', async () => {
    const { fake, sender, clock } = await bench({ secrets: [SECRET] }, { secrets: [SECRET] })
    fake.script.push('drop-after-reading')
    expect(await sender.send([job], makeAttempt([job]))).toMatchObject([{ state: 'unknown' }])
    await clock.advance(3_600_000)
    await sender.send([{ ...job, attempt: 2 }], makeAttempt([job], { number: 2 }))
    const [first, second] = fake.taken
    expect([second?.id, second?.text]).toEqual([first?.id, first?.text])
    expect((second?.timestamp ?? 0) - (first?.timestamp ?? 0)).toBe(3600)
    expect(fake.problems).toEqual([])
  })

  it('sends a batch in one request', async () => {
    const { fake, sender } = await bench({ body: 'bevy' })
    expect(await sender.send(jobs, makeAttempt(jobs))).toEqual(jobs.map(() => ({ state: 'delivered' })))
    expect(fake.taken.map(({ json }) => json)).toEqual([[{ type: 'attendee', data: jobs.map(({ data }) => data) }]])
  })

  it('refuses alone the job that cannot be rendered, and sends the others', async () => {
    const { fake, sender } = await bench({ headers: { 'x-name': '{{ record.name }}' } })
    const bad = makeJob({ n: 4, data: { id: 4, name: 'a\nb' } })
    const outcomes = await sender.send([job, bad], makeAttempt([job, bad]))
    expect(outcomes?.map(({ state }) => state)).toEqual(['delivered', 'reject'])
    expect(fake.taken.map(({ id }) => id)).toEqual([job.id])
  })

  it('keeps the outcomes of one URL apart from those of another', async () => {
    const { fake, sender } = await bench()
    const templated = await bench({ url: `${fake.url}/{{ record.id }}` })
    fake.fallback = ({ path }) => ({ status: { '/1': 200, '/2': 404, '/3': 500 }[path] ?? 200 })
    const outcomes = await templated.sender.send(jobs, makeAttempt(jobs))
    expect(outcomes?.map(({ state }) => state)).toEqual(['delivered', 'reject', 'retry'])
    fake.fallback = () => ({ status: 404 })
    await expect(sender.send(jobs, makeAttempt(jobs))).rejects.toMatchObject({ code: 'ERR_DESTINATION_NOT_FOUND' })
  })

  it.each([
    [{ status: 204 }, { state: 'delivered' }],
    [{ status: 422 }, { state: 'reject' }],
    [
      { status: 429, headers: { 'retry-after': '9' } },
      { state: 'retry', after: 9000, scope: 'account' },
    ],
    [{ status: 503 }, { state: 'retry' }],
    ['endless', { state: 'delivered' }],
    ['drop-before-reading', { state: 'unknown' }],
    ['drop-after-reading', { state: 'unknown' }],
  ] as const)('%j is %j', async (answer, outcome) => {
    const { fake, sender } = await bench()
    fake.script.push(answer)
    expect(await sender.send([job], makeAttempt([job]))).toMatchObject([outcome])
  })

  it('does not follow a redirect, and pauses the destination', async () => {
    const { fake, sender } = await bench()
    fake.script.push('redirect')
    const sent = sender.send([job], makeAttempt([job]))
    await expect(sent).rejects.toMatchObject({ kind: 'destination', code: 'ERR_DESTINATION_REDIRECT' })
    expect([fake.problems, fake.taken.length]).toEqual([[], 1])
  })

  it('checks that a connection can be made, and sends nothing for it', async () => {
    const { fake, sender } = await bench()
    expect(await sender.check?.(new AbortController().signal)).toEqual([])
    const refused = await bench({ url: 'http://127.0.0.1:1/' })
    expect(await refused.sender.check?.(new AbortController().signal)).toEqual([expect.stringContaining('refused')])
    expect([fake.taken, fake.problems]).toEqual([[], []])
  })
})

describe('preview', () => {
  it('shows the request, its secrets hidden, and what cannot be rendered', async () => {
    const { fake, sender } = await bench({
      secrets: [SECRET, OTHER],
      headers: { authorization: 'Bearer abc', 'x-name': '{{ record.name }}' },
    })
    const bad = makeJob({ n: 4, data: { id: 4, name: 'a\nb' } })
    expect(await sender.preview?.([job, bad])).toEqual([
      {
        method: 'POST',
        url: `${fake.url}/hook`,
        headers: {
          'content-type': 'application/json',
          authorization: '[secret]',
          'x-name': 'n1',
          'webhook-id': job.id,
          'webhook-timestamp': 'the second it is sent',
          'webhook-signature': 'v1,… v1,…',
        },
        body: { type: 'attendee.registered', timestamp: '2026-03-02T09:15:00.000Z', data: job.data },
      },
      { rejected: expect.stringContaining('x-name') },
    ])
  })
})
