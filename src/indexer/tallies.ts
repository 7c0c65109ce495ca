/** Counts by type and verdict, kept with the mark so that they survive a restart. */

import { isKnownType } from '../core/records/records.ts'
import type { Verdict } from '../core/types.ts'
import type { Mark } from './documents.ts'

/** Records by verdict. */
export type VerdictCounts = Readonly<Record<Verdict, number>>

/** What the indexer has seen since the store was made. */
export interface IndexStats {
  /** By type; `?` are records whose type could not be read, `(other)` those of types beyond the first 200. */
  readonly types: Readonly<Record<string, VerdictCounts>>
  /** Types this project has no schema for, in the order they came. */
  readonly unknownTypes: readonly string[]
  /** Ever put into quarantine: whole bodies, and single records. */
  readonly quarantined: { readonly bodies: number; readonly records: number }
}

/** What one batch adds. */
export interface Tally {
  /** Counts a record; returns the type's name when it is an unknown one never seen before. */
  add(type: string | undefined, verdict: Verdict): string | undefined
  addBody(): void
  /** The mark with all of it. */
  toMark(seq: number): Mark
}

const MAX_TYPES = 200
const VERDICTS: readonly Verdict[] = ['accepted', 'unchanged', 'stale', 'invalid']
const UNREADABLE = '?'

/** Starts from a mark. */
export function startTally(mark: Mark): Tally {
  const types = new Map(mark.types.map(([type, ...counts]) => [type, counts]))
  let { bodies, records } = mark
  return {
    add(type, verdict) {
      const wanted = type ?? UNREADABLE
      const name = types.has(wanted) || isKnownType(wanted) || types.size < MAX_TYPES ? wanted : '(other)'
      const counts = types.get(name)
      const row: [number, number, number, number] = counts ?? [0, 0, 0, 0]
      row[VERDICTS.indexOf(verdict)]! += 1
      if (verdict === 'invalid') records++
      types.set(name, row)
      return counts === undefined && isUnknown(name) ? name : undefined
    },
    addBody() {
      bodies++
    },
    toMark: (seq) => ({ v: 1, seq, types: [...types].map(([type, counts]) => [type, ...counts]), bodies, records }),
  }
}

/** The counts of a mark, for people. */
export function toStats(mark: Mark): IndexStats {
  const types: Record<string, VerdictCounts> = Object.create(null)
  for (const [type, accepted, unchanged, stale, invalid] of mark.types) {
    types[type] = { accepted, unchanged, stale, invalid }
  }
  return {
    types,
    unknownTypes: mark.types.map(([type]) => type).filter(isUnknown),
    quarantined: { bodies: mark.bodies, records: mark.records },
  }
}

function isUnknown(name: string): boolean {
  return name !== UNREADABLE && !isKnownType(name)
}
