/** Destinations that misbehave in every way, behind the real process, beside one that is well. */

import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { connectAdmin } from '../../src/admin/client.ts'
import type { BridgeQueries, DestinationStatus } from '../../src/core/dispatch/reports.ts'
import { endBridgeProcesses, post, RUNTIMES, startBridgeProcess, writeConfig } from '../kit/bridge-process.ts'
import { peakMemory } from '../kit/process-memory.ts'
import { startRawServer } from '../kit/raw-server.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const secret = 'canary-secret-1f7a'
const RECORDS = 3
const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const OK = 'HTTP/1.1 200 OK\r\nX-Canary: canary-header\r\n'

/** Says `text` again and again, as fast as it is read, until the other side goes away. */
function flow(socket: Socket, text: string): void {
  const more = (): void => void (socket.writable && socket.write(text, 'latin1', more))
  more()
}

function drip(socket: Socket, text: string): void {
  const timer = setInterval(() => socket.write(text), 50)
  socket.once('close', () => clearInterval(timer))
}

/** `held`: the account waits as long as was asked for, whether all jobs were tried or not. */
type Fate = 'sent' | 'unknown' | 'retry' | 'held' | 'paused'

/** Of those that only a deadline ends. */
const DEADLINES: Readonly<Record<string, string>> = {
  silent: '5s',
  'drips-a-head': '1s',
  'drips-a-body': '1s',
  'flood-of-100': '1s',
  'flood-of-103': '1s',
  'switches-protocols': '1s',
}

/** How each answers a request, and what becomes of its jobs. */
const MISBEHAVIOURS: Readonly<Record<string, readonly [fate: Fate, answer: (socket: Socket) => void]>> = {
  silent: ['unknown', () => {}],
  'drips-a-head': ['unknown', (socket) => (socket.write('HTTP/1.1 200 OK\r\nX: '), drip(socket, 'canary'))],
  'drips-a-body': ['unknown', (socket) => (socket.write(`${OK}\r\n`), drip(socket, 'canary'))],
  'endless-body': ['sent', (socket) => (socket.write(`${OK}\r\n`), flow(socket, 'canary'.repeat(5_000)))],
  'endless-chunks': [
    'sent',
    (socket) => {
      socket.write(`${OK}Transfer-Encoding: chunked\r\n\r\n`)
      flow(socket, `1000\r\n${'canary..'.repeat(512)}\r\n`)
    },
  ],
  'endless-head': [
    'unknown',
    (socket) => (socket.write('HTTP/1.1 200 OK\r\n'), flow(socket, 'X: canary\r\n'.repeat(100))),
  ],
  'huge-header': ['unknown', (socket) => socket.end(`${OK}A: ${'canary'.repeat(50_000)}\r\nContent-Length: 0\r\n\r\n`)],
  garbage: ['unknown', (socket) => socket.end(Buffer.concat([Buffer.from('canary-garbage'), randomBytes(5_000)]))],
  'other-protocol': ['unknown', (socket) => socket.end('220 canary.example.com ESMTP\r\n')],
  'status-without-end': ['unknown', (socket) => socket.end('HTTP/1.1 200')],
  'length-too-long': ['unknown', (socket) => socket.end(`${OK}Content-Length: 100\r\n\r\ncanary`)],
  'length-no-number': ['unknown', (socket) => socket.end(`${OK}Content-Length: canary\r\n\r\nok`)],
  'two-lengths': ['unknown', (socket) => socket.end(`${OK}Content-Length: 2\r\nContent-Length: 9\r\n\r\nok`)],
  'ends-in-a-chunk': ['unknown', (socket) => socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\n100\r\ncanary`)],
  'broken-chunks': ['unknown', (socket) => socket.end(`${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\ncanary`)],
  resets: ['unknown', (socket) => void socket.resetAndDestroy()],
  'resets-inside': [
    'unknown',
    (socket) => socket.write(`${OK}Content-Length: 9\r\n\r\nok`, () => socket.resetAndDestroy()),
  ],
  'flood-of-100': ['unknown', (socket) => flow(socket, 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(100))],
  'flood-of-103': [
    'unknown',
    (socket) => flow(socket, 'HTTP/1.1 103 Early Hints\r\nLink: <canary>\r\n\r\n'.repeat(100)),
  ],
  'switches-protocols': [
    'unknown',
    (socket) => socket.write('HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: canary\r\n\r\n'),
  ],
  'status-999': [
    'retry',
    (socket) =>
      socket.end('HTTP/1.1 999 canary\r\nRetry-After: canary\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
  ],
  'waits-for-ever': [
    'held',
    (socket) =>
      socket.end(`HTTP/1.1 503 X\r\nRetry-After: ${'9'.repeat(12)}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`),
  ],
  redirect: [
    'paused',
    (socket) =>
      socket.end(
        'HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:TARGET/canary\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      ),
  ],
  'redirect-to-metadata': [
    'paused',
    (socket) =>
      socket.end(
        'HTTP/1.1 302 X\r\nLocation: http://169.254.169.254/\r\nConnection: close\r\nContent-Length: 0\r\n\r\n',
      ),
  ],
}

describe.each(RUNTIMES)('hostile destinations on %s', (runtime) => {
  it('end their jobs as designed, delay no other, and print nothing', async () => {
    await using good = await startFakeReceiver()
    await using target = await startRawServer((socket) => socket.end(`${OK}\r\n`))
    await using stack = new AsyncDisposableStack()
    const destinations: Record<string, unknown> = {}
    const destination = (url: string, timeout = '30s') => ({
      plugin: 'webhook',
      options: { url, headers: { Authorization: 'Bearer canary-bearer' }, allowPrivateNetworks: true },
      timeout,
      retry: { for: '7d', delay: '1d', maxDelay: '1d' },
    })
    for (const [name, [, answer]] of Object.entries(MISBEHAVIOURS)) {
      const server = stack.use(
        await startRawServer((socket, _, count) => count === 1 && answer(redirected(socket, target.port))),
      )
      destinations[name] = destination(
        `http://127.0.0.1:${server.port}/canary-path?token=canary-token`,
        DEADLINES[name],
      )
    }
    destinations['no-tls'] = destination(`https://127.0.0.1:${target.port}/`)
    destinations['nobody'] = destination('http://127.0.0.1:1/')
    destinations['good'] = { plugin: 'webhook', options: { url: `${good.url}/in`, allowPrivateNetworks: true } }
    const folder = folders()
    writeConfig(folder, {
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
      destinations,
      routes: [{ name: 'all', to: Object.keys(destinations) }],
    })
    const bridge = await startBridgeProcess(runtime, folder, { BEVY_BRIDGE_LOG_LEVEL: 'debug' })
    for (let id = 1; id <= RECORDS; id++) {
      const body = `[{"type":"user","data":[{"id":${id},"email":"canary@example.com"}]}]`
      expect(await post(bridge.url, body, { 'x-bevy-secret': secret })).toBe(200)
    }
    await good.takes(RECORDS)
    const early = bridge.lines.filter(({ event, destination: name }) => event === 'attempt' && name === 'silent')

    const fates: Readonly<Record<string, Fate>> = {
      ...Object.fromEntries(Object.entries(MISBEHAVIOURS).map(([name, [fate]]) => [name, fate])),
      'no-tls': 'retry',
      nobody: 'retry',
      good: 'sent',
    }
    const admin = (await connectAdmin({ host: '127.0.0.1', port: 0 }, join(folder, 'data'))) as BridgeQueries
    let found: DestinationStatus[] = []
    const wrong = (): string[] =>
      found.filter((one) => !isAsDesigned(one, fates[one.name])).map((one) => `${one.name}: ${JSON.stringify(one)}`)
    const until = performance.now() + 25_000
    while (found.length === 0 || (wrong().length > 0 && performance.now() < until)) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      found = [...(await admin.status()).destinations]
    }
    expect(wrong()).toEqual([])
    // The good one had all three before the silent one's first deadline.
    expect(early).toEqual([])
    expect(target.received()).not.toContain('HTTP/1.1')
    expect(peakMemory(bridge.pid)).toBeLessThan(500)
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    expect(
      bridge
        .output()
        .split('\n')
        .filter((line) => /canary|unhandled|uncaught/.test(line)),
    ).toEqual([])
  }, 120_000)
})

/** A socket that puts the port of `target` where the answer names it. */
function redirected(socket: Socket, port: number): Socket {
  const { end } = socket
  socket.end = ((text: string | Buffer) =>
    end.call(socket, typeof text === 'string' ? text.replace('TARGET', String(port)) : text)) as Socket['end']
  return socket
}

function isAsDesigned({ state, sent, retrying, unknown, dead }: DestinationStatus, fate: Fate | undefined): boolean {
  if (fate === 'paused') return state === 'paused' && sent + retrying + dead === 0
  if (state !== 'running' || dead > 0) return false
  switch (fate) {
    case 'sent':
      return sent === RECORDS
    case 'unknown':
      return sent === 0 && retrying === RECORDS && unknown === RECORDS
    case 'retry':
      return sent === 0 && retrying === RECORDS && unknown === 0
    default:
      return sent === 0 && retrying > 0 && unknown === 0
  }
}
