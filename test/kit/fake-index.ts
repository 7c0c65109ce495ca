import type { IndexReader } from '../../src/core/ports.ts'
import type { Head, IndexedDelivery, IndexedRecord, JsonObject } from '../../src/core/types.ts'

/** An index filled by hand: every record is accepted, the newest is the head. */
export interface FakeIndex extends IndexReader {
  /** Adds a delivery of records and tells the listeners. */
  index(...records: { type: string; data: JsonObject & { id: number | string } }[]): number
  readonly tail: number
  /** Set to make reads fail. */
  broken: boolean
}

export function createFakeIndex(now: () => number = () => Date.UTC(2026, 2, 1)): FakeIndex {
  const deliveries: IndexedDelivery[] = []
  const heads = new Map<string, Head>()
  const listeners = new Set<(seq: number, firstSeen: readonly string[]) => void>()
  const index: FakeIndex = {
    broken: false,
    first: 1,
    get indexed() {
      return deliveries.length
    },
    get tail() {
      return deliveries.length
    },
    async read(seq) {
      if (index.broken) throw new Error('index broken')
      return deliveries[seq - 1]
    },
    async heads(keys) {
      if (index.broken) throw new Error('index broken')
      return keys.map((key) => heads.get(key))
    },
    onIndexed(fn) {
      listeners.add(fn)
      return () => listeners.delete(fn)
    },
    index(...records) {
      const seq = deliveries.length + 1
      const firstSeen: string[] = []
      const indexed = records.map(({ type, data }, at): IndexedRecord => {
        const key = `${type}:${data.id}`
        const before = heads.get(key)
        if (before === undefined) firstSeen.push(key)
        const record: IndexedRecord = {
          type,
          id: String(data.id),
          key,
          data,
          position: { seq, n: at + 1 },
          verdict: 'accepted',
          version: null,
          hash: JSON.stringify(data),
          ...(before === undefined ? {} : { before: before.data }),
        }
        heads.set(key, record)
        return record
      })
      deliveries.push({ seq, receivedAt: now(), records: indexed })
      for (const listener of listeners) listener(seq, firstSeen)
      return seq
    },
  }
  return index
}
