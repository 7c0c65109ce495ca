/** Takes a person out of what a destination keeps in the store, while nothing of it runs. All of it may be repeated. */

import { formatPosition } from '../core/positions.ts'
import type { Store, StoreOp } from '../core/ports.ts'
import type { Json, JsonObject } from '../core/types.ts'
import { isTheirs, type Person } from '../core/erasure/person.ts'
import { redactJson, withoutAddresses } from '../core/erasure/redact.ts'
import { cursorDocument, deadDocument, exceptionDocument, keys, parseDocument, sentDocument } from './documents.ts'
import { idOf } from './ledger-read.ts'

/** What the index has erased. */
export interface IndexGone {
  /** `seq.n` */
  readonly positions: ReadonlySet<string>
  /** Keys whose head was the person's, or that have none. */
  readonly ownHeads: ReadonlySet<string>
}

/** How much of what. */
export interface DestinationErased {
  waiting: number
  dead: number
  sent: number
  state: number
}

/** The refs a destination has left for these records; to be kept until it was told. */
export async function readRefs(
  store: Store,
  slot: string,
  records: readonly string[],
): Promise<{ readonly key: string; readonly ref?: Json }[]> {
  const documents = await store.getMany(records.map((key) => keys.sent(slot, key)))
  return records.flatMap((key, at) => {
    const document = documents[at]
    if (document === undefined) return []
    const { ref } = parseDocument(sentDocument, keys.sent(slot, key), document)
    return [{ key, ...(ref === undefined ? {} : { ref: ref as Json }) }]
  })
}

/** @param ownState the plugin takes the person out of its state itself */
export async function eraseAtDestination(
  store: Store,
  slot: string,
  person: Person,
  gone: IndexGone,
  ownState: boolean,
): Promise<{ readonly ops: StoreOp[]; readonly erased: DestinationErased }> {
  const erased: DestinationErased = { waiting: 0, dead: 0, sent: 0, state: 0 }
  const ops: StoreOp[] = []
  const remove = (key: string): void => void ops.push({ op: 'remove', key })
  const clean = (key: string, document: unknown): void => {
    const left = withoutPerson(document, person)
    if (left !== document) ops.push({ op: 'set', key, value: left })
  }
  const isGone = (key: string, position: { seq: number; n: number }): boolean =>
    gone.positions.has(formatPosition(position)) || (person.keys.has(key) && gone.ownHeads.has(key))

  for (const [key, document] of await readAll(store, keys.exceptions(slot))) {
    const exception = parseDocument(exceptionDocument, key, document)
    const { copy } = exception
    const theirs = copy !== undefined && isTheirs(person, exception.type, exception.key, copy as JsonObject)
    if (!theirs && !isGone(exception.key, exception.position)) {
      clean(key, document)
      continue
    }
    remove(key)
    erased.waiting++
  }
  for (const [key, document] of await readAll(store, keys.dead(slot))) {
    const { key: record, type, position, data } = parseDocument(deadDocument, key, document)
    const theirs = data !== null && isTheirs(person, type, record, data as JsonObject)
    if (!theirs && !isGone(record, position)) {
      clean(key, document)
      continue
    }
    remove(key)
    remove(`${keys.awaiting(slot)}:${idOf(key)}`)
    erased.dead++
  }
  for (const prefix of [keys.discarded(slot), keys.replays(slot)]) {
    for (const [key, document] of await readAll(store, prefix)) clean(key, document)
  }
  for (const key of [keys.pause(slot), keys.down(slot)]) {
    const document = await store.get(key)
    if (document !== undefined) clean(key, document)
  }

  const lanes = [...person.emails, ...[...person.users].map((id) => `key:${id}`)].map((lane) => `:lane:${lane}`)
  const own = [...person.keys].filter((key) => gone.ownHeads.has(key))
  const sent = [...own, ...lanes].map((key) => keys.sent(slot, key))
  const there = await store.getMany(sent)
  for (const [at, document] of there.entries()) {
    if (document === undefined) continue
    remove(sent[at] as string)
    if (at < own.length) erased.sent++
  }
  if (!ownState) {
    for (const [key, document] of await readAll(store, keys.state(slot))) {
      const { key: name } = document as { readonly key: string }
      const named = own.some((record) => name === record || name.endsWith(`:${record}`))
      if (!named && withoutPerson(document, person) === document) continue
      remove(key)
      erased.state++
    }
  }
  const cursor = await store.get(keys.cursor(slot))
  // A cursor that cannot be read stops its destination by itself.
  const parsed = cursorDocument.safeParse(cursor)
  if (parsed.success) {
    const { counts } = parsed.data
    const skipped = Object.entries(counts.skipped).map(([reason, count]) => [withoutAddresses(reason, person), count])
    const before = counts.skipped[SKIPPED] ?? 0
    const next = Object.fromEntries(skipped) as Record<string, number>
    if (erased.waiting > 0) next[SKIPPED] = before + erased.waiting
    const value = { ...parsed.data, counts: { ...counts, skipped: next } }
    if (JSON.stringify(next) !== JSON.stringify(counts.skipped)) ops.push({ op: 'set', key: keys.cursor(slot), value })
  }
  return { ops, erased }
}

/** What jobs that waited for something are counted as. */
const SKIPPED = 'erased'

/** A document without the person: mentions, and their addresses in any text. */
function withoutPerson(document: unknown, person: Person): unknown {
  return redactJson(document, person)
}

async function readAll(store: Store, prefix: string): Promise<[string, unknown][]> {
  const found = await store.keys(prefix)
  const documents = await store.getMany(found)
  return found.map((key, at) => [key, documents[at]])
}
