/**
 * From a record as Bevy's REST API gives it to the shape its webhooks have. What the API calls or nests otherwise is put where a
 * webhook has it; what it does not tell stays absent.
 */

import { parseInstant } from '../records/instants.ts'
import { isNothing, isObject } from '../records/bodies.ts'
import { recordSchemas } from '../records/records.ts'
import type { Json, JsonObject, KnownType } from '../types.ts'

/** What a list is of: the API may leave out of its records what they were asked by. */
export interface RestContext {
  readonly event?: string | undefined
  readonly chapter?: string | undefined
}

/** Dates webhooks write with whole seconds, the API with six decimals. */
const DATES: Partial<Record<KnownType, readonly string[]>> = {
  attendee: ['created_date', 'checkin_date', 'deleted_date'],
  chaptermember: ['created_date', 'departure_date'],
}

/** Calculated by Bevy: webhooks are not sent for them, and they change all the time. */
export const CALCULATED: readonly string[] = ['total_attendees', 'checkin_count']

/** The record as a webhook would carry it, all fields of the API kept. `known` is the state that is known already. */
export function fromRest(
  type: KnownType,
  fetched: JsonObject,
  known?: JsonObject,
  context: RestContext = {},
): JsonObject {
  const data: Record<string, Json> = { ...fetched }
  if (type === 'attendee') {
    refer(data, 'event_id', data['event'], context.event)
    refer(data, 'user_id', data['user'])
    refer(data, 'event_chapter_id', isObject(data['event']) ? data['event']['chapter'] : undefined)
    const status = statusOf(data, known)
    if (status !== undefined) data['status'] = status
    // Webhooks never mask it; the API may.
    if (typeof data['email'] === 'string' && data['email'].includes('*')) delete data['email']
  }
  if (type === 'chaptermember') {
    refer(data, 'chapter_id', data['chapter'], context.chapter)
    refer(data, 'user_id', data['user'])
  }
  if (type === 'event' && isId(data['chapter'])) data['chapter'] = { id: data['chapter'] }
  for (const field of DATES[type] ?? []) if (field in data) data[field] = wholeSeconds(data[field] as Json)
  return data
}

/** Of a record nothing is known of: the fields Bevy documents for its webhooks, so that it looks like one that came by webhook. */
export function documentedFields(type: KnownType, data: JsonObject): JsonObject {
  const names = Object.keys(recordSchemas[type].shape)
  return Object.fromEntries(
    ['id', ...names].flatMap((name): [string, Json][] => {
      const value = data[name]
      return value === undefined || CALCULATED.includes(name) ? [] : [[name, value]]
    }),
  )
}

/** Fills in an id the record carries as an object or by itself. */
function refer(data: Record<string, Json>, field: string, carried: Json | undefined, asked?: string): void {
  if (isId(data[field])) return
  const id = isObject(carried) ? carried['id'] : carried
  if (isId(id)) data[field] = id
  else if (asked !== undefined && data[field] === undefined)
    data[field] = /^\d{1,15}$/.test(asked) ? Number(asked) : asked
}

/**
 * An attendee's status where the API has none. A date of cancellation that was known before says nothing: one who registers again
 * keeps it.
 */
function statusOf(data: JsonObject, known: JsonObject | undefined): string | undefined {
  const { status, is_checked_in: isCheckedIn, checkin_date: checkedIn, deleted_date: deleted } = data
  if (typeof status === 'string' && status !== '') return status
  if (isCheckedIn === true || (isCheckedIn === undefined && isDate(checkedIn))) return 'checked-in'
  if (isCheckedIn === undefined && checkedIn === undefined && deleted === undefined) return undefined
  if (!isDate(deleted)) return 'registered'
  const before = known?.['status']
  if (typeof before === 'string' && sameSecond(deleted, known?.['deleted_date']))
    return before === 'checked-in' ? 'registered' : before
  return 'deleted'
}

function isDate(value: Json | undefined): boolean {
  return value !== undefined && !isNothing(value) && parseInstant(value) !== undefined
}

function sameSecond(a: Json | undefined, b: Json | undefined): boolean {
  const [left, right] = [parseInstant(a), parseInstant(b)]
  return left !== undefined && right !== undefined && seconds(left.micros) === seconds(right.micros)
}

function wholeSeconds(value: Json): Json {
  const instant = parseInstant(value)
  if (instant === undefined) return value
  return `${new Date(seconds(instant.micros) * 1000).toISOString().slice(0, 19)}Z`
}

const seconds = (micros: number): number => Math.floor(micros / 1_000_000)

function isId(value: Json | undefined): value is string | number {
  return typeof value === 'number' ? Number.isInteger(value) : typeof value === 'string' && value.trim() !== ''
}
