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
