/** Bevy against a real process that is killed and started again while its disk fills up; and one without file descriptors. */

import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parse } from 'csv-parse/sync'
import { afterEach, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { endBridgeProcesses, startBridgeProcess, writeConfig, type BridgeProcess } from '../kit/bridge-process.ts'
import { expectAnswers, expectInOrder, isComplete, playInRealTime, revised, type Taken } from '../kit/readings.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
const mounted: string[] = []
afterEach(() => {
  endBridgeProcesses()
  for (const folder of mounted.splice(0)) spawnSync('umount', ['-l', folder])
})

const secret = 'canary-secret-1f7a'
const receiver = { host: '127.0.0.1', port: 0, secrets: [secret] }

/** A disk of its own that can be filled; where nobody may mount one, just a folder. */
function smallDisk(folder: string): { readonly isSmall: boolean; fill(): void; free(): void } {
  mkdirSync(folder)
  const isSmall = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder]).status === 0
  if (isSmall) mounted.push(folder)
  const filler = join(folder, 'filler')
  return {
    isSmall,
    fill() {
      if (!isSmall) return
      for (const size of [1_000_000, 4096]) {
        try {
          for (;;) writeFileSync(filler, Buffer.alloc(size), { flag: 'a' })
        } catch {
          // Full, to the last page.
        }
      }
    },
    free: () => rmSync(filler, { force: true }),
  }
}

it('under R3 ends with the same state everywhere, though killed, restarted and out of disk', async () => {
  await using sink = await startFakeReceiver()
  const sentBy: number[] = []
  let lives = 0
  sink.fallback = () => {
    sentBy.push(lives)
    return { status: 200 }
  }
  const taken = (): Taken[] =>
    sink.taken.map(({ id, json }, at) => {
      const [{ type, data: [data] = [] } = { type: '' }] = json as { type: string; data: JsonObject[] }[]
      return { life: sentBy[at] ?? 0, id, key: `${type}:${String(data?.['id'])}`, data: data ?? {} }
    })
  const folder = folders()
  const disk = smallDisk(join(folder, 'data'))
  writeConfig(folder, {
    receiver,
    storage: { path: './data', minFree: '4kB' },
    destinations: {
      relay: {
        plugin: 'webhook',
        retry: { delay: '20ms', maxDelay: '100ms' },
        options: { url: `${sink.url}/in`, body: 'bevy', allowPrivateNetworks: true },
      },
    },
    routes: [{ name: 'everything', to: ['relay'] }],
  })
  let bridge: BridgeProcess | undefined
  const start = async (): Promise<BridgeProcess> => {
    lives++
    return (bridge = await startBridgeProcess('node', folder))
  }
  let now = await start()
  const changes = revised(3, { count: 60, changes: 2, within: 3_600_000, soon: 120_000, start: Date.now() })
  // Ten minutes of Bevy are 100 ms; its 48 hours half a minute.
  const speed = 6_000
  const playing = playInRealTime({
    changes,
    reading: 'R3',
    delays: 'linear',
    bulk: false,
    seed: 3,
    speed,
    secret,
    url: () => bridge?.url,
  })
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    now.signal(signal)
    await now.exited
    bridge = undefined
  }
  await wait(300)
  disk.fill()
  if (disk.isSmall) {
    const refused = await now.line(
      ({ event, answer, reason }) => event === 'request' && answer === 'closed' && reason !== 'draining',
    )
    expect(['append-failed', 'not-storable']).toContain(refused['reason'])
  }
  await end('SIGKILL')
  // It starts on the full disk too, and takes what comes as soon as there is room.
  now = await start()
  await wait(100)
  disk.free()
  await wait(300)
  await end('SIGTERM')
  now = await start()

  const { player, answers } = await playing
  expectAnswers(answers)
  // A slow machine may be away for longer than Bevy's 48 hours, half a minute here.
  expect(player.givenUp().length).toBeLessThan(30)
  while (!isComplete(taken(), player)) await sink.takes(sink.taken.length + 1)
  await end('SIGTERM')
  expectInOrder(taken(), player, 'every', 'process')
  expect([sink.problems, lives]).toEqual([[], 3])
}, 120_000)

it('without a file descriptor left it loses nothing it acknowledged, and goes on when there are some', async () => {
  await using sink = await startFakeReceiver()
  const folder = folders()
  const csv = {
    plugin: 'csv',
    batch: { wait: '1ms' },
    options: { path: '{{ record.id }}.csv', columns: { id: 'record.id' } },
  }
  const relay = {
    plugin: 'webhook',
    retry: { delay: '20ms', maxDelay: '100ms' },
    options: { url: `${sink.url}/in`, allowPrivateNetworks: true },
  }
  writeConfig(folder, {
    receiver,
    // Seldom enough that it is not paused: that takes twenty failures in a row, and a probe half a minute later.
    destinations: { relay, export: { ...csv, retry: { delay: '1500ms', maxDelay: '1500ms' } } },
    routes: [{ name: 'everything', to: ['relay', 'export'] }],
  })
  // It needs about 36 at rest.
  const bridge = await startBridgeProcess('node', folder, {}, 'ulimit -n 48')
  const kept = new Agent({ keepAlive: true, maxSockets: 1 })
  const send = (id: number, agent: Agent | false): Promise<number | undefined> =>
    new Promise((resolve) => {
      const headers = { 'x-bevy-secret': secret, 'content-type': 'application/json' }
      const outgoing = request(bridge.url, { method: 'POST', agent, headers, timeout: 5_000 }, (answer) => {
        answer.resume().on('end', () => resolve(answer.statusCode))
      })
      outgoing.on('timeout', () => outgoing.destroy()).on('error', () => resolve(undefined))
      outgoing.end(JSON.stringify([{ type: 'user', data: [{ id }] }]))
    })
  const acknowledged: number[] = []
  const post = async (id: number, agent: Agent | false): Promise<void> => {
    const answer = await send(id, agent)
    expect([200, undefined]).toContain(answer)
    if (answer === 200) acknowledged.push(id)
  }
  await post(1, kept)
  expect(acknowledged).toEqual([1])
  await sink.takes(1)

  const { hostname, port } = new URL(bridge.url)
  const idle: Socket[] = []
  for (let count = 0; count < 40; count++) {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => {})
    idle.push(socket)
    await new Promise((resolve) => socket.once('connect', resolve))
  }
  for (let id = 2; id <= 6; id++) await post(id, kept)
  await post(7, false)
  // It was short of them: a new connection was closed, or something could not be opened, and the log says so.
  const isShort = bridge.line(({ event, reason }) => event === 'attempt' && /EMFILE/.test(String(reason)))
  if (acknowledged.includes(7)) await isShort
  else isShort.catch(() => {})
  for (const socket of idle) socket.destroy()
  kept.destroy()

  for (let id = 8; !acknowledged.includes(id);) await post(id, false)
  await sink.takes(acknowledged.length)
  await bridge.line(() => acknowledged.every((id) => isExported(folder, id)))
  bridge.signal('SIGTERM')
  expect(await bridge.exited).toBe(0)
  const relayed = sink.taken.map(({ json }) => (json as { data: { id: number } }).data.id)
  expect(relayed).toEqual(expect.arrayContaining(acknowledged))
}, 120_000)

function isExported(folder: string, id: number): boolean {
  try {
    return parse(readFileSync(join(folder, `${id}.csv`)), { columns: true }).length === 1
  } catch {
    return false
  }
}
