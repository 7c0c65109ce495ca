/** Which fields were ever seen in the records of a type: their names, never what they hold. Pure. */

import { answersOf } from '../expressions/answers.ts'
import { hashKey } from '../keys.ts'
import type { Json, JsonObject } from '../types.ts'

/** What is known of a type. Changed in place: it lies on the way of every record. */
export interface SeenFields {
  /** Records looked at. */
  records: number
  /** `chapter.title`; lists are looked into, without their numbers. */
  readonly paths: Set<string>
  /** Hashes of the labels of survey answers. */
  readonly labels: Set<string>
  /** There were more than are kept: what is not known may have come all the same. */
  full: boolean
}

/** The same as JSON. */
export interface TypeFields {
  readonly type: string
  readonly records: number
  readonly paths: readonly string[]
  readonly labels: readonly string[]
  readonly full: boolean
}

const MOST_TYPES = 30
const MOST_PATHS = 500
const MOST_LABELS = 300
const MOST_LOOKS = 2_000
const DEEPEST = 5
// Names of fields, not whatever somebody used as a key.
const NAME = /^[A-Za-z_][\w-]{0,59}$/

/** Takes records of one type in. A field that is there counts, also with null: Bevy sends it. True when a new one was among them. */
export function learnFields(types: Map<string, SeenFields>, type: string, records: readonly JsonObject[]): boolean {
  let seen = types.get(type)
  if (seen === undefined) {
    if (types.size >= MOST_TYPES) return false
    seen = { records: 0, paths: new Set(), labels: new Set(), full: false }
    types.set(type, seen)
  }
  const before = seen.paths.size + seen.labels.size
  for (const data of records) {
    seen.records++
    walk(seen, data)
    if (data['surveys'] === undefined) continue
    for (const label of Object.keys(answersOf(data))) {
      if (seen.labels.size < MOST_LABELS) seen.labels.add(labelHash(label))
      else seen.full = true
    }
  }
  return seen.paths.size + seen.labels.size !== before
}

/** From JSON. */
export function toSeenFields(types: readonly TypeFields[]): Map<string, SeenFields> {
  return new Map(
    types.map(({ type, records, full, paths, labels }) => [
      type,
      { records, full, paths: new Set(paths), labels: new Set(labels) },
    ]),
  )
}

/** What a label is known by. */
export function labelHash(label: string): string {
  return hashKey(label.trim().toLowerCase()).slice(0, 12)
}

function walk(seen: SeenFields, data: JsonObject): void {
  let looks = 0
  const visit = (value: Json, path: string, depth: number): void => {
    if (typeof value !== 'object' || value === null || depth > DEEPEST) return
    if (Array.isArray(value)) {
      for (const inner of value as readonly Json[]) {
        if (looks >= MOST_LOOKS) return
        visit(inner, path, depth)
      }
      return
    }
    for (const name of Object.keys(value)) {
      if (++looks > MOST_LOOKS) {
        seen.full = true
        return
      }
      if (!NAME.test(name)) continue
      const at = path === '' ? name : `${path}.${name}`
      if (!seen.paths.has(at)) {
        if (seen.paths.size >= MOST_PATHS) {
          seen.full = true
          continue
        }
        seen.paths.add(at)
      }
      visit((value as JsonObject)[name] as Json, at, depth + 1)
    }
  }
  visit(data, '', 1)
}
