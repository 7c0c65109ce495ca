/** The durable, ordered, gapless log of deliveries. */

import { coerceError } from '../core/errors.ts'
import { seqKey, seqOfKey } from '../core/keys.ts'
import type { Journal, Log, NewDelivery, Store, StoredDelivery, StoreOp } from '../core/ports.ts'
import { createWeightedCache } from '../core/weighted-cache.ts'
import { cutOps, sweepOps } from './cut.ts'
import { checkNothingBehind, findFirst, findTail, gap, JOURNAL } from './ends.ts'
import { bounded, decodeEntry, encodeEntry, MAX_HEADER, receivedAtOf } from './entry.ts'

/**
 * `sound`: seqs are handed out. `failed`: an append failed, and no new one begins until all under way have ended and the
 * tail was read again. `probing`: it is being read.
 */
type State = 'sound' | 'failed' | 'probing'

/**
 * Bytes of deliveries kept in memory after their commit until they are read once: the indexer does a moment later. When it is so far
 * behind that they do not fit, the newest are not kept: they would be gone before their turn.
 */
const RECENT = 16 * 1024 * 1024

interface Waiting {
  begin(): void
  reject(error: Error): void
}

/**
 * Opens the journal. Reads only the two ends; writes nothing. Rejects with `ERR_JOURNAL_GAP` when something lies behind the tail,
 * and with what the store rejects.
 *
 * Gapless: each commit expects the delivery before it, so when one fails, those after it fail too, whatever group they were in.
 * After that the tail is read again before the next append; a delivery found there though its commit was reported failed stays.
 */
export async function createJournal(store: Store, { log }: { readonly log: Log }): Promise<Journal> {
  let first = await findFirst(store)
  let tail = await findTail(store, first - 1)
  await checkNothingBehind(store, tail)

  const listeners = new Set<(seq: number, late: boolean) => void>()
  const recent = createWeightedCache<number, StoredDelivery>(RECENT)
  let state: State = 'sound'
  let next = tail + 1
  let underWay = 0
  let waiting: Waiting[] = []

  function notify(seq: number, late = false): void {
    for (const listener of listeners) {
      try {
        listener(seq, late)
      } catch (error) {
        log.error('a listener of the journal failed', { seq }, error)
      }
    }
  }

  async function write(given: NewDelivery): Promise<{ readonly seq: number }> {
    const delivery = bounded(given)
    const seq = next++
    const ops: StoreOp[] = [{ op: 'expect', key: seqKey(JOURNAL, seq), present: false }]
    if (seq > first) ops.push({ op: 'expect', key: seqKey(JOURNAL, seq - 1), present: true })
    underWay++
    let entry: Uint8Array
    try {
      entry = encodeEntry(seq, delivery)
      await store.commit([...ops, { op: 'setRaw', key: seqKey(JOURNAL, seq), value: entry }])
    } catch (error) {
      if (state === 'sound') log.error('a delivery could not be stored; the tail is read again', { seq }, error)
      state = 'failed'
      throw error
    } finally {
      underWay--
      if (state === 'failed' && underWay === 0) void probe()
    }
    // In order by the expects, but a driver may report several commits of one group in any order.
    tail = Math.max(tail, seq)
    // Our own copy: what was handed in belongs to the caller.
    const bytes = entry.subarray(entry.byteLength - delivery.bytes.byteLength)
    if (recent.weight + entry.byteLength <= RECENT) recent.set(seq, { ...delivery, seq, bytes }, entry.byteLength)
    notify(seq, delivery.asOf !== undefined)
    return { seq }
  }

  async function probe(): Promise<void> {
    state = 'probing'
    try {
      const found = await findTail(store, tail)
      if (found > tail)
        log.warn('deliveries reported as failed were stored all the same', { from: tail + 1, to: found })
      const before = tail
      tail = found
      next = tail + 1
      state = 'sound'
      for (let seq = before + 1; seq <= found; seq++) notify(seq)
      for (const { begin } of takeWaiting()) begin()
    } catch (error) {
      state = 'failed'
      log.error('the tail of the journal could not be read', { tail }, error)
      for (const { reject } of takeWaiting()) reject(coerceError(error))
    }
  }

  function takeWaiting(): Waiting[] {
    const taken = waiting
    waiting = []
    return taken
  }

  return {
    get tail() {
      return tail
    },
    get first() {
      return first
    },
    append(delivery) {
      if (state === 'sound') return write(delivery)
      return new Promise((resolve, reject) => {
        waiting.push({ begin: () => write(delivery).then(resolve, reject), reject })
        if (state === 'failed' && underWay === 0) void probe()
      })
    },
    async read(seq) {
      if (!Number.isInteger(seq) || seq < first || seq > tail) return undefined
      const kept = recent.get(seq)
      recent.delete(seq)
      if (kept !== undefined) return kept
      const entry = await store.getRaw(seqKey(JOURNAL, seq))
      // Cut away while it was being read: the caller came too late.
      if (seq < first) return undefined
      if (entry === undefined) throw gap(seq)
      return decodeEntry(seq, entry)
    },
    rewrite(delivery) {
      const { seq } = delivery
      const op: StoreOp = { op: 'setRaw', key: seqKey(JOURNAL, seq), value: encodeEntry(seq, delivery) }
      return { op, done: () => recent.delete(seq) }
    },
    async cut(to, more = []) {
      const from = first
      if (!Number.isInteger(to) || to <= from) return
      if (to > tail) throw new RangeError(`the newest delivery stays: ${to} is past ${tail}`)
      // At once, so that nobody takes what is being removed for a gap. When the commit fails, what it was to remove is a leftover.
      first = to
      await store.commit([...cutOps(from, to), ...more])
    },
    async survey(from, limit) {
      const after = seqKey(JOURNAL, Math.max(from, first) - 1)
      const found = (await store.survey?.(JOURNAL, { after, limit, start: MAX_HEADER })) ?? []
      return found.map(({ key, size, start }) => {
        const seq = seqOfKey(key) ?? 0
        return { seq, receivedAt: receivedAtOf(seq, start), bytes: size }
      })
    },
    async sweep() {
      const ops = await sweepOps(store, first)
      if (ops !== undefined) await store.commit(ops)
      return ops !== undefined
    },
    onAppend(fn) {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
  }
}
