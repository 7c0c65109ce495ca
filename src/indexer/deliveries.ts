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
  /** Undefined when the journal no longer holds it. `seq` must be indexed, and `end` is the newest that is. */
  read(seq: number, end: number): Promise<IndexedDelivery | undefined>
  /** Keeps one that was just indexed. `size` is in characters of JSON. */
  keep(delivery: IndexedDelivery, size: number): void
  /**
   * Those who read along are not far from having what they need next pushed out: they read fast, but what is indexed grows faster.
   * Asked from time to time; how fast they read is told by what they have read since.
   */
  outrun(): boolean
  /** Forgets what was read: the store was changed past it. */
  clear(): void
}

const BYTES_PER_CHARACTER = 4
const BYTES_PER_RECORD = 500
/** Deliveries read ahead of one that was not in memory; one, after a big one. */
const AHEAD = 32
const BIG = 1024 * 1024
/** Share of the memory that may hold what nobody has read, while somebody reads along. */
const UNREAD = 0.75
/** Deliveries somebody must have read since the last look to count as reading along. */
const PACE = 16

/** Makes it; `limit` is in bytes of memory, roughly. */
export function createDeliveries(store: Store, journal: Journal, limit: number, maxInflated: number): Deliveries {
  const cache = createWeightedCache<number, IndexedDelivery>(limit)
  const loading = new Map<number, Promise<IndexedDelivery | undefined>>()
  let cleared = 0
  let width = 1
  let newest = 0
  /** The last one read, by anybody; how far those have come who read one after the other; and how far at the last look. */
  let last = 0
  let lead = 0
  let looked = 0

  const keep = (delivery: IndexedDelivery, size: number) => {
    cache.set(delivery.seq, delivery, BYTES_PER_RECORD * (1 + delivery.records.length) + BYTES_PER_CHARACTER * size)
    newest = Math.max(newest, delivery.seq)
  }

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
    width = stored.bytes.byteLength >= BIG ? 1 : AHEAD
    const delivery = { seq, receivedAt: entry.receivedAt, records, ...originOf(entry) }
    if (then === cleared) keep(delivery, (body?.size ?? 0) * (hasBefore(entry) ? 2 : 1))
    return delivery
  }

  function begin(seq: number): Promise<IndexedDelivery | undefined> {
    let found = loading.get(seq)
    if (found === undefined) {
      const started = load(seq).finally(() => {
        if (loading.get(seq) === started) loading.delete(seq)
      })
      found = started
      loading.set(seq, started)
    }
    return found
  }

  return {
    keep,
    clear() {
      cleared++
      cache.clear()
      loading.clear()
    },
    outrun() {
      const step = lead - looked
      looked = lead
      return step >= PACE && (newest - lead) * (cache.weight / cache.size) > limit * UNREAD
    },
    read(seq, end) {
      if (seq === last + 1) lead = Math.max(lead, seq)
      last = seq
      // Not counted as use: each is read about once by each destination, and what was read is needed less than what was not.
      const kept = cache.peek(seq)
      if (kept !== undefined) return Promise.resolve(kept)
      const found = begin(seq)
      for (let next = seq + 1; next < seq + width && next <= end; next++) {
        // Whoever comes to it sees the rejection; until then it is nobody's.
        if (!cache.has(next)) begin(next).catch(() => {})
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
