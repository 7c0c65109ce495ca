/**
 * Cuts the old end of the journal in small commits. Each moves the beginning, removes deliveries with their index entries, and keeps what
 * is remembered of them, so that between any two commits the store is whole:
 *
 * 1. before a commit: nothing has changed
 * 2. after it: the beginning stands behind what is gone
 * 3. within it, on a driver that writes one key after the other: the beginning has moved, and what lies before it is swept later
 */

import { addMarks } from '../core/retention/marks.ts'
import { countToCut, type Holder, type OldDelivery } from '../core/retention/rules.ts'
import type { RetentionDeps } from './deps.ts'
import { KEPT, readKept, type Kept } from './documents.ts'

/** Bounds of one commit: what it removes is overwritten on the disk, and others wait for it. */
const MOST = { deliveries: 200, bytes: 2 * 1024 * 1024 }
/** Deliveries measured at once. */
const MEASURED = 500

/** What one step did. `more`: there may be something left. */
export interface Step {
  readonly cut: number
  readonly more: boolean
}

/** Counts the bytes of deliveries that came since it last did; false when all are counted. */
export async function measure({ store, journal, entries, indexed }: RetentionDeps): Promise<boolean> {
  const kept = await readKept(store)
  const from = Math.max(kept.through + 1, journal.first)
  const to = Math.min(from + MEASURED - 1, indexed())
  if (to < from) return false
  const found = withEntries(
    (await journal.survey?.(from, to - from + 1)) ?? [],
    await entries.sizes(from, to - from + 1),
  ).filter(({ seq }) => seq <= to)
  const bytes = kept.bytes + found.reduce((sum, one) => sum + one.bytes, 0)
  await store.commit([{ op: 'set', key: KEPT, value: { ...kept, through: to, bytes } satisfies Kept }])
  return to < indexed()
}

/** Removes what one commit may of what is too old or too much and nobody needs. */
export async function cutSome(deps: RetentionDeps, holders: readonly Holder[], now: number): Promise<Step> {
  const { store, journal, entries } = deps
  const { first, tail } = journal
  const kept = await readKept(store)
  const [found = [], sizes] = await Promise.all([
    journal.survey?.(first, MOST.deliveries),
    entries.sizes(first, MOST.deliveries),
  ])
  const oldest = bounded(withEntries(found, sizes))
  const keep = deps.settings().journal
  const cut = countToCut({ oldest, tail, holders, now, keep, bytes: kept.bytes })
  if (cut === 0) return { cut, more: false }
  const gone = oldest.slice(0, cut)
  const counted = gone.filter(({ seq }) => seq <= kept.through).reduce((sum, { bytes }) => sum + bytes, 0)
  const next: Kept = {
    ...kept,
    bytes: Math.max(0, kept.bytes - counted),
    // A time from the future would make all that follows young.
    marks: addMarks(
      kept.marks,
      gone.map(({ seq, receivedAt }) => ({ seq, receivedAt: Math.min(receivedAt, now) })),
    ).map(([seq, at]) => [seq, at]),
  }
  await journal.cut?.(first + cut, [...entries.cutOps(first, first + cut), { op: 'set', key: KEPT, value: next }])
  return { cut, more: cut === oldest.length }
}

function withEntries(deliveries: readonly OldDelivery[], sizes: ReadonlyMap<number, number>): OldDelivery[] {
  return deliveries.map((one) => ({ ...one, bytes: one.bytes + (sizes.get(one.seq) ?? 0) }))
}

/** As many as fit one commit, one at least. */
function bounded(oldest: readonly OldDelivery[]): readonly OldDelivery[] {
  let bytes = 0
  const end = oldest.findIndex((one, at) => {
    bytes += one.bytes
    return at > 0 && bytes > MOST.bytes
  })
  return end < 0 ? oldest : oldest.slice(0, end)
}
