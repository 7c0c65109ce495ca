import type { LookupFunction, Socket } from 'node:net'
import { setImmediate as oneTurn } from 'node:timers/promises'
import { isBridgeError, type TransportError } from '../../src/core/errors.ts'
import type { Clock, HttpRequest } from '../../src/core/ports.ts'
import { createHttpClient, type HttpClientOptions } from '../../src/http/client.ts'
import { createMemoryLog } from './log.ts'
import { ok, startRawServer } from './raw-server.ts'
import { TEST_CERT } from './tls.ts'

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    const timer = setTimeout(fn, ms)
    return () => clearTimeout(timer)
  },
}
const toLoopback: LookupFunction = (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }])

/** What the HTTP client does in each situation, in words that must be the same on both runtimes. */
export async function httpBasics(): Promise<Record<string, string>> {
  const seen: Record<string, string> = {}
  const given = {
    allowPrivateNetworks: true,
    allowHttp: true,
    userAgent: 'test/1',
    secrets: () => [],
    lookup: toLoopback,
  }
  const create = (options: Partial<HttpClientOptions>) =>
    createHttpClient({ ...given, clock, log: createMemoryLog(), ...options })
  const tried = async (
    name: string,
    port: number,
    request: Partial<HttpRequest>,
    options: Partial<HttpClientOptions>,
  ) => {
    const client = create(options)
    try {
      const answer = await client.request({
        method: 'POST',
        url: `http://hooks.test:${port}/`,
        body: 'hello',
        ...request,
      })
      seen[name] = `${answer.status} ${answer.body.byteLength}${answer.truncated === true ? ' truncated' : ''}`
    } catch (error) {
      if (!isBridgeError(error)) throw error
      const { sent } = error as TransportError
      seen[name] = `${error.code}${sent === undefined ? '' : sent ? ' sent' : ' not sent'}`
    }
    await client.close()
  }
  const against = async (
    name: string,
    answer: (socket: Socket) => void,
    { secure = false, ...options }: Partial<HttpClientOptions> & { secure?: boolean } = {},
  ) => {
    await using server = await startRawServer(answer, { secure })
    const url = `http${secure ? 's' : ''}://hooks.test:${server.port}/`
    await tried(name, server.port, { url }, options)
  }

  await against('whole', (socket) => socket.write(ok()))
  await against('redirect', (socket) => socket.write('HTTP/1.1 302 Found\r\nlocation: /b\r\ncontent-length: 0\r\n\r\n'))
  await against('too long', (socket) => socket.write(`HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(70_000)}`))
  await against('dropped', (socket) => socket.destroy())
  await against('half', (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf'))
  await against('not HTTP', (socket) => socket.end('220 mail.test\r\n'))
  await against('silent', () => {}, { timeout: 150 })
  await against('tls', (socket) => socket.write(ok()), { secure: true, ca: TEST_CERT })
  await against('tls not trusted', (socket) => socket.write(ok()), { secure: true })
  await against('private by name', (socket) => socket.write(ok()), { allowPrivateNetworks: false })
  await tried('private by host', 1, { url: 'http://[::ffff:7f00:1]:1/' }, { allowPrivateNetworks: false })
  await tried('private by odd host', 1, { url: 'http://0177.1:1/' }, { allowPrivateNetworks: false })
  await tried('refused', 1, {}, {})
  await tried('never looked up', 1, {}, { lookup: () => {}, timeout: 50 })
  await tried('header', 1, { headers: { a: 'b\r\nc: d' } }, {})

  await using twice = await startRawServer((socket, _, count) => (count === 1 ? socket.write(ok()) : socket.destroy()))
  const client = create({})
  const url = `http://hooks.test:${twice.port}/`
  await client.request({ url })
  await oneTurn()
  const reset = await client.request({ url }).catch((error: TransportError) => error)
  seen['reset when reused'] =
    'sent' in reset ? `${reset.code} ${reset.sent ? 'sent' : 'not sent'}, ${twice.connections}` : ''
  await client.close()
  return seen
}

if (import.meta.main) process.stdout.write(JSON.stringify(await httpBasics()))
