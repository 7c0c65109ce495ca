/** Cuts the old end of the journal. */

import { bucketOf, bucketPrefix, seqKey, seqOfKey } from '../core/keys.ts'
import type { Store, StoreOp } from '../core/ports.ts'
import { JOURNAL, JOURNAL_META } from './ends.ts'

/** Keys that one removal takes. */
const PAGE = 500

/**
 * The commit that makes `to` the first delivery. The new beginning stands before the removals, for drivers that write one key after the
 * other: what a kill leaves is then below it, and `sweepOps` finds it.
 */
export function cutOps(from: number, to: number): StoreOp[] {
  const removed = Array.from({ length: to - from }, (_, at): StoreOp => ({
    op: 'remove',
    key: seqKey(JOURNAL, from + at),
  }))
  return [{ op: 'set', key: JOURNAL_META, value: { first: to } }, ...removed]
}

/** The commit that removes some of what lies before the first delivery; undefined when nothing does. */
export async function sweepOps(store: Store, first: number): Promise<StoreOp[] | undefined> {
  const [oldest] = await store.keys(JOURNAL, { limit: 1 })
  const seq = oldest === undefined ? undefined : seqOfKey(oldest)
  if (seq === undefined || seq >= first) return undefined
  const found = await store.keys(bucketPrefix(JOURNAL, bucketOf(seq)), { limit: PAGE })
  const leftovers = found.filter((key) => (seqOfKey(key) ?? first) < first)
  return [
    { op: 'set', key: JOURNAL_META, value: { first } },
    ...leftovers.map((key): StoreOp => ({ op: 'remove', key })),
  ]
}
