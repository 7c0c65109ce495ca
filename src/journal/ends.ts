/** Finds the two ends of the journal by probing, never by listing it. */

import { z } from 'zod'
import { StoreError } from '../core/errors.ts'
import { bucketOf, bucketPrefix, seqKey, seqOfKey } from '../core/keys.ts'
import type { Store } from '../core/ports.ts'

/** Prefix of the journal's keys. */
export const JOURNAL = 'journal'

/** Where the beginning is kept once the journal has been cut: `{ first }`. */
export const JOURNAL_META = 'meta:journal'

const meta = z.object({ first: z.number().int().positive() })

/** Seq of the oldest delivery kept; 1 while nothing was ever cut or written. */
export async function findFirst(store: Store): Promise<number> {
  const found = await store.get(JOURNAL_META)
  if (found === undefined) {
    if ((await store.keys(bucketPrefix(JOURNAL, 0), { limit: 1 }))[0] === seqKey(JOURNAL, 1)) return 1
    // Either empty, or cut by someone who did not say so; the first key tells, and costs nothing when there is none.
    const [key] = await store.keys(JOURNAL, { limit: 1 })
    return key === undefined ? 1 : (seqOfKey(key) ?? 1)
  }
  const checked = meta.safeParse(found)
  if (checked.success) return checked.data.first
  throw new StoreError('ERR_STORE_DOCUMENT', `the document ${JOURNAL_META} is not what this version writes`, {
    cause: checked.error,
  })
}

/**
 * Seq of the newest delivery, `known` or later; `known` must be one that is there, or the one before the first. Gallops over
 * buckets, then halves, then lists the last bucket.
 */
export async function findTail(store: Store, known: number): Promise<number> {
  const base = bucketOf(known)
  const isUsed = async (bucket: number) => (await store.keys(bucketPrefix(JOURNAL, bucket), { limit: 1 })).length > 0
  let used = base
  let step = 1
  while (await isUsed(base + step)) {
    used = base + step
    step *= 2
  }
  let empty = base + step
  while (empty - used > 1) {
    const middle = Math.floor((used + empty) / 2)
    if (await isUsed(middle)) used = middle
    else empty = middle
  }
  const last = (await store.keys(bucketPrefix(JOURNAL, used), { after: seqKey(JOURNAL, known) })).at(-1)
  return last === undefined ? known : (seqOfKey(last) ?? known)
}

/** Rejects with `ERR_JOURNAL_GAP` when anything lies behind the tail: then what lies between is missing. */
export async function checkNothingBehind(store: Store, tail: number): Promise<void> {
  const [key] = await store.keys(JOURNAL, { after: seqKey(JOURNAL, tail), limit: 1 })
  if (key !== undefined) throw gap(tail + 1, seqOfKey(key))
}

/** The error for a delivery that is not where it must be. */
export function gap(seq: number, next?: number): StoreError {
  const behind = next === undefined ? '' : ` though delivery ${next} is there`
  return new StoreError(
    'ERR_JOURNAL_GAP',
    `delivery ${seq} is missing in the journal${behind}: the store is damaged, restore a backup`,
  )
}
