/** Takes a person out of heads, e-mail lookup and quarantine. */

import { isObject } from '../core/records/bodies.ts'
import { contentHash } from '../core/records/exact-json.ts'
import { isShared, isSpared, isTheirs, learn, type Person } from '../core/erasure/person.ts'
import { ownRecords, redactJson } from '../core/erasure/redact.ts'
import type { Store, StoreOp } from '../core/ports.ts'
import type { Json } from '../core/types.ts'
import {
  DECIDED,
  headDocument,
  headKey,
  mailDocument,
  mailPrefix,
  QUARANTINE,
  quarantineDocument,
  readDocument,
} from './documents.ts'
import type { Places } from '../core/erasure/places.ts'
import type { IndexErased } from './erase.ts'

const PAGE = 200

/** A document as it is stored. */
export async function readText(store: Store, key: string): Promise<string | undefined> {
  const raw = await store.getRaw(key)
  return raw === undefined ? undefined : new TextDecoder().decode(raw)
}

async function* pages(store: Store, prefix: string): AsyncGenerator<string[]> {
  for (let after: string | undefined; ;) {
    const keys = await store.keys(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) })
    if (keys.length === 0) return
    yield keys
    after = keys.at(-1)
  }
}

/** Looks through heads and quarantine, and learns. */
export async function searchDocuments(
  store: Store,
  person: Person,
  sieve: (text: string) => boolean,
  places: Places,
  signal: AbortSignal,
) {
  for await (const keys of pages(store, 'head')) {
    signal.throwIfAborted()
    const texts = await Promise.all(keys.map((key) => readText(store, key)))
    for (const [at, text] of texts.entries()) {
      if (text === undefined || !sieve(text)) continue
      const { type, id, data } = readDocument(headDocument, keys[at] ?? '', JSON.parse(text) as unknown)
      const key = `${type}:${id}`
      const theirs = isTheirs(person, type, key, data)
      if (theirs) learn(person, type, key, data)
      else if (person.keys.has(key) && !isSpared(person, data)) places.foreign.add(key)
      if (isShared(person, type, data) && !theirs) person.shared.add(key)
      if (!theirs && redactJson(data, person) === data) continue
      places.heads.add(key)
    }
  }
  for await (const keys of pages(store, QUARANTINE)) {
    for (const document of await store.getMany(keys)) {
      const { data, type } = readDocument(quarantineDocument, QUARANTINE, document)
      if (isObject(data) && ownRecords(person)(0, type, data)) learn(person, type ?? '', undefined, data)
    }
  }
}

/** Changes of these heads; those that are theirs go. */
export async function headOps(
  store: Store,
  person: Person,
  keys: readonly string[],
  done: IndexErased,
): Promise<StoreOp[]> {
  const documents = await store.getMany(keys.map(headKey))
  return documents.flatMap((document, at): StoreOp[] => {
    const key = keys[at] as string
    // One that went in an earlier try counts as theirs.
    if (document === undefined) {
      done.ownHeads.add(key)
      return []
    }
    const head = readDocument(headDocument, headKey(key), document)
    if (isTheirs(person, head.type, key, head.data)) {
      done.ownHeads.add(key)
      done.heads++
      return [{ op: 'remove', key: headKey(key) }]
    }
    if (isShared(person, head.type, head.data)) return []
    const data = redactJson(head.data, person)
    if (data === head.data) return []
    done.mentions++
    return [{ op: 'set', key: headKey(key), value: { ...head, data, hash: contentHash(data) } }]
  })
}

/** Changes of the lookup by e-mail. */
export async function mailOps(store: Store, person: Person, done: IndexErased): Promise<StoreOp[]> {
  const ops: StoreOp[] = []
  for (const email of person.emails) {
    const keys = await store.keys(mailPrefix(email))
    const documents = await store.getMany(keys)
    for (const [at, document] of documents.entries()) {
      const { key } = readDocument(mailDocument, mailPrefix(email), document)
      if (!person.keys.has(key)) continue
      ops.push({ op: 'remove', key: keys[at] as string })
      done.emails++
    }
  }
  return ops
}

/** Changes of the quarantine. */
export async function quarantineOps(store: Store, person: Person, done: IndexErased): Promise<StoreOp[]> {
  const ops: StoreOp[] = []
  for await (const keys of pages(store, QUARANTINE)) {
    const documents = await store.getMany(keys)
    for (const [at, document] of documents.entries()) {
      const key = keys[at] as string
      const item = readDocument(quarantineDocument, key, document)
      if (item.data === undefined) continue
      const own = ownRecords(person)(0, item.type, item.data as Json)
      const data = own ? undefined : redactJson(item.data, person)
      if (data === item.data) continue
      done.quarantine++
      ops.push(own ? { op: 'remove', key } : { op: 'set', key, value: { ...item, data } })
    }
  }
  // Why a person has discarded something is in their own words.
  for await (const keys of pages(store, DECIDED)) {
    const documents = await store.getMany(keys)
    for (const [at, document] of documents.entries()) {
      const value = redactJson(document, person)
      if (value !== document) ops.push({ op: 'set', key: keys[at] as string, value })
    }
  }
  return ops
}
