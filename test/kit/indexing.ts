import { createIndexer } from '../../src/indexer/indexer.ts'
import type { Indexer, IndexerDeps } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import type { Alert, Journal, NewDelivery } from '../../src/core/ports.ts'
import type { HandClock } from './clock.ts'
import { createHandClock } from './clock.ts'
import type { MemoryLog } from './log.ts'
import { createMemoryLog } from './log.ts'
import type { MemoryStore } from './memory-store.ts'
import { createMemoryStore } from './memory-store.ts'

/** Journal and indexer over one store. */
export interface Indexing {
  readonly store: MemoryStore
  readonly journal: Journal
  readonly indexer: Indexer
  readonly clock: HandClock
  readonly log: MemoryLog
  readonly alerts: Alert[]
  /** Appends bodies and waits until they are indexed. */
  receive(...bodies: (Uint8Array | NewDelivery)[]): Promise<void>
}

/** Opens both, the indexer not started; `store` of an earlier one makes it a restart. */
export async function openIndexing(store = createMemoryStore(), more: Partial<IndexerDeps> = {}): Promise<Indexing> {
  const log = createMemoryLog()
  const clock = createHandClock()
  const raised: Alert[] = []
  const alerts = { raise: (alert: Alert) => void raised.push(alert) }
  const journal = await createJournal(store, { log })
  const indexer = await createIndexer({ store, journal, clock, log, alerts, ...more })
  return {
    store,
    journal,
    indexer,
    clock,
    log,
    alerts: raised,
    async receive(...bodies) {
      await Promise.all(
        bodies.map((body) =>
          journal.append(body instanceof Uint8Array ? { bytes: body, receivedAt: clock.now() } : body),
        ),
      )
      indexer.start()
      await indexer.idle()
    },
  }
}

/** `key verdict` of each usable record of a delivery. */
export async function verdicts({ indexer }: Indexing, seq: number): Promise<string[]> {
  const delivery = await indexer.read(seq)
  return (delivery?.records ?? []).map(({ key, verdict }) => `${key} ${verdict}`)
}

/** How often each index entry was written. */
export function entriesWritten(store: MemoryStore): Map<string, number> {
  const counts = new Map<string, number>()
  for (const op of store.commits.flat()) {
    if (op.op === 'set' && op.key.startsWith('index:')) counts.set(op.key, (counts.get(op.key) ?? 0) + 1)
  }
  return counts
}

/** A store with deliveries in its journal and no index. */
export async function filled(bodies: readonly Uint8Array[]): Promise<MemoryStore> {
  const store = createMemoryStore()
  const journal = await createJournal(store, { log: createMemoryLog() })
  for (const bytes of bodies) await journal.append({ bytes, receivedAt: 0 })
  return store
}
