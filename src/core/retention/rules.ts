/** How long things are kept, and what decides. Ages are milliseconds, sizes bytes, times milliseconds since 1970. */

/** How much of something is kept; absent: no bound. What is still needed stays whatever this says. */
export interface Keep {
  readonly age?: number | undefined
  readonly size?: number | undefined
}

/** What is kept, and how much of it. */
export interface RetentionSettings {
  /** Deliveries, with their index entries. */
  readonly journal: Keep
  /** Newest states of records nobody has sent anything about for long; those of events and chapters stay. */
  readonly heads: Keep
  /** What was last sent of a record. */
  readonly sent: Keep
  /** Dead letters, and the lines of discarded ones. */
  readonly dead: Keep
  /** Quarantine that a person has dealt with. */
  readonly quarantine: Keep
}

/** Parts of the store that are kept for a time. */
export type KeptPart = keyof RetentionSettings

/** Somebody who still needs the journal from a delivery on. */
export interface Holder {
  readonly seq: number
  /** `index`: what is not indexed; `cursor`, `waiting`, `replay` of a destination in the config; `orphan`: anything of one that is not; `quarantine`: a body nobody has dealt with. */
  readonly by: 'index' | 'cursor' | 'waiting' | 'replay' | 'orphan' | 'quarantine'
  /** The destination, or the id in quarantine; empty for the index. */
  readonly name: string
}

/** The holder that needs the most; undefined when there is none. */
export function lowestHolder(holders: readonly Holder[]): Holder | undefined {
  return holders.reduce<Holder | undefined>(
    (least, one) => (least === undefined || one.seq < least.seq ? one : least),
    undefined,
  )
}

/** A delivery of the journal, seen from outside. */
export interface OldDelivery {
  readonly seq: number
  readonly receivedAt: number
  /** Of its journal entry; and of its index entry, where that counts. */
  readonly bytes: number
}

/** What is known when a piece of the journal is looked at. */
export interface CutFacts {
  /** First of these is the first of the journal; no gaps. */
  readonly oldest: readonly OldDelivery[]
  readonly tail: number
  readonly holders: readonly Holder[]
  readonly now: number
  readonly keep: Keep
  /** Bytes of the whole journal; only looked at with `keep.size`. */
  readonly bytes: number
}

/** A clock that stood wrong has stamped what is later than this. */
const FUTURE = 86_400_000

/** How many of the oldest deliveries go. The newest of all stays, as does everything from the lowest holder on. */
export function countToCut({ oldest, tail, holders, now, keep, bytes }: CutFacts): number {
  const limit = Math.min(tail, lowestHolder(holders)?.seq ?? tail)
  let cut = 0
  let left = bytes
  for (const [at, { seq, receivedAt, bytes: own }] of oldest.entries()) {
    if (seq >= limit) break
    const tooMuch = keep.size !== undefined && left > keep.size
    const tooOld = keep.age !== undefined && receivedAt < now - keep.age
    // Of a time that cannot be true only what comes after it tells the age.
    if (!tooMuch && !tooOld && receivedAt <= now + FUTURE) break
    left -= own
    if (tooMuch || tooOld) cut = at + 1
  }
  return cut
}

/** Since when the journal holds more than it should: milliseconds by which its oldest delivery is too old; 0 when it is not. */
export function overdue(receivedAt: number | undefined, { age }: Keep, now: number): number {
  return receivedAt === undefined || age === undefined ? 0 : Math.max(0, now - age - receivedAt)
}

const DAY = 86_400_000

/** Bytes by day, to find the day from which on all that is kept fits a size. */
export interface Census {
  add(at: number, bytes: number): void
  /** Things from before this time must go so that the rest fits; -Infinity when all fits. */
  cutoff(size: number | undefined): number
  readonly bytes: number
}

/** Makes an empty one. */
export function createCensus(): Census {
  const days = new Map<number, number>()
  let total = 0
  return {
    add(at, bytes) {
      const day = Math.floor(at / DAY)
      days.set(day, (days.get(day) ?? 0) + bytes)
      total += bytes
    },
    cutoff(size) {
      if (size === undefined || total <= size) return -Infinity
      let kept = 0
      for (const [day, bytes] of [...days].sort(([a], [b]) => b - a)) {
        kept += bytes
        if (kept > size) return (day + 1) * DAY
      }
      return -Infinity
    },
    get bytes() {
      return total
    },
  }
}

/** The time before which things are too old, by age and by size. */
export function cutoffOf(keep: Keep, now: number, census: Census | undefined): number {
  const byAge = keep.age === undefined ? -Infinity : now - keep.age
  return Math.max(byAge, census?.cutoff(keep.size) ?? -Infinity)
}
