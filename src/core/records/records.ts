/**
 * What is known of Bevy's records, as zod schemas. They note what differs from Bevy's documentation and refuse nothing: a record is
 * usable when it is an object with an id (see bodies.ts). Unknown fields pass, documented ones may be missing, null, `""`, `{}` and `[]`
 * stand for nothing. What Bevy sent is kept as it is; the schemas' own output is not used.
 *
 * Sources: https://help.bevy.com/hc/en-us/articles/20825389601175-Webhook-payloads,
 * https://help.bevy.com/hc/en-us/articles/38500256349463-When-are-webhook-payloads-sent, https://github.com/discourse/discourse-bevy-plugin
 */

import { z } from 'zod'
import { isNothing, isObject } from './bodies.ts'
import { parseInstant } from './instants.ts'
import type { JsonObject, KnownType } from '../types.ts'

const orNothing = (schema: z.ZodType, what: string) =>
  z.union([schema, z.custom((value) => isNothing(value))], { error: `is not ${what}` }).optional()

const id = orNothing(z.union([z.number(), z.string()]), 'an id')
const text = orNothing(z.string(), 'text')
const flag = orNothing(z.boolean(), 'true or false')
const object = orNothing(z.custom(isObject), 'an object')
const list = orNothing(z.array(z.unknown()), 'a list')
const count = orNothing(z.number(), 'a number')
const date = orNothing(
  z.custom((value) => parseInstant(value) !== undefined),
  'a date',
)

/** A registration. */
export const attendeeSchema = z.looseObject({
  attendee_code: text,
  user_id: id,
  event_id: id,
  event_chapter_id: id,
  created_date: date,
  checkin_date: date,
  deleted_date: date,
  status: text,
  first_name: text,
  last_name: text,
  email: text,
  ticket_title: text,
  ticket_audience_type_enum_value: text,
  surveys: object,
})

/** An event, with its chapter embedded. The only type with a version: `updated_ts`. */
export const eventSchema = z.looseObject({
  title: text,
  status: text,
  url: text,
  description_short: text,
  description: text,
  start_date: date,
  end_date: date,
  created_ts: date,
  updated_ts: date,
  publish_date: date,
  event_type_id: id,
  event_type_title: text,
  picture: object,
  venue_name: text,
  venue_address: text,
  venue_city: text,
  venue_zip_code: text,
  get_event_address: text,
  key_persons: list,
  allows_cohosting: flag,
  published_by_full_name: text,
  published_by: object,
  chapter: object,
  tickets: list,
  is_hidden: flag,
  is_test: flag,
  total_attendees: count,
  checkin_count: count,
})

/** A chapter. */
export const chapterSchema = z.looseObject({
  title: text,
  description: text,
  chapter_location: text,
  city: text,
  state: text,
  country: text,
  country_name: text,
  timezone: text,
  url: text,
  relative_url: text,
  hide_country_info: flag,
  logo: object,
  chapter_team: list,
})

/** A membership; how it refers to user and chapter (flat ids or nested objects) is not documented, so both are known. */
export const chaptermemberSchema = z.looseObject({
  user_id: id,
  chapter_id: id,
  user: object,
  chapter: object,
  created_date: date,
  departure_date: date,
})

/** A Bevy account; names of its fields after Bevy's HubSpot mapping and REST API. */
export const userSchema = z.looseObject({
  first_name: text,
  last_name: text,
  email: text,
  joined_date: date,
  deleted_date: date,
  company: text,
  title: text,
  utm_source: text,
  utm_medium: text,
  utm_campaign: text,
  utm_content: text,
  utm_term: text,
})

/** The schemas by type. */
export const recordSchemas: Readonly<Record<KnownType, z.ZodObject>> = {
  attendee: attendeeSchema,
  event: eventSchema,
  chapter: chapterSchema,
  chaptermember: chaptermemberSchema,
  user: userSchema,
}

/** True for a type this project has a schema for. */
export function isKnownType(type: string): type is KnownType {
  return Object.hasOwn(recordSchemas, type)
}

/** At most this many notes are kept of one record. */
const MAX_NOTES = 20

/**
 * Looks at a record and returns what differs from the documentation, one short note each, `field: what`; empty when nothing does
 * or the type is unknown. Quotes nothing of the record. Notes never change a verdict.
 */
export function noteRecord(type: string, data: JsonObject): readonly string[] {
  if (!isKnownType(type)) return []
  const schema = recordSchemas[type]
  const checked = schema.safeParse(data)
  const notes = checked.success ? [] : checked.error.issues.map((issue) => `${String(issue.path[0])}: ${issue.message}`)
  for (const field of dateFields[type] ?? []) {
    if (parseInstant(data[field])?.assumedUtc === true) notes.push(`${field}: has no zone, taken as UTC`)
  }
  return notes.slice(0, MAX_NOTES)
}

const dateFields = Object.fromEntries(
  Object.entries(recordSchemas).map(([type, schema]) => [
    type,
    Object.keys(schema.shape).filter((field) => schema.shape[field] === date),
  ]),
) as Partial<Record<KnownType, readonly string[]>>

/** A version may lie this much after the receipt, for clocks that differ. Milliseconds. */
const MAX_AHEAD = 24 * 60 * 60 * 1000

/**
 * The version of a record: `updated_ts` of an event in microseconds since 1970; null for other types, and where it is missing,
 * unreadable or more than a day after the receipt (milliseconds since 1970): then the note says so.
 */
export function versionOf(
  type: string,
  data: JsonObject,
  receivedAt: number,
): { readonly version: number | null; readonly note?: string } {
  if (type !== 'event') return { version: null }
  const stamp = data['updated_ts']
  if (stamp === undefined || isNothing(stamp)) return { version: null, note: 'updated_ts: missing, no version' }
  const instant = parseInstant(stamp)
  // That it is no date, the schema notes.
  if (instant === undefined) return { version: null }
  if (instant.micros > (receivedAt + MAX_AHEAD) * 1000) {
    return { version: null, note: 'updated_ts: lies in the future, no version' }
  }
  return { version: instant.micros }
}

/** The e-mail addresses a record is found by (its own, and that of the user nested in it), trimmed, lower case, each once. */
export function emailsOf(data: JsonObject): readonly string[] {
  const user = data['user']
  const found = [data['email'], isObject(user) ? user['email'] : undefined]
  const emails = found.filter((email): email is string => typeof email === 'string').map(normalEmail)
  return [...new Set(emails)].filter((email) => email !== '')
}

/** An e-mail address as it is compared: trimmed, lower case. */
export function normalEmail(email: string): string {
  return email.trim().toLowerCase()
}
