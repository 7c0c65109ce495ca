/** What a fetched record is to the heads: the same, another state, or one that is missing. */

import { canonical } from '../records/exact-json.ts'
import { isObject } from '../records/bodies.ts'
import { parseInstant } from '../records/instants.ts'
import { comparePositions } from '../positions.ts'
import type { Head, Json, JsonObject, KnownType, Position } from '../types.ts'
import type { StoredHead } from '../records/versions.ts'
import { CALCULATED, documentedFields, fromRest, type RestContext } from './from-rest.ts'
import { overlay } from './overlay.ts'
import { isWithin, newsTime, type Span } from './span.ts'

/** The judgement. `data` is the state to take in, in the shape of a webhook. */
export type Judged =
  | { readonly state: 'same' }
  | { readonly state: 'differs'; readonly data: JsonObject }
  | { readonly state: 'missing'; readonly data: JsonObject }
  /** Missing, and its own time lies outside of the span. */
  | { readonly state: 'outside' }
  /** What is known came while this was fetched, or says itself that it is newer. */
  | { readonly state: 'newer' }
  /** Without an id. */
  | { readonly state: 'unusable' }

/** Names of the judgements. */
export type Judgement = Judged['state']

interface Fetched {
  readonly type: KnownType
  readonly data: JsonObject
  readonly head: Head | undefined
  /** The end of the journal when the fetch began. */
  readonly asOf: Position
  readonly context?: RestContext
  /** Absent: any time. */
  readonly span?: Span | undefined
}

/** A newer stamp alone is no news: it moves with what is calculated too. */
const SILENT: readonly string[] = [...CALCULATED, 'updated_ts']

/** Judges one record. */
export function judge({ type, data: raw, head, asOf, context, span }: Fetched): Judged {
  const data = fromRest(type, raw, head?.data, context)
  if (head === undefined) {
    if (span !== undefined && !isWithin(newsTime(type, data), span)) return { state: 'outside' }
    return { state: 'missing', data: documentedFields(type, data) }
  }
  const { asOf: known = head.position } = head as StoredHead
  if (comparePositions(known, asOf) > 0) return { state: 'newer' }
  const own = type === 'event' ? parseInstant(data['updated_ts'])?.micros : undefined
  if (own !== undefined && head.version !== null && own < head.version && !isSameSecond(own, head.version)) {
    return { state: 'newer' }
  }
  const state = overlay(head.data, data)
  if (!isObject(state) || sameBut(SILENT, state, head.data)) return { state: 'same' }
  return { state: 'differs', data: { ...state, id: head.data['id'] as Json } }
}

/** One of the two stamps may have been cut to seconds. */
function isSameSecond(a: number, b: number): boolean {
  return Math.floor(a / 1_000_000) === Math.floor(b / 1_000_000) && (a % 1_000_000 === 0 || b % 1_000_000 === 0)
}

function sameBut(ignored: readonly string[], a: JsonObject, b: JsonObject): boolean {
  const rest = (data: JsonObject): JsonObject =>
    Object.fromEntries(Object.entries(data).filter(([name]) => !ignored.includes(name)))
  return canonical(rest(a)) === canonical(rest(b))
}
