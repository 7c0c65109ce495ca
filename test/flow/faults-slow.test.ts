/** A disk that takes its time: nothing but the answers of deliveries waits for it. */

import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { createLoad } from '../../src/app/load.ts'
import { run } from '../../src/app/run.ts'
import { post, writeConfig } from '../kit/bridge-process.ts'
import { createMemoryLog } from '../kit/log.ts'
import { createFaults } from '../kit/storage-faults.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { closeWholeBridges, createFastClock, openWhole, SECRET } from '../kit/faulty-bridge.ts'

const folders = useTemporaryFolders()
afterEach(closeWholeBridges)

const secret = { 'x-bevy-secret': SECRET }
const user = (id: number): string => JSON.stringify([{ type: 'user', data: [{ id }] }])

it('a sync of 10 ms, 100 ms and 5 s leaves the event loop free: /healthz answers all the while', async () => {
  const whole = await openWhole(folders(), {
    destinations: { export: { plugin: 'csv', options: { path: 'all.csv', columns: { id: 'record.id' } } } },
    routes: [{ name: 'all', to: ['export'] }],
  })
  const health = new URL('/healthz', whole.url)
  const report: string[] = []
  for (const [ms, posts] of [
    [10, 40],
    [100, 4],
    [5_000, 1],
  ] as const) {
    whole.faults.slow(ms)
    const began = performance.now()
    let last = 0
    const stored = (async () => {
      // One after the other: each waits for a sync of its own.
      for (let id = 0; id < posts; id++) {
        const before = whole.faults.commits()
        const answer = post(whole.url, user(id * 10_000 + ms), secret)
        // Of the longest one is enough: the syncs of index and books behind it would be as slow.
        if (posts === 1) {
          while (whole.faults.commits() === before) await wait(1)
          whole.faults.slow(0)
        }
        expect(await answer).toBe(200)
      }
      last = performance.now()
    })()
    const times: number[] = []
    while (last === 0) {
      const asked = performance.now()
      const answer = await fetch(health)
      await answer.arrayBuffer()
      expect(answer.status).toBe(200)
      times.push(performance.now() - asked)
      await wait(1)
    }
    await stored
    times.sort((a, b) => a - b)
    const at = (share: number) => (times[Math.floor((times.length - 1) * share)] ?? 0).toFixed(1)
    report.push(`sync ${ms} ms: /healthz ${times.length} times, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`)
    // The deliveries did wait for the disk; a blocked event loop would have answered once per sync.
    expect(last - began).toBeGreaterThan(ms * posts)
    expect(times.length).toBeGreaterThan(ms === 5_000 ? 50 : posts)
    whole.faults.slow(0)
  }
  process.stdout.write(`${report.join('\n')}\n`)
})

it('a stop does not wait for it longer than Docker does', async () => {
  const folder = folders()
  const file = writeConfig(folder, {
    receiver: { host: '127.0.0.1', port: 0, secrets: [SECRET] },
    destinations: {},
    routes: [],
  })
  const faults = createFaults()
  const log = createMemoryLog()
  // Of the eight seconds of the drain are left 80 ms; the sync takes a second and a half.
  const clock = createFastClock(100)
  const listeners = new Map<string, () => void>()
  const exited = Promise.withResolvers<number>()
  let ended = false
  const running = run({
    clock,
    log,
    version: '0.0.0',
    signals: { on: (signal, fn) => void listeners.set(signal, fn) },
    stdout: { write() {} },
    stderr: { write() {} },
    load: () => createLoad({ cwd: folder, env: {} })([file]),
    secretValues() {},
    exit: exited.resolve,
    internals: { faults: { module: faults.module, data: faults.data } },
  }).finally(() => (ended = true))
  const started = async (): Promise<string> => {
    for (;;) {
      const line = log.lines.find(({ event }) => event === 'started')
      if (line !== undefined) return String(line.facts['url'])
      await wait(5)
    }
  }
  const url = await started()
  faults.slow(1_500)
  const answer = post(url, user(1), secret)
  const before = faults.commits()
  while (faults.commits() === before) await wait(1)
  listeners.get('SIGTERM')?.()
  expect(await exited.promise).toBe(1)
  expect(ended).toBe(false)
  expect(log.lines.at(-1)).toMatchObject({ level: 'error', event: 'did not stop in time' })
  faults.slow(0)
  await Promise.all([answer, running])
})
