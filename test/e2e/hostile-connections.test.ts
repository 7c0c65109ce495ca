/** Connections nobody honest would open, to the real process, while honest deliveries come in. */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { endBridgeProcesses, RUNTIMES, startBridgeProcess, writeConfig } from '../kit/bridge-process.ts'
import { hostileRequests } from '../kit/hostile-requests.ts'
import { peakMemory } from '../kit/process-memory.ts'
import { dial, head, type RawClient } from '../kit/raw-client.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const SECRET = 'canary-secret-1f7a'
const HEADER = 'X-BEVY-SECRET'
const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const post = (body: string, headers: Record<string, string | number> = {}): string =>
  head('POST /bevy', { [HEADER]: SECRET, 'Content-Length': body.length, ...headers }) + body
const record = (id: number): string => `[{"type":"honest","data":[{"id":${id}}]}]`

/** Runs `fn` for the numbers below `count`, so many at once. */
async function inLanes(count: number, lanes: number, fn: (n: number) => Promise<unknown>): Promise<void> {
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < count) await fn(next++)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

describe.each(RUNTIMES)('hostile connections on %s', (runtime) => {
  it('get nothing, cost little, and keep no honest delivery out', async () => {
    await using relay = await startFakeReceiver()
    const folder = folders()
    writeConfig(folder, {
      receiver: { host: '127.0.0.1', port: 0, secrets: [SECRET], maxBody: '1MB' },
      destinations: { relay: { plugin: 'webhook', options: { url: `${relay.url}/in`, allowPrivateNetworks: true } } },
      routes: [{ name: 'all', when: { type: ['honest', 'smuggled'] }, to: ['relay'] }],
    })
    const bridge = await startBridgeProcess(runtime, folder)
    const port = Number(new URL(bridge.url).port)
    let attacked = true
    const held: RawClient[] = []
    const letGo = (): void => held.splice(0).forEach(({ socket }) => socket.destroy())
    onTestFinished(() => {
      attacked = false
      letGo()
    })
    /** Says something on a new connection, ends our half and gives what came back. */
    const say = async (bytes: string | Uint8Array): Promise<string> => {
      const client = await dial(port, { halfOpen: true })
      client.socket.end(bytes)
      return client.end()
    }

    const honest: (string | undefined)[] = []
    let answered = 0
    const waiting = new Set<() => void>()
    const deliver = async (): Promise<void> => {
      while (attacked) {
        const id = honest.push(undefined)
        honest[id - 1] = await say(post(record(id), { Connection: 'close' })).catch(String)
        answered += 1
        for (const look of waiting) look()
      }
    }
    /** Resolves when so many more honest deliveries have been answered. */
    const served = (more: number): Promise<void> =>
      new Promise((resolve) => {
        const until = answered + more
        const look = (): void => void (answered >= until && waiting.delete(look) && resolve())
        waiting.add(look)
      })
    const delivering = deliver()

    const { refused, odd } = hostileRequests(`${HEADER}: ${SECRET}`)
    const answers: Record<string, string> = {}
    const shapes = Object.entries({ ...refused, ...odd })
    await inLanes(shapes.length, 8, async (n) => {
      const [name, bytes] = shapes[n] as [string, string]
      answers[name] = await say(latin1(bytes))
    })
    for (const name of Object.keys(refused)) expect([name, answers[name]]).toEqual([name, ''])
    for (const name of Object.keys(odd)) {
      const statuses = [...(answers[name] as string).matchAll(/^HTTP\/1\.1 (\d+)/gm)].map((match) => match[1])
      expect([name, statuses.filter((status) => status !== '100')]).toEqual([name, answers[name] === '' ? [] : ['200']])
    }

    // Held open: silent ones, half heads, half bodies with the right secret, half heads that trickle.
    await inLanes(2_000, 50, async () => void held.push(await dial(port)))
    await inLanes(300, 50, async (n) => {
      const client = await dial(port, { halfOpen: true })
      if (n % 3 === 0) client.write(post('x'.repeat(1_000)).slice(0, -999))
      else client.write(`POST /bevy HTTP/1.1\r\n${HEADER}: ${SECRET}\r\nX: `)
      if (n % 3 === 1) client.socket.end()
      held.push(client)
    })
    const trickle = setInterval(
      () => held.slice(-300).forEach(({ socket }) => socket.writable && socket.write('x')),
      100,
    )
    await served(20)
    clearInterval(trickle)
    expect(
      held
        .slice(-300)
        .map(({ got }) => got)
        .join(''),
    ).toBe('')
    letGo()

    // Floods.
    const hello = latin1('\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03')
    await inLanes(200, 40, async (n) => {
      expect(await say(n % 2 === 0 ? randomBytes(2_000) : Buffer.concat([hello, randomBytes(500)]))).toBe('')
    })
    await inLanes(200, 40, async (n) => {
      const client = await dial(port)
      client.write(n % 2 === 0 ? post('x'.repeat(900_000)).slice(0, 300_000) : `${post('').slice(0, -2)}A: b\r\n`)
      if (n % 4 < 2) client.socket.resetAndDestroy()
      else client.socket.destroy()
    })
    await inLanes(1_500, 40, async (n) => {
      const headers = { [HEADER]: `canary-wrong-${n}`, ...(n % 2 === 0 ? {} : { Connection: 'close' }) }
      expect(await say(post('[]', headers))).toBe('')
    })
    const pipeline = await dial(port)
    pipeline.write(Array.from({ length: 500 }, (_, n) => post(record(1_000_000 + n))).join(''))
    while ((pipeline.got.match(/\{"id":"[^"]+"\}/g)?.length ?? 0) < 500) await once(pipeline.socket, 'data')
    pipeline.write(`${post(record(2_000_000))}${post('[]', { [HEADER]: 'wrong' })}`)
    expect((await pipeline.end()).match(/^HTTP\/1\.1 \d+/gm)?.filter((line) => !line.endsWith('200'))).toEqual([])
    await served(3)
    attacked = false
    await delivering
    const peak = peakMemory(bridge.pid)

    const unserved = honest.filter((answer) => !answer?.startsWith('HTTP/1.1 200 OK\r\n'))
    expect(unserved).toEqual([])
    await relay.takes(honest.length + 500)
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    const types = new Set(relay.taken.map(({ json }) => JSON.stringify(json).includes('smuggled')))
    expect([...types]).toEqual([false])
    const lines = bridge.lines.filter(({ event, reason }) => event === 'request' && STRANGERS.has(String(reason)))
    const alerts = bridge.lines.filter(({ event }) => event.startsWith('alert: '))
    // The floods had some 2,000 chances: a burst of 20, then one in ten seconds.
    expect(lines.length).toBeLessThan(60)
    expect(alerts.length).toBeLessThan(10)
    expect(bridge.output()).not.toMatch(/canary-|unhandled|uncaught/)
    expect(peak).toBeLessThan(600)
  }, 120_000)
})

const STRANGERS = new Set(['no-secret', 'wrong-secret', 'wrong-path', 'malformed', 'head-too-large', 'slow-head']).add(
  'too-many-connections',
)
