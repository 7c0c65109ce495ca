import { learnFields, type SeenFields } from '../core/records/fields.ts'
import type { Clock, Log, Store } from '../core/ports.ts'
import type { IndexedDelivery } from '../core/types.ts'
import { keys, readFields, toFieldsDocument } from './documents.ts'
import { createKeeper } from './keeper.ts'

/** Learns which fields come. */
export interface FieldWatch {
  /** Whether the next delivery is looked at: in a flood a sample is enough. */
  wants(): boolean
  look(delivery: IndexedDelivery): void
  readonly types: ReadonlyMap<string, SeenFields>
  close(): Promise<void>
}

/** At most one delivery in so many milliseconds, and so many records of it. */
const PAUSE = 20
const MOST_RECORDS = 100
const KEEP = 60_000

/** Opens what was learnt before. */
export async function openFieldWatch(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}): Promise<FieldWatch> {
  const { store, clock, log } = deps
  const types = await readFields(store, log)
  let lookedAt = -Infinity
  const keeper = createKeeper({ ...deps, key: keys.fields, wait: KEEP, value: () => toFieldsDocument(types) })
  return {
    types,
    wants() {
      const now = clock.monotonic()
      if (now - lookedAt < PAUSE) return false
      lookedAt = now
      return true
    },
    look({ records, late }) {
      // What the REST API gives has other fields than a webhook.
      if (late === true || records.length === 0) return
      for (const [type, some] of Map.groupBy(records.slice(0, MOST_RECORDS), (record) => record.type)) {
        learnFields(
          types,
          type,
          some.map(({ data }) => data),
        )
      }
      keeper.changed()
    },
    close: () => keeper.close(),
  }
}
