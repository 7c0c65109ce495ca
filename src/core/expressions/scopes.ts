import { answersOf } from './answers.ts'
import type { JoinedRoot, Scope, Tables } from './expressions.ts'
import { joinKey, referenceOf } from '../records/joins.ts'
import { readOwn } from './paths.ts'
import { comparePositions } from '../positions.ts'
import type { BevyRecord, Head, Json, JsonObject, Position } from '../types.ts'

/** What a scope is made of. */
export interface ScopeInput {
  /** With its position where one is known: it tells whether the chapter inside an event is newer than the chapter's head. */
  readonly record: BevyRecord & { readonly position?: Position }
  readonly before?: JsonObject | undefined
  /** The heads found for the keys of `joinKeys`, by key; the chapter may be known only to the event. What is not in it counts as not arrived. */
  readonly heads: ReadonlyMap<string, Head>
  /** `receivedAt` in milliseconds since 1970. */
  readonly delivery: { readonly seq: number; readonly receivedAt: number }
  /** The config's time zone. */
  readonly timezone?: string | undefined
  /** The config's lookup tables. */
  readonly tables?: Tables | undefined
}

/**
 * What expressions see of a record. For an event, `event` is itself. `chapter` is the newest of the chapter's head and the
 * chapter inside the event; fields the newest lacks come from the other. What has not arrived is a stub `{ id }` and stands in
 * `waiting` with the key it waits for.
 */
export function buildScope({ record, before, heads, delivery, timezone, tables }: ScopeInput): Scope {
  const { type, data } = record
  const position = record.position ?? { seq: delivery.seq, n: 0 }
  const event = own('event', record, position) ?? joined('event', record, heads)
  const chapter = own('chapter', record, position) ?? chapterOf(record, event, heads)
  const user = own('user', record, position) ?? joined('user', record, heads)
  const waiting: Partial<Record<JoinedRoot, string>> = {}
  if (event?.waitsFor !== undefined) waiting.event = event.waitsFor
  if (chapter?.waitsFor !== undefined) waiting.chapter = chapter.waitsFor
  if (user?.waitsFor !== undefined) waiting.user = user.waitsFor
  // Assigned, not spread: this is made once per record.
  const scope: { -readonly [Field in keyof Scope]: Scope[Field] } = {
    type,
    record: data,
    changed: before === undefined ? [] : changedFields(before, data),
    answers: answersOf(data),
    delivery: { seq: delivery.seq, receivedAt: new Date(delivery.receivedAt).toISOString() },
    waiting,
  }
  if (before !== undefined) scope.before = before
  if (event?.data !== undefined) scope.event = event.data
  if (chapter?.data !== undefined) scope.chapter = chapter.data
  if (user?.data !== undefined) scope.user = user.data
  if (timezone !== undefined) scope.timezone = timezone
  if (tables !== undefined) scope.tables = tables
  return scope
}

/** A joined root as far as it is known. */
interface Found {
  readonly data?: JsonObject
  readonly position?: Position
  /** The key of the head that would tell more. */
  readonly waitsFor?: string
}

function own(root: JoinedRoot, { type, data }: BevyRecord, position: Position): Found | undefined {
  return type === root ? { data, position } : undefined
}

/** The head; else what the record carries inside, when that is more than an id; else a stub that waits. */
function joined(
  root: 'event' | 'user',
  { type, data }: BevyRecord,
  heads: ReadonlyMap<string, Head>,
): Found | undefined {
  const key = joinKey(type, data, root)
  return key === undefined ? undefined : (heads.get(key) ?? inside(data, root, key))
}

function chapterOf(record: BevyRecord, event: Found | undefined, heads: ReadonlyMap<string, Head>): Found | undefined {
  const fromRecord = joinKey(record.type, record.data, 'chapter')
  const key = fromRecord ?? (event?.data === undefined ? undefined : joinKey('event', event.data, 'chapter'))
  // Only the event can tell which chapter it is.
  if (key === undefined) return event?.waitsFor === undefined ? undefined : { waitsFor: event.waitsFor }
  const head: Found | undefined = heads.get(key)
  const carried = event?.data !== undefined ? inside(event.data, 'chapter', key) : undefined
  if (carried === undefined || carried.waitsFor !== undefined) {
    return head ?? (record.type === 'event' ? carried : inside(record.data, 'chapter', key))
  }
  if (head?.position === undefined || head.data === undefined) return carried
  const carriedIsNewer = event?.position !== undefined && comparePositions(event.position, head.position) > 0
  return { data: carriedIsNewer ? { ...head.data, ...carried.data } : { ...carried.data, ...head.data } }
}

/** An object inside another, when it is the one meant and more than its id. */
function inside(data: JsonObject, root: JoinedRoot, key: string): Found {
  const object = readOwn(data, root)
  if (isObject(object) && Object.keys(object).length > 1 && joinKey(root, object, root) === key) return { data: object }
  return { data: { id: referenceOf(data, root) ?? key.slice(root.length + 1) }, waitsFor: key }
}

function changedFields(before: JsonObject, after: JsonObject): string[] {
  const names = Object.keys(after).filter((name) => !sameContent(readOwn(before, name), after[name]))
  for (const name of Object.keys(before)) if (!Object.hasOwn(after, name)) names.push(name)
  return names.sort()
}

/** Equal as JSON, the order of keys ignored. */
function sameContent(a: Json | undefined, b: Json | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && sameContent(readOwn(a, key), readOwn(b, key)))
  )
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
