/** A backup of the real process while it works, the process killed, and the backup restored. */

import { cpSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { endBridgeProcesses, post, RUNTIMES, runVerb, startBridgeProcess, writeConfig } from '../kit/bridge-process.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

it.each(RUNTIMES)(
  'on %s: receiving goes on, all from before is in it, and after the restore no id means something else',
  async (runtime) => {
    await using relay = await startFakeReceiver({ refusesDuplicates: true })
    const folder = folders()
    writeConfig(folder, {
      receiver: { host: '127.0.0.1', port: 0 },
      destinations: {
        relay: { plugin: 'webhook', options: { url: relay.url, allowPrivateNetworks: true } },
        rows: { plugin: 'csv', batch: { wait: '1ms' }, options: { path: 'out/all.csv', columns: { id: 'record.id' } } },
      },
      routes: [{ name: 'all', to: ['relay', 'rows'] }],
    })
    const rows = (file = 'all.csv'): number[] =>
      parse<{ id: string }>(readFileSync(join(folder, 'out', file)), { columns: ['id'], from: 1 }).flatMap(({ id }) =>
        id === 'id' ? [] : [Number(id)],
      )
    let bridge = await startBridgeProcess(runtime, folder)
    // The one it made itself: Bevy has it, and nothing but the data folder knows it.
    const secret = readFileSync(join(folder, 'data/secret'), 'utf8').trim()
    let next = 0
    const send = async (): Promise<number> => {
      const id = ++next
      const body = JSON.stringify([{ type: 'user', data: [{ id, note: 'x'.repeat(50_000) }] }])
      expect(await post(bridge.url, body, { 'x-bevy-secret': secret })).toBe(200)
      return id
    }
    for (let n = 0; n < 120; n++) await send()

    let done = false
    const backup = runVerb(runtime, folder, ['backup', 'safe', '--json']).finally(() => (done = true))
    const before = next
    while (!done) await send()
    const { code, stdout, stderr } = await backup
    expect([code, stderr]).toEqual([0, ''])
    const report = JSON.parse(stdout) as { folder: string; bytes: number; live: boolean }
    expect(report.live).toBe(true)
    expect(report.bytes).toBeGreaterThan(120 * 50_000)
    expect(readdirSync(report.folder).toSorted()).toEqual(['bevy-bridge.db', 'secret'])
    expect(next - before).toBeGreaterThan(3)
    // What comes from now on is lost with the disk.
    for (let n = 0; n < 5; n++) await send()
    await relay.takes(next)
    bridge.signal('SIGKILL')
    await bridge.exited
    const sentBefore = new Map(relay.taken.map(({ id, text }) => [id, text]))

    renameSync(join(folder, 'data'), join(folder, 'lost'))
    cpSync(report.folder, join(folder, 'data'), { recursive: true })
    bridge = await startBridgeProcess(runtime, folder)
    const told = await bridge.line(({ event }) => event === 'restored from a backup')
    const tail = Number(told['tail'])
    expect(tail).toBeGreaterThanOrEqual(before)
    expect(tail).toBeLessThan(next)
    expect(told['next']).toMatch(/^bevy-bridge reconcile --since 20\S+Z --dry-run$/)

    // The journal gives out the same numbers again. The receiver here refuses an id it knows: all of these must be new to it.
    const first = next + 1
    for (let n = 0; n < 10; n++) await send()
    await relay.takes(sentBefore.size + 10)
    const fresh = relay.taken.slice(sentBefore.size)
    expect(
      fresh.map(({ text }) => (JSON.parse(text) as { data: { id: number } }).data.id).sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 10 }, (_, at) => first + at))
    expect(relay.problems.filter((problem) => !problem.includes('duplicate'))).toEqual([])

    // CSV: what the backup knows stands there once; rows it does not know were moved aside, not lost.
    const want = [
      ...Array.from({ length: tail }, (_, at) => at + 1),
      ...Array.from({ length: 10 }, (_, at) => first + at),
    ]
    await expect.poll(() => rows().toSorted((a, b) => a - b), { timeout: 10_000 }).toEqual(want)
    const aside = readdirSync(join(folder, 'out')).filter((name) => name.includes('.cut-'))
    expect(aside.flatMap((name) => rows(name))).toEqual(expect.arrayContaining([tail + 1]))
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    expect(bridge.output()).not.toMatch(/ERR_|"level":"error"/)

    // At rest, and only once restored.
    const again = await runVerb(runtime, folder, ['backup'])
    expect([again.code, again.stdout]).toEqual([
      0,
      expect.stringContaining(join(folder, 'data', 'backups', 'bevy-bridge-')),
    ])
    bridge = await startBridgeProcess(runtime, folder)
    expect(bridge.lines.some(({ event }) => event === 'restored from a backup')).toBe(false)
  },
  60_000,
)
