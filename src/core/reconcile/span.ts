/** Spans of time, and which records and events they are about. */

import { parseInstant } from '../records/instants.ts'
import type { Json, JsonObject, KnownType } from '../types.ts'

/** Milliseconds since 1970, both included; `since` null: from the beginning. */
export interface Span {
  readonly since: number | null
  readonly until: number
}

const NEWS: Partial<Record<KnownType, readonly string[]>> = {
  attendee: ['created_date', 'checkin_date', 'deleted_date'],
  event: ['created_ts', 'updated_ts', 'publish_date'],
  chaptermember: ['created_date', 'departure_date'],
}

/** How long after its end an event's attendees still change: people are checked in afterwards from lists. */
const AFTERWARDS = 30 * 86_400_000

/** When the newest of what a record tells of itself happened; undefined where it does not say. */
export function newsTime(type: KnownType, data: JsonObject): number | undefined {
  const times = (NEWS[type] ?? []).map((field) => millis(data[field])).filter((at) => at !== undefined)
  return times.length === 0 ? undefined : Math.max(...times)
}

/** True also for what has no time of its own. */
export function isWithin(at: number | undefined, { since, until }: Span): boolean {
  return at === undefined || ((since === null || at >= since) && at <= until)
}

/** Whether attendees of this event may have come or changed in the span. */
export function mayHaveNews(event: JsonObject, { since, until }: Span): boolean {
  const created = millis(event['created_ts'])
  if (created !== undefined && created > until) return false
  const end = millis(event['end_date']) ?? millis(event['start_date'])
  const touched = millis(event['updated_ts'])
  if (since === null || end === undefined) return true
  return end + AFTERWARDS >= since || (touched !== undefined && touched >= since)
}

function millis(value: Json | undefined): number | undefined {
  const instant = parseInstant(value)
  return instant === undefined ? undefined : Math.floor(instant.micros / 1000)
}
