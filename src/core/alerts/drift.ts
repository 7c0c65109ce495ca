/** Notices when a field that nearly all records of a type carry stops coming: `email` missing in all attendees. Pure. */

import type { JsonObject } from '../types.ts'

/** When a field counts as missing. */
export interface DriftRules {
  /** Records of the type in a row without it. */
  readonly missing: number
  /** Deliveries these must come from: one odd import is no drift. */
  readonly deliveries: number
  /** Records of the type seen before it can be said that nearly all carry it. */
  readonly known: number
}

/** The rules in force. */
export const DRIFT_RULES: DriftRules = { missing: 50, deliveries: 3, known: 200 }

/** A field of a type. */
export interface FieldWatch {
  /** Share of the records that carried it, the newest weighing most; not touched while it is missing. */
  share: number
  /** Records in a row without it. */
  run: number
  /** Deliveries these came in. */
  deliveries: number
  /** When the first of them came, wall clock. */
  since: number
  /** It was said to be missing. */
  drifted: boolean
}

/** A type. Changed in place: it lies on the way of every record. */
export interface TypeWatch {
  seen: number
  readonly fields: Map<string, FieldWatch>
}

/** What a delivery has changed. */
export interface DriftChange {
  readonly state: 'missing' | 'back'
  readonly type: string
  readonly field: string
  readonly since: number
}

const NEARLY_ALL = 0.98
const WEIGHT = 1 / 200
const MOST_FIELDS = 100
const MOST_TYPES = 20

/** Looks at records of one type in one delivery. */
export function watchFields(
  types: Map<string, TypeWatch>,
  type: string,
  records: readonly JsonObject[],
  receivedAt: number,
  rules: DriftRules = DRIFT_RULES,
): DriftChange[] {
  let watch = types.get(type)
  if (watch === undefined) {
    if (types.size >= MOST_TYPES) return []
    watch = { seen: 0, fields: new Map() }
    types.set(type, watch)
  }
  const changes: DriftChange[] = []
  const touched = new Set<FieldWatch>()
  for (const data of records) {
    for (const name of Object.keys(data)) {
      if (watch.fields.has(name) || watch.fields.size >= MOST_FIELDS || !isThere(data[name])) continue
      // One that comes late was missing in all before.
      watch.fields.set(name, { share: watch.seen === 0 ? 1 : 0, run: 0, deliveries: 0, since: 0, drifted: false })
    }
    for (const [field, one] of watch.fields) {
      if (isThere(data[field])) {
        if (one.drifted) changes.push({ state: 'back', type, field, since: one.since })
        // A run that was no drift was a part of how things are.
        else one.share *= (1 - WEIGHT) ** one.run
        one.share += (1 - one.share) * WEIGHT
        one.run = 0
        one.deliveries = 0
        one.drifted = false
        continue
      }
      if (one.run === 0) one.since = receivedAt
      one.run += 1
      touched.add(one)
    }
    watch.seen += 1
  }
  for (const [field, one] of watch.fields) {
    if (!touched.has(one) || one.run === 0) continue
    one.deliveries += 1
    const usual = watch.seen - one.run >= rules.known && one.share >= NEARLY_ALL
    if (one.drifted || !usual || one.run < rules.missing || one.deliveries < rules.deliveries) continue
    one.drifted = true
    changes.push({ state: 'missing', type, field, since: one.since })
  }
  return changes
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}
