/** One pass through a set: removes what is too old, and counts what stays, so that the next pass knows what would be too much. */

import { cutoffOf, type Census, type Keep } from '../core/retention/rules.ts'
import type { KeptSet } from '../core/retention/sets.ts'

interface Round {
  readonly keep: Keep
  readonly now: number
  /** Of all sets of this part, as the last round found them. */
  readonly before: Census | undefined
  /** Of this round so far. */
  readonly census: Census
  /** Rests between two pages; false when it is to end. */
  rest(): Promise<boolean>
}

/** Goes through a set; resolves with how many were removed. */
export async function passThrough(set: KeptSet, { keep, now, before, census, rest }: Round): Promise<number> {
  const cutoff = cutoffOf(keep, now, before)
  let removed = 0
  for (let after: string | undefined; ;) {
    const { items, next } = await set.page(after)
    const old = items.filter(({ at }) => at < cutoff)
    if (old.length > 0) removed += await set.remove(old)
    for (const { at, size } of items) if (at >= cutoff) census.add(at === Infinity ? now : at, size)
    after = next
    if (after === undefined || !(await rest())) return removed
  }
}

/** True when nothing bounds it: then nobody need look. */
export function isUnbounded({ age, size }: Keep): boolean {
  return age === undefined && size === undefined
}
