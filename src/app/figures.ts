/** Reads the figures that metrics show, at the moment they are asked for. */

import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Journal } from '../core/ports.ts'
import type { KeptReport } from '../core/retention/report.ts'
import type { Settings } from '../core/settings.ts'
import type { Supervisor } from '../dispatcher/supervisor.ts'
import type { Indexer } from '../indexer/indexer.ts'
import type { DestinationFigures, MetricsSnapshot } from '../metrics/snapshot.ts'
import type { Receiver } from '../receiver/server.ts'
import type { DiskGauge } from '../storage/disk-gauge.ts'
import type { Waiting } from './ages.ts'
import { RUNTIME } from './queries.ts'

/** Where the figures come from. */
export interface FigureParts {
  readonly version: string
  readonly receiver: Pick<Receiver, 'stats'>
  readonly journal: Journal
  readonly indexer: Pick<Indexer, 'indexed' | 'stats'>
  readonly supervisor: Pick<Supervisor, 'status' | 'unmatched'>
  readonly gauge: DiskGauge
  settings(): Settings
  ages(standing: { name: string; seq: number | undefined; oldest?: number | undefined }): Promise<Waiting>
  alertsOpen(): number
  now(): number
  kept(): Promise<KeptReport>
}

/** All figures. */
export async function readFigures(parts: FigureParts): Promise<MetricsSnapshot> {
  const { version, receiver, journal, indexer, supervisor, gauge } = parts
  const { storage } = parts.settings()
  const { types, quarantined } = indexer.stats()
  const [destinations, files, { since, file, held }] = await Promise.all([
    destinationsOf(parts),
    sizesOf(storage.path),
    parts.kept(),
  ])
  return {
    version,
    runtime: RUNTIME,
    receiver: receiver.stats(),
    journal: {
      first: journal.first,
      tail: journal.tail,
      indexed: indexer.indexed,
      age: since === undefined ? undefined : Math.max(0, parts.now() - since),
      overdue: held?.overdue,
    },
    records: { ...types },
    quarantined: { ...quarantined },
    unmatched: supervisor.unmatched(),
    destinations,
    disk: { free: gauge.free(), minFree: storage.minFree, parts: files, unused: file?.free },
    alertsOpen: parts.alertsOpen(),
  }
}

async function destinationsOf({ supervisor, ages }: FigureParts): Promise<DestinationFigures[]> {
  const list = await supervisor.status()
  return Promise.all(
    list.map(async (one): Promise<DestinationFigures> => {
      const { name, state } = one
      if (state === 'stopped' || state === 'orphaned') {
        const seq = 'holdings' in one ? one.holdings.position?.seq : undefined
        const { deliveries, age } = await ages({ name, seq })
        return { name, state, backlog: deliveries, age }
      }
      const { cursor, exceptions, oldest, dead, inFlight, ready, counts } = one
      const { deliveries, age } = await ages({ name, seq: cursor.position.seq, oldest })
      const { unknown: _unknown, ...kinds } = exceptions
      return {
        name,
        state: state === 'waiting' ? 'running' : state,
        backlog: deliveries,
        age,
        work: { exceptions: kinds, dead, inFlight, ready, counts },
      }
    }),
  )
}

/** Bytes of the database, of its log of changes, and of what else is in the data folder itself. */
async function sizesOf(folder: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = { database: 0, wal: 0, other: 0 }
  for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!entry.isFile()) continue
    // One may vanish between the list and the look.
    const size = await stat(join(folder, entry.name)).then(
      (found) => found.size,
      () => 0,
    )
    const part = entry.name.endsWith('.db-wal') ? 'wal' : entry.name.endsWith('.db') ? 'database' : 'other'
    sizes[part] = (sizes[part] ?? 0) + size
  }
  return sizes
}
