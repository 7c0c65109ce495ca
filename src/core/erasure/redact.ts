/** Takes a person out of JSON text: their records become `{ id, erased }`, mentions of them in other records go; all else keeps its bytes. */

import { isNothing } from '../records/bodies.ts'
import { parseExact } from '../records/exact-json.ts'
import type { Json, JsonObject } from '../types.ts'
import { normalEmail } from '../records/records.ts'
import { applyEdits, entryOf, parseTree, type Edit, type Node } from './json-tree.ts'
import { isErased, isShared, isSpared, isTheirs, normalName, type Person } from './person.ts'

/** What became of a text. */
export interface Redacted {
  readonly text: string
  /** Running numbers of the records that are no more than `{ id, erased }` now. */
  readonly erased: readonly number[]
  /** Running numbers of records that were no more than that before. */
  readonly before: readonly number[]
  /** Running numbers of other records that mentioned the person. */
  readonly mentions: readonly number[]
}

/** What stands where an address stood. */
const GONE = 'erased'
const NAME_FIELD = /(?:^|_)full_name$/

/**
 * Redacts the text of a body. Running numbers stay as `splitBody` gives them. `isOwn` is asked for each record, with its data as
 * `parseExact` reads it.
 */
export function redactBody(
  text: string,
  person: Person,
  isOwn: (n: number, type: string | undefined, data: Json) => boolean,
): Redacted {
  const json = parseExact(text)
  const tree = parseTree(text)
  const edits: Edit[] = []
  const erased: number[] = []
  const before: number[] = []
  const mentions: number[] = []
  let n = 0
  const record = (node: Node, data: Json, type: string | undefined): void => {
    n++
    if (isErased(data)) return void before.push(n)
    if (isOwn(n, type, data)) {
      edits.push(stubOf(text, node))
      erased.push(n)
      return
    }
    if (isShared(person, type, data) || isSpared(person, data)) return
    const found = mentionsBelow(text, node, person)
    edits.push(...found)
    if (found.length > 0) mentions.push(n)
  }
  const isList = Array.isArray(json)
  const envelopes = isList ? (json as readonly Json[]) : [json]
  const nodes = isList && tree.kind === 'array' ? tree.items : [tree]
  for (const [index, envelope] of envelopes.entries()) {
    const node = nodes[index] as Node
    const data = entryOf(node, 'data')
    if (data === undefined || entryOf(node, 'type') === undefined) {
      record(node, envelope, undefined)
      continue
    }
    const { type, data: content = null } = envelope as JsonObject
    const name = typeof type === 'string' ? type.trim() : undefined
    if (!isNothing(content)) {
      const items = data.kind === 'array' ? data.items : [data]
      const values = Array.isArray(content) ? (content as readonly Json[]) : [content]
      for (const [at, item] of items.entries()) record(item, values[at] ?? null, name)
    }
    // Whatever else stands in the envelope: a second `data`, which nobody reads, or something of Bevy's.
    if (node.kind === 'object') {
      for (const [, other] of node.entries) if (other !== data) edits.push(...mentionsIn(text, other, person, ''))
    }
  }
  return { text: applyEdits(text, edits), erased, before, mentions }
}

/** Takes mentions of a person out of a document; the same object when there are none. */
export function redactJson<T>(value: T, person: Person): T {
  const text = JSON.stringify(value)
  if (text === undefined) return value
  const edits = mentionsBelow(text, parseTree(text), person)
  return edits.length === 0 ? value : (JSON.parse(applyEdits(text, edits)) as T)
}

/** True when a text may speak of the person: a sieve that costs less than a look. */
export function createSieve({ users, emails, names, keys }: Person): (text: string) => boolean {
  const words = [...emails, ...names].map(escaped)
  const ids = [...users, ...[...keys].map((key) => key.slice(key.indexOf(':') + 1))].map(escaped)
  const byId = ids.length === 0 ? [] : [`"(?:user_)?id"\\s*:\\s*"?\\s*(?:${ids.join('|')})(?!\\w)`]
  const all = [...words, ...byId]
  if (all.length === 0) return () => false
  const pattern = new RegExp(all.join('|'), 'i')
  // Characters may be written as \u0040, and those that must be look different here.
  return (text) => text.includes('\\u') || text.includes('\\"') || pattern.test(text)
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

function stubOf(text: string, node: Node): Edit {
  const id = entryOf(node, 'id')
  const isId = id !== undefined && (id.kind === 'string' || /^-?\d/.test(text.slice(id.start, id.end)))
  const kept = isId ? `"id":${text.slice(id.start, id.end)},` : ''
  return { start: node.start, end: node.end, text: `{${kept}"erased":true}` }
}

/** Replaces objects that are the person, addresses of theirs, and their whole name where a name is expected. */
function mentionsIn(text: string, node: Node, person: Person, field: string): Edit[] {
  switch (node.kind) {
    case 'array':
      return node.items.flatMap((item) => mentionsIn(text, item, person, field))
    case 'object':
      if (isPerson(node, person, field)) return [stubOf(text, node)]
      return node.entries.flatMap(([name, value]) => mentionsIn(text, value, person, name))
    case 'string': {
      const { start, end, value } = node
      if (NAME_FIELD.test(field) && person.names.has(normalName(value))) return [{ start, end, text: '""' }]
      const left = withoutAddresses(value, person)
      return left === value ? [] : [{ start, end, text: JSON.stringify(left) }]
    }
    case 'other':
      return []
  }
}

/** Mentions inside a record or document: it itself is somebody or something else, whatever its id. */
function mentionsBelow(text: string, node: Node, person: Person): Edit[] {
  if (node.kind !== 'object') return mentionsIn(text, node, person, '')
  return node.entries.flatMap(([name, value]) => mentionsIn(text, value, person, name))
}

/** A text without the person's addresses. */
export function withoutAddresses(text: string, { emails }: Pick<Person, 'emails'>): string {
  const lower = text.toLowerCase()
  let result = text
  for (const email of emails) {
    if (!lower.includes(email)) continue
    result = result.replace(new RegExp(escaped(email), 'gi'), GONE)
  }
  return result
}

/** Fields that hold an account, so that an `id` inside is the account's. */
const ACCOUNT_FIELD = /^user$|_by$/

function isPerson(node: Node & { readonly kind: 'object' }, person: Person, field: string): boolean {
  const { emails, users, names } = person
  const textOf = (name: string): string => {
    const found = entryOf(node, name)
    return found?.kind === 'string' ? found.value : ''
  }
  if (emails.has(normalEmail(textOf('email')))) return true
  const account = ACCOUNT_FIELD.test(field) ? entryOf(node, 'id') : entryOf(node, 'user_id')
  if (account !== undefined && users.has(idText(account))) return true
  if (field !== 'key_persons') return false
  // Someone listed at an event, by name or with the account inside: what stands around it (a title, a biography) is theirs too.
  const user = entryOf(node, 'user')
  if (user?.kind === 'object' && isPerson(user, person, 'user')) return true
  return names.has(normalName(`${textOf('first_name')} ${textOf('last_name')}`))
}

function idText(node: Node): string {
  return node.kind === 'string' ? node.value.trim() : node.kind === 'other' ? node.text : ''
}

/** Which of the records of a body are the person's: by position, else by what is in them. */
export function ownRecords(person: Person): (n: number, type: string | undefined, data: Json) => boolean {
  return (_n, type, data) => {
    if (typeof data !== 'object' || data === null || Array.isArray(data)) return false
    const object = data as JsonObject
    const id = object['id']
    const key = typeof id === 'number' || typeof id === 'string' ? `${type ?? ''}:${String(id).trim()}` : undefined
    return isTheirs(person, type ?? '', key, object)
  }
}
