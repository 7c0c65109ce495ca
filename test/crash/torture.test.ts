/** Kills at random moments under load: `bevy-bridge torture` itself, in a hurry. */

import { readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { createLoad } from '../../src/app/load.ts'
import { startTorture } from '../../src/app/torture.ts'
import { systemClock } from '../../src/clock.ts'
import type { TortureReport } from '../../src/core/torture/report.ts'
import { endBridgeProcesses, runtimePath, runVerb } from '../kit/bridge-process.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { makeProgram } from './bundle.ts'

const makeFolder = useTemporaryFolders()
afterEach(endBridgeProcesses)

const url = 'https://hooks.example.com/in'
const config = {
  storage: { path: './data' },
  plugins: { guestbook: resolve(import.meta.dirname, '../../config/examples/custom-plugin.ts') },
  filters: { public: { event: { status: 'Published' } } },
  destinations: {
    export: { plugin: 'csv', options: { path: 'exports/{{ type }}.csv' } },
    finance: {
      plugin: 'csv',
      mode: 'latest',
      options: { as: 'table', path: '/srv/finance.csv', columns: { Id: 'record.id', Event: 'event.title' } },
    },
    relay: { plugin: 'webhook', options: { url } },
    bulk: { plugin: 'webhook', batch: { size: 20, wait: '50ms' }, options: { url } },
    state: { plugin: 'webhook', mode: 'latest', options: { url } },
    digest: { plugin: 'webhook', batch: { every: '1h', by: 'chapter.id' }, options: { url } },
    book: { plugin: 'guestbook', options: { url, token: 'a-token', line: '{{ event.title }}' } },
  },
  routes: [
    { name: 'everything', to: ['export', 'relay', 'bulk', 'state'] },
    { name: 'public', use: ['public'], when: { type: ['event', 'attendee'] }, to: ['book', 'finance', 'digest'] },
  ],
}

/** A folder with the config in it. */
function makeHome(): string {
  const folder = makeFolder()
  writeFileSync(join(folder, 'bevy-bridge.yaml'), stringify(config))
  return folder
}

async function run(
  command: readonly [string, ...string[]],
  cache: string,
  options: { seed: number; duration: number; kills: number },
): Promise<TortureReport> {
  const folder = makeHome()
  const load = createLoad({ cwd: folder, env: {} })
  const loaded = await load([])
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return startTorture(loaded.settings, options, {
    clock: systemClock,
    log: createMemoryLog(),
    signal: new AbortController().signal,
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: cache },
    load,
    progress: () => {},
    command,
  })
}

const wrong = ({ seed, failures, ledger, folder }: TortureReport) => ({
  seed,
  failures,
  broken: ledger.broken,
  ...(folder === undefined ? {} : { folder }),
})
const sum = (reports: readonly TortureReport[], of: (report: TortureReport) => number): number =>
  reports.reduce((total, report) => total + of(report), 0)

afterEach(() => void vi.unstubAllEnvs())

describe('torture', () => {
  it('on node: some sixty lives end anyhow, and every record is accounted for', async () => {
    const faults = { 'torture/faults.js': 'src/torture/faults.ts' }
    const { command, cache } = makeProgram(makeFolder(), 'src/torture-child.ts', faults)
    vi.stubEnv('NODE_COMPILE_CACHE', cache)
    const reports = await Promise.all([11, 12].map((seed) => run(command, cache, { seed, duration: 3_000, kills: 26 })))
    expect(reports.map(wrong)).toEqual([11, 12].map((seed) => ({ seed, failures: [], broken: [] })))
    // How many of those planned find a life to end depends on the machine; what they prove does not.
    expect(sum(reports, ({ kills, killsAtCommit }) => kills + killsAtCommit)).toBeGreaterThan(30)
    for (const of of ['killsAtCommit', 'kills', 'stops', 'diskFull', 'outages', 'reloads'] as const) {
      expect([of, sum(reports, (report) => report[of]) > 0]).toEqual([of, true])
    }
    const fates = reports.flatMap(({ ledger }) => ledger.destinations)
    for (const of of ['delivered', 'dead', 'repeated'] as const) {
      expect([of, fates.some((fate) => fate[of] > 0)]).toEqual([of, true])
    }
  }, 300_000)

  it('on bun', async () => {
    const child = resolve(import.meta.dirname, '../../src/torture-child.ts')
    const report = await run([runtimePath('bun'), child], makeFolder(), { seed: 21, duration: 1_000, kills: 6 })
    expect(wrong(report)).toEqual({ seed: 21, failures: [], broken: [] })
    expect(report.kills + report.killsAtCommit).toBeGreaterThan(2)
  }, 120_000)

  it('from the command line: says what happened, and leaves nothing behind', async () => {
    const folder = makeHome()
    const args = ['torture', '--for', '300ms', '--kills', '1', '--seed', '5']
    const { code, stdout, stderr } = await runVerb('node', folder, args)
    expect([code, stderr.includes('seed 5')]).toEqual([0, true])
    expect(stdout).toMatch(/^seed +5$/m)
    expect(stdout).toMatch(/^relay +\d+ /m)
    expect(stdout).toContain('ok  every acknowledged record is delivered, waiting, dead or skipped')
    expect(readdirSync(folder)).toEqual(['bevy-bridge.yaml'])
  }, 120_000)
})
