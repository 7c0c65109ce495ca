/** Indexed deliveries with the data of their records: index entry and journal, joined and cached. */

import { StoreError } from '../core/errors.ts'
import type { Journal, Store } from '../core/ports.ts'
import type { IndexedDelivery, IndexedRecord } from '../core/types.ts'
import { createWeightedCache } from '../core/weighted-cache.ts'
import type { Entry } from './documents.ts'
import { entryDocument, entryKey, originOf, readDocument } from './documents.ts'
import { readItems } from './open-delivery.ts'

/** Reads indexed deliveries. */
export interface Deliveries {
  /** Undefined when the journal no longer holds it. `seq` must be indexed. */
  read(seq: number): Promise<IndexedDelivery | undefined>
  /** Keeps one that was just indexed. `size` is in characters of JSON. */
  keep(delivery: IndexedDelivery, size: number): void
  /** Forgets what was read: the store was changed past it. */
  clear(): void
}

const BYTES_PER_CHARACTER = 4
const BYTES_PER_RECORD = 500

/** Makes it; `limit` is in bytes of memory, roughly. */
export function createDeliveries(store: Store, journal: Journal, limit: number, maxInflated: number): Deliveries {
  const cache = createWeightedCache<number, IndexedDelivery>(limit)
  const loading = new Map<number, Promise<IndexedDelivery | undefined>>()
  let cleared = 0

  const keep = (delivery: IndexedDelivery, size: number) =>
    cache.set(delivery.seq, delivery, BYTES_PER_RECORD * (1 + delivery.records.length) + BYTES_PER_CHARACTER * size)

  async function load(seq: number): Promise<IndexedDelivery | undefined> {
    const then = cleared
    const [document, stored] = await Promise.all([store.get(entryKey(seq)), journal.read(seq)])
    if (stored === undefined) return undefined
    // Cut away between the two.
    if (seq < journal.first) return undefined
    if (document === undefined) throw damaged(seq, 'is missing')
    const entry = readDocument(entryDocument, entryKey(seq), document)
    const usable = entry.records.filter((record) => record.verdict !== 'invalid')
    const body = usable.length === 0 ? undefined : await readItems(stored, maxInflated)
    if (body?.state === 'unusable') throw damaged(seq, 'does not fit its body')
    const records = usable.map((record): IndexedRecord => {
      const item = body?.items[record.n - 1]
      if (item?.state !== 'record' || item.record.type !== record.type || item.record.id !== record.id) {
        throw damaged(seq, 'does not fit its body')
      }
      const { verdict, version, hash, before } = record
      const facts = { position: { seq, n: record.n }, verdict, version, hash }
      return { ...item.record, ...facts, ...(before === undefined ? {} : { before }) }
    })
    const delivery = { seq, receivedAt: entry.receivedAt, records, ...originOf(entry) }
    if (then === cleared) keep(delivery, (body?.size ?? 0) * (hasBefore(entry) ? 2 : 1))
    return delivery
  }

  return {
    keep,
    clear() {
      cleared++
      cache.clear()
      loading.clear()
    },
    async read(seq) {
      const kept = cache.get(seq)
      if (kept !== undefined) return kept
      let found = loading.get(seq)
      if (found === undefined) {
        const started = load(seq).finally(() => {
          if (loading.get(seq) === started) loading.delete(seq)
        })
        found = started
        loading.set(seq, started)
      }
      return found
    },
  }
}

function hasBefore(entry: Entry): boolean {
  return entry.records.some((record) => record.before !== undefined)
}

function damaged(seq: number, what: string): StoreError {
  return new StoreError(
    'ERR_INDEX_DAMAGED',
    `the index entry of delivery ${seq} ${what}: make the index again with rebuild`,
  )
}
