/** The shipped nginx and Caddy examples with the real programs: delivered means exactly 200, everything else a connection closed without a byte. */

import { mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import tls from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  endBridgeProcesses,
  startBridgeProcess,
  writeConfig,
  type BridgeProcess,
  type LogLine,
  type Runtime,
} from '../kit/bridge-process.ts'
import {
  endProxyProcesses,
  findProxy,
  PROXIES,
  PROXY_HOST,
  startProxyProcess,
  type ProxyProcess,
  type Replacement,
} from '../kit/proxy-process.ts'
import { dial, exchange, head } from '../kit/raw-client.ts'

const secret = 'proxied-secret-5c2e'
const body = JSON.stringify([{ type: 'user', data: [{ id: 1 }] }])
/** Over the bridge's limit, and over the 1 MB that nginx has by default. */
const large = 'x'.repeat(2_000_000)
/** Linux has the whole of 127/8: another address than the proxy's own, to be told from it. */
const client = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'

type Headers = Readonly<Record<string, string | number | undefined>>
const request = (headers: Headers = {}, line = 'POST /bevy'): string =>
  head(line, {
    Host: PROXY_HOST,
    'X-BEVY-SECRET': secret,
    'Content-Type': 'application/json',
    Connection: 'close',
    ...headers,
  })
const delivery = (headers?: Headers, line?: string): string =>
  request({ 'Content-Length': body.length, ...headers }, line) + body
const chunked = (text: string): string =>
  `${request({ 'Transfer-Encoding': 'chunked' })}${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`

/** The status of an answer that is the bridge's: exactly one head, exactly its body. */
const delivered = /^HTTP\/1\.1 200 OK\r\n(?:[\w-]+: [^\r\n]*\r\n)+\r\n\{"id":"[\w-]+"\}$/

const folders: string[] = []
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'bevy-bridge-proxy-'))
  folders.push(made)
  return made
}
afterAll(() => {
  endProxyProcesses()
  endBridgeProcesses()
  for (const made of folders) rmSync(made, { recursive: true, force: true })
})

/** Starts a bridge; on the port of an earlier one where it is given. */
function startBridge(where: string, { runtime = 'node' as Runtime, port = 0 } = {}): Promise<BridgeProcess> {
  writeConfig(where, {
    receiver: {
      host: '127.0.0.1',
      port,
      secrets: [secret],
      maxBody: '1MB',
      maxInFlight: '8MB',
      trustedProxies: ['127.0.0.1'],
    },
    destinations: { export: { plugin: 'csv', options: { path: 'exports/{{ type }}.csv' } } },
    routes: [{ name: 'everything', to: ['export'] }],
  })
  return startBridgeProcess(runtime, where)
}
const portOf = (bridge: BridgeProcess): number => Number(new URL(bridge.url).port)
const stored = (bridge: BridgeProcess): LogLine[] => bridge.lines.filter(({ reason }) => reason === 'stored')
const seqs = (bridge: BridgeProcess): number[] =>
  bridge.lines.flatMap(({ seq }) => (typeof seq === 'number' ? [seq] : []))

const cases = PROXIES.map((name) => {
  const missing = findProxy(name) === undefined
  return { name, missing, note: missing ? `(skipped: ${name} is not installed)` : '' }
})

describe.each(cases)('behind $name $note', ({ name, missing }) => {
  describe.skipIf(missing)('as shipped', () => {
    let where: string
    let bridge: BridgeProcess
    let proxy: ProxyProcess
    beforeAll(async () => {
      where = folder()
      bridge = await startBridge(where)
      proxy = await startProxyProcess(name, folder(), portOf(bridge))
    })
    afterEach(() => bridge.signal('SIGCONT'))
    const send = (bytes: string): Promise<string> => exchange(proxy.port, bytes, true)

    it('delivers: exactly 200 once it is stored, with the header, the body and the address as they came', async () => {
      expect(await send(delivery())).toMatch(delivered)
      expect(await send(delivery({}, 'POST /bevy/'))).toMatch(delivered)
      expect(await send(chunked(body))).toMatch(delivered)
      const told = new Promise<string>((resolve) => {
        const socket = tls.connect({
          socket: net.connect({ port: proxy.port, host: '127.0.0.1', localAddress: client }),
          rejectUnauthorized: false,
        })
        let got = ''
        socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1'))).on('close', () => resolve(got))
        socket.write(delivery({ 'X-Forwarded-For': '203.0.113.9' }))
      })
      expect(await told).toMatch(delivered)
      await bridge.line(() => stored(bridge).length >= 4)
      expect(stored(bridge)).toMatchObject([1, 2, 3, 4].map((seq) => ({ seq, bytes: body.length })))
      expect(stored(bridge)[3]).toMatchObject({ address: client })
    })

    it('passes a refusal on as a closed connection', async () => {
      const answers = {
        'wrong secret': await send(delivery({ 'X-BEVY-SECRET': 'wrong' })),
        'no secret': await send(delivery({ 'X-BEVY-SECRET': undefined })),
        'wrong path': await send(delivery({}, 'POST /hooks')),
        'over the limit': await send(request({ 'Content-Length': large.length }) + large),
        'over the limit, of unknown length': await send(chunked(large)),
        'not a POST': await send(request({}, 'GET /bevy')),
        'a path of the proxy': await send(delivery({ 'X-BEVY-SECRET': 'wrong' }, 'POST /dropped')),
      }
      expect(answers).toEqual(Object.fromEntries(Object.keys(answers).map((key) => [key, ''])))
      for (const expected of ['wrong-secret', 'no-secret', 'wrong-path', 'too-large']) {
        await bridge.line(({ reason }) => reason === expected)
      }
    })

    it('closes a kept connection when a later request on it is refused', async () => {
      const kept = await dial(proxy.port, { secure: true })
      kept.write(delivery({ Connection: undefined }))
      const first = await kept.reads(/\r\n\r\n\{.*\}$/)
      expect(first).toMatch(delivered)
      kept.write(delivery({ Connection: undefined, 'X-BEVY-SECRET': 'wrong' }))
      expect(await kept.end()).toBe(first)
    })

    it('neither redirects nor answers on the plain port, for other names, or what goes past the routes', async () => {
      const plain = (bytes: string): Promise<string> => exchange(proxy.plainPort, bytes)
      expect(await plain(delivery())).toBe('')
      expect(await plain(delivery({ Host: 'other.test' }))).toBe('')
      expect(await plain(request({ 'Content-Length': large.length }) + large)).toBe('')
      const other = await send(delivery({ Host: 'other.test' }))
      // nginx's only site on the port takes every name: then the bridge has it.
      expect(other).toMatch(name === 'nginx' ? delivered : /^$/)
      for (const line of ['PRI *', 'CONNECT other.test:443', 'TRACE /bevy', 'POST /../../bevy']) {
        expect([line, await send(request({ 'X-BEVY-SECRET': 'wrong' }, line))]).toEqual([line, ''])
      }
    })

    it('gives the bridge’s answer, or none, to a sender that ends its side early', async () => {
      const early = async (bytes: string): Promise<string> => {
        const sender = await dial(proxy.port, { secure: true, halfOpen: true })
        sender.write(bytes)
        sender.socket.end()
        return sender.end()
      }
      // nginx takes it as gone; the bridge may have stored it by then, and the sender tries again.
      expect(await early(delivery())).toMatch(name === 'caddy' ? delivered : /^$/)
      expect(await early(delivery({ 'X-BEVY-SECRET': 'wrong' }))).toBe('')
      expect(await early(delivery({ 'Content-Length': body.length + 10 }))).toBe('')
    })

    it.runIf(name === 'nginx')('drops what nginx itself cannot read', async () => {
      const broken = [
        'GARBAGE\r\n\r\n',
        delivery().replace('HTTP/1.1', 'HTTP/9.9'),
        delivery({ 'Content-Length': 'abc' }),
        delivery({ 'Transfer-Encoding': 'nonsense' }),
        delivery({ Host: undefined }),
        delivery({ Host: 'a b' }),
        delivery({}, 'POST /%zz'),
        delivery({ 'X-Long': 'y'.repeat(100_000) }),
        delivery({}, `POST /${'a'.repeat(100_000)}`),
        request({ 'Transfer-Encoding': 'chunked' }) + '2\r\nab\r\nzz\r\n',
      ]
      for (const bytes of broken) expect([bytes.slice(0, 40), await send(bytes)]).toEqual([bytes.slice(0, 40), ''])
      expect(await exchange(proxy.port, delivery())).toBe('')
      expect(await exchange(proxy.plainPort, 'GARBAGE\r\n\r\n')).toBe('')
    })

    it.runIf(name === 'caddy')('lets Go refuse what it cannot read, as the example says', async () => {
      const status = async (bytes: string): Promise<string> => (await send(bytes)).slice(9, 12)
      expect(await status('GARBAGE\r\n\r\n')).toBe('400')
      expect(await status(delivery().replace('HTTP/1.1', 'HTTP/9.9'))).toBe('505')
      expect(await status(delivery({ Host: undefined }))).toBe('400')
      expect(await status(delivery({ Expect: 'nonsense' }))).toBe('417')
      expect(await status(delivery({ 'Transfer-Encoding': 'nonsense' }))).toBe('501')
      expect(await status(delivery({ 'X-Long': 'y'.repeat(2_000_000) }))).toBe('431')
      expect((await exchange(proxy.port, delivery())).slice(9, 12)).toBe('400')
      expect(await send(request({ 'Transfer-Encoding': 'chunked' }) + '2\r\nab\r\nzz\r\n')).toBe('')
    })

    it('gives up a bridge that does not answer in time, and a body that does not come, without a byte', async () => {
      bridge.signal('SIGSTOP')
      const waiting = [
        delivery(),
        request({ 'Content-Length': large.length }) + large,
        chunked(body),
        request({ 'Content-Length': body.length }) + body.slice(0, 5),
      ]
      expect(await Promise.all(waiting.map(send))).toEqual(['', '', '', ''])
      bridge.signal('SIGCONT')
      expect(await send(delivery())).toMatch(delivered)
    })

    it('stays silent while the bridge stops, is down and starts, and delivers again', async () => {
      const port = portOf(bridge)
      const cut = await dial(proxy.port, { secure: true })
      cut.write(request({ 'Content-Length': body.length }) + body.slice(0, 5))
      bridge.signal('SIGTERM')
      expect(await bridge.exited).toBe(0)
      const last = Math.max(...seqs(bridge))
      cut.write(body.slice(5))
      expect(await cut.end()).toBe('')
      expect(await send(delivery())).toBe('')
      expect(await send(request({ 'Content-Length': large.length }) + large)).toBe('')
      expect(await send(request({}, 'GET /healthz'))).toBe('')

      bridge = await startBridge(where, { port })
      expect(await send(delivery())).toMatch(delivered)
      expect(await bridge.line(({ reason }) => reason === 'stored')).toMatchObject({ seq: last + 1 })
      const killed = await dial(proxy.port, { secure: true })
      bridge.signal('SIGSTOP')
      killed.write(delivery())
      bridge.signal('SIGKILL')
      expect(await bridge.exited).toBe('SIGKILL')
      expect(await killed.end()).toBe('')
    })
  })

  describe.skipIf(missing)('with other limits and runtimes', () => {
    const limits: Record<typeof name, Replacement> = {
      nginx: ['client_max_body_size 0;\n    # Bodies', 'client_max_body_size 1k;\n    # Bodies'],
      caddy: ['\thandle_errors {', '\trequest_body {\n\t\tmax_size 1KB\n\t}\n\n\thandle_errors {'],
    }

    it('drops the proxy’s own 413, and a Bun bridge is passed on alike', async () => {
      const bun = await startBridge(folder(), { runtime: 'bun' })
      const proxy = await startProxyProcess(name, folder(), portOf(bun))
      const send = (bytes: string): Promise<string> => exchange(proxy.port, bytes, true)
      expect(await send(delivery())).toMatch(delivered)
      expect(await send(chunked(body))).toMatch(delivered)
      expect(await send(delivery({ 'X-BEVY-SECRET': 'wrong' }))).toBe('')
      expect(await send(request({ 'Content-Length': large.length }) + large)).toBe('')
      expect(await send(chunked(large))).toBe('')
      await proxy.stop()

      const small = await startProxyProcess(name, folder(), portOf(bun), [limits[name]])
      const padded = (size: number): string =>
        `${request({ 'Content-Length': size })}${body}${' '.repeat(size - body.length)}`
      expect(await exchange(small.port, padded(500), true)).toMatch(delivered)
      expect(await exchange(small.port, padded(5000), true)).toBe('')
      expect(await exchange(small.port, chunked(body + ' '.repeat(5000)), true)).toBe('')
      await small.stop()
      bun.signal('SIGTERM')
      expect(await bun.exited).toBe(0)
      expect(stored(bun).map(({ seq }) => seq)).toEqual([1, 2, 3])
    })
  })
})
