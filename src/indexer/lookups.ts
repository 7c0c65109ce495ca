/** What people look up: records by e-mail address, the history of a record, the quarantine. */

import type { Store } from '../core/ports.ts'
import type { Json, Position, Verdict } from '../core/types.ts'
import type { Quarantined } from './documents.ts'
import {
  ASIDE,
  asideDocument,
  entryDocument,
  entryKey,
  mailDocument,
  mailPrefix,
  QUARANTINE,
  quarantineDocument,
  quarantineKey,
  readDocument,
} from './documents.ts'

/** One sighting of a record. */
export interface Sighting {
  readonly position: Position
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  readonly verdict: Verdict
  readonly version: number | null
  /** What differs from Bevy's documentation. */
  readonly notes: readonly string[]
}

const PAGE = 20

/** Keys of the records that had this e-mail address in some accepted state; case and spaces around do not matter. */
export async function findByMail(store: Store, email: string): Promise<string[]> {
  const places = await store.keys(mailPrefix(email))
  const documents = await store.getMany(places)
  const known = documents.filter((document) => document !== undefined)
  return known.map((document) => readDocument(mailDocument, mailPrefix(email), document).key).sort()
}

/** Sightings of a record between two deliveries, both included, the newest first. Reads page by page, so stop when you have enough. */
export async function* readHistory(store: Store, key: string, from: number, to: number): AsyncGenerator<Sighting> {
  for (let end = to; end >= from; end -= PAGE) {
    const seqs = Array.from({ length: Math.min(PAGE, end - from + 1) }, (_, index) => end - index)
    const documents = await store.getMany(seqs.map(entryKey))
    for (const [index, seq] of seqs.entries()) {
      if (documents[index] === undefined) continue
      const { receivedAt, records } = readDocument(entryDocument, entryKey(seq), documents[index])
      for (const { n, type, id, verdict, version, notes = [] } of records.toReversed()) {
        if (`${type}:${id}` === key) yield { position: { seq, n }, receivedAt, verdict, version, notes }
      }
    }
  }
}

/** What is in quarantine after a position, the oldest first; 100 unless told otherwise. */
export async function readQuarantine(
  store: Store,
  { after, limit = 100 }: { readonly after?: Position | undefined; readonly limit?: number | undefined },
): Promise<Quarantined[]> {
  const keys = await store.keys(QUARANTINE, { limit, ...(after === undefined ? {} : { after: quarantineKey(after) }) })
  const documents = await store.getMany(keys)
  return documents.flatMap((document, index) => {
    if (document === undefined) return []
    const { v: _, type, id, data, ...facts } = readDocument(quarantineDocument, keys[index] ?? '', document)
    return [
      {
        ...facts,
        ...(type === undefined ? {} : { type }),
        ...(id === undefined ? {} : { id }),
        ...(data === undefined ? {} : { data: data as Json }),
      },
    ]
  })
}

/** The deliveries whose bodies are never opened again. */
export async function readAside(store: Store): Promise<ReadonlySet<number>> {
  const keys = await store.keys(ASIDE)
  const documents = await store.getMany(keys)
  return new Set(keys.map((key, index) => readDocument(asideDocument, key, documents[index]).seq))
}

/** True when a delivery has an index entry; reads no entry. */
export async function hasEntry(store: Store, seq: number): Promise<boolean> {
  const key = entryKey(seq)
  const bucket = key.slice(0, key.lastIndexOf(':'))
  const [found] = await store.keys(bucket, { limit: 1, ...(seq === 0 ? {} : { after: entryKey(seq - 1) }) })
  return found === key
}
