/** Bodies nobody honest would send, to the real process and on to its destinations. */

import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { connectAdmin } from '../../src/admin/client.ts'
import type { BridgeQueries, StatusReport } from '../../src/core/dispatch/reports.ts'
import { endBridgeProcesses, RUNTIMES, startBridgeProcess, writeConfig } from '../kit/bridge-process.ts'
import { flood } from '../kit/flood.ts'
import { CANARY, giants, hostileBody, type HostileBody } from '../kit/hostile-bodies.ts'
import { checkLedger } from '../kit/hostile-ledger.ts'
import { peakMemory } from '../kit/process-memory.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const secret = `secret-of-the-${CANARY}`
const COUNT = { node: 3_000, bun: 600 }
const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

describe.each(RUNTIMES)('hostile bodies on %s', (runtime) => {
  it('are answered 200, kept, indexed or set aside, sent on or dead, and printed nowhere', async () => {
    await using relay = await startFakeReceiver()
    const root = folders()
    const folder = join(root, 'a/b/c/d/e')
    writeConfig(folder, {
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
      destinations: {
        export: { plugin: 'csv', options: { path: 'exports/{{ type }}.csv' } },
        relay: {
          plugin: 'webhook',
          options: {
            url: `${relay.url}/in/{{ record.id }}`,
            headers: { 'X-Status': '{{ record.status }}' },
            allowPrivateNetworks: true,
          },
        },
      },
      routes: [{ name: 'everything', to: ['export', 'relay'] }],
    })
    const bridge = await startBridgeProcess(runtime, folder, { BEVY_BRIDGE_LOG_LEVEL: 'debug' })
    const all = [...giants(), ...Array.from({ length: COUNT[runtime] }, (_, n) => hostileBody(7, n))]
    const bodyOf = (n: number): HostileBody => all[n] as HostileBody
    const seqs = await flood(Number(new URL(bridge.url).port), all.length, bodyOf, { secret })
    const admin = (await connectAdmin({ host: '127.0.0.1', port: 0 }, join(folder, 'data'))) as BridgeQueries
    const settled = async (): Promise<StatusReport['destinations']> => {
      for (;;) {
        const { journal, destinations } = await admin.status()
        const atRest = destinations.every(({ lag, retrying }) => lag.deliveries === 0 && retrying === 0)
        if (journal.indexed === all.length && atRest) return destinations
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    const destinations = await settled()
    const peak = peakMemory(bridge.pid)
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)

    const storage = { driver: 'sqlite', path: join(folder, 'data'), unsafe: false, minFree: 0 } as const
    const { accepted, quarantined } = await checkLedger(storage, seqs, bodyOf)
    expect(Object.keys(quarantined).filter((code) => code.includes('UNEXPECTED'))).toEqual([])
    expect(destinations.map(({ sent, dead }) => sent + dead)).toEqual([accepted, accepted])
    expect([relay.taken.length, relay.problems]).toEqual([destinations[1]?.sent, []])
    // `x/../../../../outside` is one of the types.
    expect(readdirSync(root, { recursive: true }).filter((path) => !`${path}/`.startsWith('a/b/c/d/e/'))).toEqual([
      'a',
      'a/b',
      'a/b/c',
      'a/b/c/d',
    ])
    const leaks = bridge
      .output()
      .split('\n')
      .filter((line) => line.includes(CANARY))
    expect(leaks.slice(0, 3)).toEqual([])
    expect(bridge.lines.filter(({ event }) => /unhandled|uncaught/.test(event))).toEqual([])
    expect(peak).toBeLessThan(1_000)
  }, 120_000)
})
