/** Puts what was fetched over what is known, so that only true differences show. */

import { isNothing, isObject } from '../records/bodies.ts'
import { parseInstant } from '../records/instants.ts'
import type { Json, JsonObject } from '../types.ts'

/**
 * The known value with what the fetched one says otherwise. Only fields that are known are looked at: the API has other fields than a
 * webhook, and neither lack nor surplus is a change. The same thing written otherwise (a date in another zone or precision, an id as
 * text, another kind of nothing) stays as it is known.
 */
export function overlay(known: Json, fetched: Json | undefined): Json {
  if (fetched === undefined || same(known, fetched)) return known
  if (isObject(known) && !isNothing(known)) {
    if (isObject(fetched)) return isOther(known, fetched) ? fetched : overObject(known, fetched)
    // An object by its id alone.
    if (isId(fetched) && known['id'] !== undefined) return same(known['id'], fetched) ? known : { id: fetched }
    return fetched
  }
  if (Array.isArray(known) && Array.isArray(fetched) && known.length > 0) {
    return overList(known as readonly Json[], fetched as readonly Json[])
  }
  return fetched
}

function overObject(known: JsonObject, fetched: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => [
      name,
      overlay(value, Object.hasOwn(fetched, name) ? fetched[name] : undefined),
    ]),
  )
}

/** Elements with ids are compared by them, others by their place. The order is the fetched one's. */
function overList(known: readonly Json[], fetched: readonly Json[]): readonly Json[] {
  const byId = new Map(
    known.flatMap((one) => (isObject(one) && isId(one['id']) ? [[String(one['id']), one] as const] : [])),
  )
  const sample = known.find(isObject)
  return fetched.map((one, at) => {
    const counterpart = isObject(one) && isId(one['id']) ? byId.get(String(one['id'])) : known[at]
    if (counterpart !== undefined) return overlay(counterpart, one)
    // A new one has the fields its like have.
    if (sample === undefined || !isObject(one)) return one
    return Object.fromEntries(Object.entries(one).filter(([name]) => Object.hasOwn(sample, name)))
  })
}

function isOther(known: JsonObject, fetched: JsonObject): boolean {
  return isId(known['id']) && isId(fetched['id']) && !same(known['id'], fetched['id'])
}

function same(a: Json, b: Json): boolean {
  if (a === b || (isNothing(a) && isNothing(b))) return true
  if (isId(a) && isId(b) && typeof a !== typeof b) return String(a).trim() === String(b).trim()
  return typeof a === 'string' && typeof b === 'string' && sameInstant(a, b)
}

/** Equal as far as the coarser of the two goes. */
function sameInstant(a: string, b: string): boolean {
  const [left, right] = [instantOf(a), instantOf(b)]
  if (left === undefined || right === undefined) return false
  return (
    Math.floor(left / 1_000_000) === Math.floor(right / 1_000_000) &&
    (left === right || left % 1_000_000 === 0 || right % 1_000_000 === 0)
  )
}

/** A time of day must be there: "2026" and "2026-01-01" may be anything. */
function instantOf(text: string): number | undefined {
  return /\d[T ]\d/.test(text) ? parseInstant(text)?.micros : undefined
}

function isId(value: Json | undefined): value is string | number {
  return typeof value === 'number'
    ? Number.isInteger(value)
    : typeof value === 'string' && /^\s*\S{1,200}\s*$/.test(value)
}
