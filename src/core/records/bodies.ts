/** From the JSON of a body to its records, tolerant of every shape that still says what is what. */

import type { BevyRecord, Json, JsonObject } from '../types.ts'

/** Why a body or record cannot be used: a stable code, and a sentence that quotes nothing of it. */
export interface Problem {
  /** `ERR_BODY_…` or `ERR_RECORD_…`. */
  readonly code: string
  readonly reason: string
}

/** One thing found in a body; `n` is its running number, from 1. */
export type BodyItem =
  | { readonly state: 'record'; readonly n: number; readonly record: BevyRecord }
  | {
      readonly state: 'problem'
      readonly n: number
      readonly problem: Problem
      /** Where the envelope has a readable one. */
      readonly type?: string
      /** What was found, whole. */
      readonly data: Json
    }

/** What a body comes to: its records one by one, or nothing usable at all. */
export type SplitBody =
  | { readonly state: 'items'; readonly items: readonly BodyItem[] }
  | { readonly state: 'unusable'; readonly problem: Problem }

/** Bevy sends 500 at most; a body with more than this is no list of records. */
export const MAX_RECORDS = 50_000

const MAX_ID = 200
// No colon, so that keys are unambiguous; no `@`, since types are printed in logs and alerts.
const TYPE = /^[\p{L}\p{N}][\p{L}\p{N} ._/-]{0,99}$/u

/**
 * Splits a body into records. The usual form is an array of envelopes `{ type, data: […] }`; one envelope by itself and one record
 * by itself as `data` are understood too, and null, `""`, `{}` and `[]` as `data` mean no records. A record needs an object with an
 * `id`: a number, or a string of up to 200 characters (trimmed). What does not fit becomes a problem of its own; when not one envelope
 * is found, the whole body does.
 */
export function splitBody(json: Json): SplitBody {
  if (typeof json !== 'object' || json === null) return unusable('the body is neither an object nor an array')
  const envelopes: readonly Json[] = Array.isArray(json) ? json : [json]
  if (envelopes.length > 0 && !envelopes.some(isEnvelope)) {
    return unusable('the body holds no envelope, an object with `type` and `data`')
  }
  const items: BodyItem[] = []
  for (const envelope of envelopes) {
    const found = isEnvelope(envelope) ? recordsOf(envelope['data'] ?? null) : [envelope]
    if (items.length + found.length > MAX_RECORDS) {
      return unusable(`the body holds more than ${MAX_RECORDS} records`, 'ERR_BODY_TOO_MANY')
    }
    for (const data of found) items.push(toItem(envelope, data, items.length + 1))
  }
  return { state: 'items', items }
}

/** True for a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** True for what Bevy and its neighbours write for "nothing": null, `""`, `{}`, `[]`. */
export function isNothing(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0)
}

function toItem(envelope: Json, data: Json, n: number): BodyItem {
  if (!isEnvelope(envelope)) {
    return problem(n, data, 'ERR_RECORD_ENVELOPE', 'it stands in no envelope, an object with `type` and `data`')
  }
  const type = typeof envelope['type'] === 'string' ? envelope['type'].trim() : ''
  if (!TYPE.test(type)) return problem(n, data, 'ERR_RECORD_TYPE', 'the `type` of its envelope is not a name')
  if (!isObject(data)) return { ...problem(n, data, 'ERR_RECORD_SHAPE', 'it is not an object'), type }
  const id = idOf(data['id'])
  if (id === undefined) {
    const reason = `it has no \`id\` that is a number or a string of up to ${MAX_ID} characters`
    return { ...problem(n, data, 'ERR_RECORD_ID', reason), type }
  }
  return { state: 'record', n, record: { type, id, key: `${type}:${id}`, data } }
}

function isEnvelope(json: Json): json is JsonObject {
  return isObject(json) && Object.hasOwn(json, 'type') && Object.hasOwn(json, 'data')
}

function recordsOf(data: Json): readonly Json[] {
  if (isNothing(data)) return []
  return Array.isArray(data) ? data : [data]
}

function idOf(id: Json | undefined): string | undefined {
  if (typeof id === 'number') return Number.isFinite(id) ? String(id) : undefined
  if (typeof id !== 'string') return undefined
  const text = id.trim()
  // Keys are hashed as UTF-8, in which all broken characters are one.
  return text === '' || text.length > MAX_ID || /\p{Cc}/u.test(text) || !text.isWellFormed() ? undefined : text
}

function problem(n: number, data: Json, code: string, reason: string): BodyItem & { readonly state: 'problem' } {
  return { state: 'problem', n, problem: { code, reason }, data }
}

function unusable(reason: string, code = 'ERR_BODY_SHAPE'): SplitBody {
  return { state: 'unusable', problem: { code, reason } }
}
