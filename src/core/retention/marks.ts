/** When deliveries came that the journal no longer holds: one mark a day, so that the age of what was made of them can be told. */

/** A delivery and the time it was received at, milliseconds since 1970. */
export type Mark = readonly [seq: number, receivedAt: number]

const DAY = 86_400_000
const MOST = 400

/**
 * The marks with those of deliveries that are cut now; rising in seq, never falling in time. The last is always the last that was cut, the
 * others are about a day apart. Of very many, old ones become sparser.
 */
export function addMarks(
  marks: readonly Mark[],
  cut: readonly { readonly seq: number; readonly receivedAt: number }[],
): readonly Mark[] {
  const all = [...marks]
  for (const { seq, receivedAt } of cut) {
    const last = all.at(-1)
    const before = all.at(-2)
    const at = Math.max(receivedAt, last?.[1] ?? receivedAt)
    if (last !== undefined && seq <= last[0]) continue
    if (before !== undefined && at < before[1] + DAY) all.pop()
    all.push([seq, at])
  }
  if (all.length <= MOST) return all
  const half = MOST / 2
  return all.filter((_, at) => at >= half || at % 2 === 0)
}

/** The latest time at which a delivery before the journal's first can have come: never earlier than it did, but for a step of the clock. */
export function timeOf(marks: readonly Mark[], seq: number): number {
  const later = marks.find(([mark]) => mark >= seq)
  return later?.[1] ?? Infinity
}
