import { execFile } from 'node:child_process'
import type { LookupFunction, Socket } from 'node:net'
import { setImmediate as oneTurn } from 'node:timers/promises'
import { promisify } from 'node:util'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { TransportError } from '../../src/core/errors.ts'
import type { HttpClient } from '../../src/core/ports.ts'
import { createHttpClient, type HttpClientOptions } from '../../src/http/client.ts'
import { createPace } from '../../src/http/pace.ts'
import { createHandClock, settleAll } from '../kit/clock.ts'
import { httpBasics } from '../kit/http-basics.ts'
import { createMemoryLog } from '../kit/log.ts'
import { ok, startRawServer } from '../kit/raw-server.ts'
import { TEST_CERT } from '../kit/tls.ts'

type Client = HttpClient & { close(): Promise<void> }
const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})

const toLoopback: LookupFunction = (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])
const setup = (options: Partial<HttpClientOptions> = {}) => {
  const clock = createHandClock()
  const log = createMemoryLog()
  const given = { allowPrivateNetworks: true, allowHttp: true, userAgent: 'bevy-bridge/test', secrets: () => [] }
  const client = createHttpClient({ ...given, clock, log, lookup: toLoopback, ...options })
  clients.push(client)
  return { client, clock, log }
}
const failure = (work: Promise<unknown>): Promise<TransportError> =>
  work.then(
    () => {
      throw new Error('expected it to reject')
    },
    (error: unknown) => error as TransportError,
  )

describe('request and answer', () => {
  it('sends what was asked and gives the answer back', async () => {
    await using server = await startRawServer((socket) => socket.write(ok('{"a":1}', 'X-Odd: 1\r\nx-odd: 2\r\n')))
    const { client, clock, log } = setup()
    const url = `http://me:p%40ss@hooks.test:${server.port}/a%2Fb?q=1#part`
    const answer = await client.request({ method: 'PUT', url, body: 'hé', headers: { 'X-Name': 'Zoë' } })
    expect(server.received().split('\r\n')).toEqual([
      'PUT /a%2Fb?q=1 HTTP/1.1',
      `host: hooks.test:${server.port}`,
      'connection: keep-alive',
      'user-agent: bevy-bridge/test',
      'authorization: Basic bWU6cEBzcw==',
      'x-name: Zoë',
      'content-length: 3',
      '',
      Buffer.from('hé').toString('latin1'),
    ])
    expect(answer).toMatchObject({
      status: 200,
      truncated: false,
      receivedAt: clock.now(),
      headers: { 'x-odd': '1, 2' },
    })
    expect([answer.text(), answer.json()]).toEqual(['{"a":1}', { a: 1 }])
    expect(log.lines).toMatchObject([{ level: 'debug', facts: { request: `PUT http://hooks.test:${server.port}` } }])
  })

  it('gives any status back, follows no redirect, and keeps the connection', async () => {
    const answers = ['301 Moved', '404 None', '503 Busy']
    await using server = await startRawServer((socket, _, count) =>
      socket.write(`HTTP/1.1 ${answers[count - 1]}\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n`),
    )
    const { client } = setup()
    const seen: unknown[] = []
    for (const _ of answers) {
      const { status, body, json } = await client.request({ url: `http://hooks.test:${server.port}/a` })
      seen.push([status, body.byteLength, json()])
      await oneTurn()
    }
    expect(seen).toEqual([301, 404, 503].map((status) => [status, 0, undefined]))
    expect(server.connections).toBe(1)
  })

  it('speaks TLS, and checks the name', async () => {
    await using server = await startRawServer((socket) => socket.write(ok()), { secure: true })
    const { client } = setup({ allowHttp: false, ca: TEST_CERT })
    expect((await client.request({ url: `https://hooks.test:${server.port}/` })).status).toBe(200)
    const other = await failure(
      client.request({ url: `https://other.test:${server.port}/`, method: 'POST', body: 'x' }),
    )
    expect(other).toMatchObject({ kind: 'transport', code: 'ERR_HTTP_TLS', sent: false })
    expect(server.received()).not.toContain('other.test')
  })

  it('cuts an answer at maxBytes and closes the connection, however long it goes on', async () => {
    const endless = (socket: Socket): void => {
      if (!socket.destroyed) socket.write('x'.repeat(10_000), () => endless(socket))
    }
    await using server = await startRawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      endless(socket)
    })
    const { client } = setup()
    const answer = await client.request({ url: `http://hooks.test:${server.port}/` })
    expect([answer.body.byteLength, answer.truncated, answer.json()]).toEqual([65_536, true, undefined])
    await server.closed(1)
  })

  it('does not call an answer of exactly maxBytes cut', async () => {
    await using server = await startRawServer((socket) => socket.write(ok('12345')))
    const url = `http://hooks.test:${server.port}/`
    const { client } = setup()
    const exact = await client.request({ url, maxBytes: 5 })
    const longer = await client.request({ url, maxBytes: 4 })
    expect([exact.text(), exact.truncated, longer.text(), longer.truncated]).toEqual(['12345', false, '1234', true])
  })

  it('closes a connection that lies idle, but none that waits for a slow answer', async () => {
    await using server = await startRawServer((socket) => void setTimeout(() => socket.write(ok()), 150))
    const { client } = setup({ idleTimeout: 50 })
    expect((await client.request({ url: `http://hooks.test:${server.port}/` })).status).toBe(200)
    await server.closed(1)
  })
})

describe('what may have been sent', () => {
  const post = (
    client: Client,
    port: number,
    extra: { signal?: AbortSignal; timeout?: number } = {},
    scheme = 'http',
  ) => failure(client.request({ method: 'POST', url: `${scheme}://hooks.test:${port}/x`, body: 'hello', ...extra }))

  it.each<[string, (socket: Socket) => void, string]>([
    ['dropped after it was read', (socket) => socket.destroy(), 'ERR_HTTP_RESET'],
    ['half an answer', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'), 'ERR_HTTP_RESET'],
    ['half a head', (socket) => socket.end('HTTP/1.1 200'), 'ERR_HTTP_RESET'],
    [
      'broken chunks',
      (socket) => socket.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n'),
      'ERR_HTTP_ANSWER',
    ],
    ['not HTTP', (socket) => socket.end('220 mail.test ESMTP\r\n'), 'ERR_HTTP_ANSWER'],
  ])('sent: %s', async (_, answer, code) => {
    await using server = await startRawServer(answer)
    const error = await post(setup().client, server.port)
    expect(error).toMatchObject({ kind: 'transport', code, sent: true, cause: expect.any(Error) })
    expect(error.cause).not.toHaveProperty('data')
  })

  it('sent: the connection was taken and dropped before anything was read', async () => {
    await using server = await startRawServer(() => {}, { onConnection: (socket) => socket.destroy() })
    expect(await post(setup().client, server.port)).toMatchObject({ code: 'ERR_HTTP_RESET', sent: true })
  })

  it('sent: a connection used before is reset, which may be before or after the request was read', async () => {
    await using server = await startRawServer((socket, _, count) =>
      count === 1 ? socket.write(ok()) : socket.destroy(),
    )
    const { client } = setup()
    await client.request({ url: `http://hooks.test:${server.port}/` })
    await oneTurn()
    expect(await post(client, server.port)).toMatchObject({ code: 'ERR_HTTP_RESET', sent: true })
    expect(server.connections).toBe(1)
  })

  it.each<[string, (socket: Socket) => void]>([
    ['no answer', () => {}],
    ['an answer drop by drop', (socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nd')],
  ])('sent: %s until the deadline', async (_, answer) => {
    await using server = await startRawServer(answer)
    const { client, clock } = setup({ timeout: 9000 })
    const ended = post(client, server.port)
    await server.reads('hello')
    await clock.advance(8999)
    await clock.advance(1)
    expect(await ended).toMatchObject({ code: 'ERR_HTTP_TIMEOUT', sent: true })
    await server.closed(1)
  })

  it.each([
    [undefined, 'ERR_HTTP_ABORTED'],
    [new DOMException('too long', 'TimeoutError'), 'ERR_HTTP_TIMEOUT'],
  ])('sent: aborted while it waits for the answer (%s)', async (reason, code) => {
    await using server = await startRawServer(() => {})
    const abort = new AbortController()
    const ended = post(setup().client, server.port, { signal: abort.signal })
    await server.reads('hello')
    abort.abort(reason)
    expect(await ended).toMatchObject({ code, sent: true, cause: abort.signal.reason })
    await server.closed(1)
  })

  it('not sent: refused, aborted before, name unknown', async () => {
    const server = await startRawServer(() => {})
    await server[Symbol.asyncDispose]()
    const { client } = setup()
    expect(await post(client, server.port)).toMatchObject({ code: 'ERR_HTTP_REFUSED', sent: false })
    const aborted = await post(client, server.port, { signal: AbortSignal.abort() })
    expect(aborted).toMatchObject({ code: 'ERR_HTTP_ABORTED', sent: false })
    const unknown: LookupFunction = (_host, _options, callback) =>
      callback(Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' }), [])
    expect(await post(setup({ lookup: unknown }).client, 1)).toMatchObject({ code: 'ERR_HTTP_DNS', sent: false })
  })

  it('not sent: the deadline or an abort while the name is looked up', async () => {
    const { client, clock } = setup({ lookup: () => {} })
    const late = post(client, 1, { timeout: 500 })
    const abort = new AbortController()
    const aborted = post(client, 1, { signal: abort.signal })
    await clock.advance(500)
    abort.abort()
    expect(await late).toMatchObject({ code: 'ERR_HTTP_TIMEOUT', sent: false })
    expect(await aborted).toMatchObject({ code: 'ERR_HTTP_ABORTED', sent: false })
  })

  it('not sent: the other side speaks no TLS, is not trusted, or never ends the handshake', async () => {
    await using plain = await startRawServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await using distrusted = await startRawServer(() => {}, { secure: true })
    await using silent = await startRawServer(() => {})
    const { client, clock } = setup()
    expect(await post(client, plain.port, {}, 'https')).toMatchObject({ code: 'ERR_HTTP_TLS', sent: false })
    expect(await post(client, distrusted.port, {}, 'https')).toMatchObject({ code: 'ERR_HTTP_TLS', sent: false })
    expect(distrusted.received()).toBe('')
    const hanging = post(client, silent.port, {}, 'https')
    await silent.reads('\x16\x03')
    await clock.advance(30_000)
    expect(await hanging).toMatchObject({ code: 'ERR_HTTP_TIMEOUT', sent: false })
  })
})

describe('what may not be sent', () => {
  it.each([
    ['a line break in a header', { headers: { 'x-name': 'a\r\nx-evil: 1' } }],
    ['a lone line feed', { headers: { 'x-name': 'a\nb' } }],
    ['a NUL', { headers: { 'x-name': 'a\0' } }],
    ['text beyond one byte', { headers: { 'x-name': '☃' } }],
    ['a bad header name', { headers: { 'x name': 'a' } }],
    ['a host of its own', { headers: { Host: 'other.test' } }],
    ['a length of its own', { headers: { 'Content-Length': '1' } }],
    ['a bad method', { method: 'GET / HTTP/1.1\r\n' }],
    ['no URL', { url: 'hooks.test' }],
  ])('%s is an error about the record, and nothing is sent', async (_, request) => {
    await using server = await startRawServer((socket) => socket.write(ok()))
    const error = await failure(setup().client.request({ url: `http://hooks.test:${server.port}/`, ...request }))
    expect(error).toMatchObject({ kind: 'record', code: 'ERR_HTTP_REQUEST' })
    expect(server.connections).toBe(0)
  })

  it.each(['http://hooks.test/', 'ftp://hooks.test/', 'file:///etc/passwd', 'data:,x'])(
    '%s pauses the destination where only https is allowed',
    async (url) => {
      const error = await failure(setup({ allowHttp: false }).client.request({ url }))
      expect(error).toMatchObject({ kind: 'destination', code: 'ERR_HTTP_SCHEME' })
    },
  )

  it('a private address pauses the destination: as the host, by its name, or when the name changes (rebinding)', async () => {
    await using server = await startRawServer((socket) => socket.end(ok('ok', 'connection: close\r\n')))
    const addresses = ['127.0.0.1', '127.0.0.2']
    const changing: LookupFunction = (_host, _options, callback) =>
      callback(null, [{ address: addresses.shift() ?? '', family: 4 }])
    const guarded = { allowPrivateNetworks: false, allowedCidrs: ['127.0.0.1/32'], lookup: changing }
    const { client } = setup(guarded)
    const url = `http://hooks.test:${server.port}/`
    expect((await client.request({ url })).status).toBe(200)
    const refusal = { kind: 'destination', code: 'ERR_HTTP_PRIVATE_ADDRESS' }
    expect(await failure(client.request({ url }))).toMatchObject(refusal)
    expect(await failure(client.request({ url: `http://127.0.0.2:${server.port}/` }))).toMatchObject(refusal)
    expect(await failure(setup({ ...guarded, allowedCidrs: [] }).client.request({ url }))).toMatchObject(refusal)
    expect(server.connections).toBe(1)
  })

  it('errors name host and port only, and no secret in any form', async () => {
    const server = await startRawServer(() => {})
    await server[Symbol.asyncDispose]()
    const part = fc.string({ unit: fc.constantFrom(...'abcXYZ019-_%25+/=é'), minLength: 6, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(part, fc.constantFrom('user', 'path', 'query', 'header', 'host'), async (secret, place) => {
        const encoded = encodeURIComponent(secret)
        const host = place === 'host' ? `s${Buffer.from(secret).toString('hex')}.test` : 'hooks.test'
        const known = place === 'host' ? host.slice(0, -5) : secret
        const user = place === 'user' ? `u:${encoded}@` : ''
        const tail = place === 'path' ? `/${encoded}` : place === 'query' ? `/?token=${encoded}` : '/'
        const headers = place === 'header' ? { 'x-token': `${secret}\n` } : {}
        const { client } = setup({ secrets: () => [known] })
        const error = await failure(client.request({ url: `http://${user}${host}:${server.port}${tail}`, headers }))
        for (const form of [known, encoded, Buffer.from(known).toString('base64')]) {
          expect(`${error.message}\n${error.stack}`).not.toContain(form)
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('pace and end', () => {
  it('counts requests against the rate, and a wait for it that is ended has sent nothing', async () => {
    await using server = await startRawServer((socket) => socket.write(ok()))
    const clock = createHandClock()
    const { client } = setup({
      clock,
      pace: createPace({ rate: { limit: 1, per: 60_000 }, bucketRate: undefined }, clock),
      timeout: 30_000,
    })
    const url = `http://hooks.test:${server.port}/`
    await client.request({ url })
    const abort = new AbortController()
    const given = failure(client.request({ url, signal: abort.signal }))
    const patient = client.request({ url })
    abort.abort()
    expect(await given).toMatchObject({ code: 'ERR_HTTP_RATE_WAIT', sent: false })
    // The wait is longer than the deadline, which begins after it.
    await clock.advance(60_000)
    expect((await patient).status).toBe(200)
  })

  it('close ends what is under way and what waits, closes idle connections, and refuses what comes after', async () => {
    await using server = await startRawServer((socket, chunk) => void (chunk.includes('/idle') && socket.write(ok())))
    const clock = createHandClock()
    const { client } = setup({
      clock,
      pace: createPace({ rate: { limit: 2, per: 60_000 }, bucketRate: undefined }, clock),
    })
    const url = `http://hooks.test:${server.port}`
    await client.request({ url: `${url}/idle` })
    const open = failure(client.request({ url: `${url}/open` }))
    const waiting = failure(client.request({ url: `${url}/waiting` }))
    await server.reads('/open')
    await client.close()
    expect(await open).toMatchObject({ code: 'ERR_HTTP_ABORTED', sent: true })
    expect(await waiting).toMatchObject({ code: 'ERR_HTTP_RATE_WAIT', sent: false })
    expect(await failure(client.request({ url }))).toMatchObject({ code: 'ERR_HTTP_CLOSED', sent: false })
    await server.closed(server.connections)
    await settleAll()
    expect(clock.next()).toBeUndefined()
  })

  it('sends nothing of a request that was given up while it waited for a connection', async () => {
    const held: Socket[] = []
    await using server = await startRawServer((socket) => held.push(socket))
    const { client } = setup()
    const all = Array.from({ length: 64 }, () => client.request({ url: `http://hooks.test:${server.port}/` }))
    while (held.length < 64) await settleAll()
    const abort = new AbortController()
    const late = failure(client.request({ url: `http://hooks.test:${server.port}/late`, signal: abort.signal }))
    abort.abort()
    expect(await late).toMatchObject({ code: 'ERR_HTTP_ABORTED', sent: false })
    for (const socket of held.splice(0)) socket.write(ok())
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 200))
    const next = client.request({ url: `http://hooks.test:${server.port}/next` })
    await server.reads('/next')
    held[0]?.write(ok())
    expect((await next).status).toBe(200)
    expect([server.received().includes('/late'), server.connections]).toEqual([false, 64])
  })

  it('keeps at most 64 connections to one place', async () => {
    const held: Socket[] = []
    await using server = await startRawServer((socket) => (held.length < 64 ? held.push(socket) : socket.write(ok())))
    const { client } = setup()
    const all = Array.from({ length: 70 }, () => client.request({ url: `http://hooks.test:${server.port}/` }))
    while (held.length < 64) await settleAll()
    expect(server.connections).toBe(64)
    for (const socket of held) socket.write(ok())
    expect((await Promise.all(all)).map(({ status }) => status)).toEqual(all.map(() => 200))
    expect(server.connections).toBe(64)
  })
})

describe('connect', () => {
  it('opens a connection, TLS included, and sends no request', async () => {
    await using plain = await startRawServer(() => {})
    await using secure = await startRawServer(() => {}, { secure: true })
    const { client } = setup({ ca: TEST_CERT })
    await client.connect?.(`http://hooks.test:${plain.port}/x`)
    await client.connect?.(`https://hooks.test:${secure.port}/x`)
    await Promise.all([plain.closed(1), secure.closed(1)])
    expect(plain.received() + secure.received()).toBe('')
  })

  it('rejects as a request would', async () => {
    await using untrusted = await startRawServer(() => {}, { secure: true })
    const { client } = setup()
    const connect = (url: string, given = client) => failure(given.connect?.(url) ?? Promise.resolve())
    expect(await connect(`https://hooks.test:${untrusted.port}/`)).toMatchObject({ code: 'ERR_HTTP_TLS', sent: false })
    expect(await connect('http://127.0.0.1:1/')).toMatchObject({ code: 'ERR_HTTP_REFUSED', sent: false })
    const guarded = setup({ allowPrivateNetworks: false }).client
    expect(await connect('http://hooks.test:1/', guarded)).toMatchObject({ code: 'ERR_HTTP_PRIVATE_ADDRESS' })
  })
})

describe('both runtimes', () => {
  it('behaves the same on Bun', async () => {
    const bun = await promisify(execFile)('node_modules/.bin/bun', ['test/kit/http-basics.ts'])
    const onBun: unknown = JSON.parse(bun.stdout)
    expect(onBun).toEqual(await httpBasics())
    expect(onBun).toEqual({
      whole: '200 2',
      redirect: '302 0',
      'too long': '200 65536 truncated',
      dropped: 'ERR_HTTP_RESET sent',
      half: 'ERR_HTTP_RESET sent',
      'not HTTP': 'ERR_HTTP_ANSWER sent',
      silent: 'ERR_HTTP_TIMEOUT sent',
      tls: '200 2',
      'tls not trusted': 'ERR_HTTP_TLS not sent',
      'private by name': 'ERR_HTTP_PRIVATE_ADDRESS',
      'private by host': 'ERR_HTTP_PRIVATE_ADDRESS',
      'private by odd host': 'ERR_HTTP_PRIVATE_ADDRESS',
      refused: 'ERR_HTTP_REFUSED not sent',
      'never looked up': 'ERR_HTTP_TIMEOUT not sent',
      header: 'ERR_HTTP_REQUEST',
      'reset when reused': 'ERR_HTTP_RESET sent, 1',
    })
  })
})
