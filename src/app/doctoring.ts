/** Hands `doctor` what it looks at. */

import { statfs } from 'node:fs/promises'
import type { BridgeActions, CareQueries } from '../core/dispatch/actions.ts'
import type { StatusReport } from '../core/dispatch/reports.ts'
import { diagnose, lineOf } from '../core/doctor/diagnose.ts'
import type { ClockFacts, DoctorReport } from '../core/doctor/report.ts'
import { BridgeError } from '../core/errors.ts'
import { unseenFields } from '../core/expressions/unseen.ts'
import { RUNTIME, type Parts } from './queries.ts'

type Operations = Pick<CareQueries, 'doctor' | 'probe' | 'seenFields'> & Pick<BridgeActions, 'startProbe' | 'endProbe'>

/** What `doctor` asks and does, of a running bridge or of a store at rest. */
export function createDoctorOperations(parts: Parts, status: () => Promise<StatusReport>): Operations {
  const { learnt, live, settings } = parts
  const running = (): NonNullable<Parts['live']>['doctor'] => {
    if (live !== undefined) return live.doctor
    throw new BridgeError('config', 'ERR_PROBE_OFFLINE', 'a probe needs the running bridge: `bevy-bridge start`')
  }
  return {
    async doctor() {
      const report = await factsOf(parts)
      const stands = await status()
      const destinations = stands.destinations.map((one) => {
        const { name, state } = one
        return { name, state, line: lineOf(one, report.clock.now) }
      })
      return { ...report, destinations, findings: diagnose({ status: stands, settings: settings(), report }) }
    },
    seenFields: async () =>
      [...(await learnt.fields())].map(([type, { records, full, paths, labels }]) => ({
        type,
        records,
        full,
        paths: [...paths],
        labels: [...labels],
      })),
    probe: async () => live?.doctor.probe(),
    startProbe: async (input) => running().startProbe(input),
    endProbe: async () => running().endProbe(),
  }
}

async function factsOf(parts: Parts): Promise<Omit<DoctorReport, 'findings' | 'destinations'>> {
  const { version, learnt, live, settings } = parts
  const { storage, alerts, hash } = settings()
  const probe = live?.doctor.probe()
  return {
    state: live === undefined ? 'offline' : 'running',
    version,
    runtime: RUNTIME,
    config: hash.slice(0, 12),
    rule: await learnt.rule(),
    ...(probe === undefined ? {} : { probe }),
    secrets: await learnt.secrets(),
    unseen: unseenFields(settings(), await learnt.fields()),
    disk: { ...(await freeOf(storage.path)), minFree: storage.minFree },
    clock: await clockOf(parts),
    alerts: { channels: Object.keys(alerts.channels), heartbeat: alerts.heartbeat !== undefined },
  }
}

/** Deliveries that are looked into for the clock of Bevy. */
const NEWEST = 20

async function clockOf({ clock, journal, indexer, live }: Parts): Promise<ClockFacts> {
  const newest = await journal.read(journal.tail)
  let behind: number | undefined
  for (let seq = indexer.indexed; seq > Math.max(indexer.first - 1, indexer.indexed - NEWEST); seq--) {
    const delivery = await indexer.read(seq)
    if (delivery === undefined || delivery.late === true) continue
    for (const { version } of delivery.records) {
      if (version !== null) behind = Math.max(behind ?? -Infinity, version / 1000 - delivery.receivedAt)
    }
  }
  return {
    now: clock.now(),
    ...(newest === undefined ? {} : { newest: newest.receivedAt }),
    ...(behind === undefined ? {} : { behind: Math.round(behind) }),
    ...(live === undefined ? {} : { jumped: live.doctor.jumped() }),
  }
}

async function freeOf(path: string): Promise<{ free?: number }> {
  try {
    const { bavail, bsize } = await statfs(path)
    return { free: bavail * bsize }
  } catch {
    return {}
  }
}
