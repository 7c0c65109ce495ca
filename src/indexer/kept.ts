/** What the indexer keeps, in the hands of retention: entries that go with their deliveries, heads, and quarantine that was dealt with. */

import { seqKey, seqOfKey } from '../core/keys.ts'
import type { Journal, Store, StoreOp } from '../core/ports.ts'
import { emailsOf } from '../core/records/records.ts'
import { readPage } from '../core/retention/page.ts'
import type { Holder } from '../core/retention/rules.ts'
import type { KeptSet } from '../core/retention/sets.ts'
import {
  ASIDE,
  DECIDED,
  decidedDocument,
  entryKey,
  headDocument,
  mailKey,
  QUARANTINE,
  quarantineKey,
  readDocument,
} from './documents.ts'

const INDEX = 'index'
const KEYS = 500
/** Others are joined to these for as long as there are any; there are few. */
const JOINED: ReadonlySet<string> = new Set(['event', 'chapter'])

/** Removes the entries of deliveries that are cut. */
export function entryCutOps(from: number, to: number): StoreOp[] {
  return Array.from({ length: to - from }, (_, at): StoreOp => ({ op: 'remove', key: entryKey(from + at) }))
}

/** Bytes of the index entries from one delivery on, by delivery; some of so many. */
export async function entrySizes(store: Store, from: number, limit: number): Promise<ReadonlyMap<number, number>> {
  const found = (await store.survey?.(INDEX, { after: entryKey(from - 1), limit, start: 0 })) ?? []
  return new Map(found.map(({ key, size }) => [seqOfKey(key) ?? 0, size]))
}

/** Removes some of what belongs to deliveries before the first; false when nothing does. */
export async function sweepEntries(store: Store, first: number): Promise<boolean> {
  const found = await Promise.all([INDEX, ASIDE].map((prefix) => store.keys(prefix, { limit: KEYS })))
  const leftovers = found.flat().filter((key) => (seqOfKey(key) ?? first) < first)
  if (leftovers.length > 0) await store.commit(leftovers.map((key) => ({ op: 'remove', key })))
  return leftovers.length > 0
}

/** The oldest body in quarantine that nobody has dealt with: it stands in the journal. Records have a copy of their own. */
export async function quarantineHolder(store: Store, first: number): Promise<Holder | undefined> {
  for (let after = seqKey(QUARANTINE, first); ;) {
    const page = await store.keys(QUARANTINE, { after, limit: KEYS })
    const bodies = page.filter((key) => key.endsWith(BODY))
    const decisions = await store.getMany(bodies.map(toDecidedKey))
    const open = bodies.find((_, at) => decisions[at] === undefined)
    const seq = open === undefined ? undefined : seqOfKey(open.slice(0, -BODY.length))
    if (seq !== undefined) return { seq, by: 'quarantine', name: String(seq) }
    const last = page.at(-1)
    if (last === undefined) return undefined
    after = last
  }
}

/** What `quarantineKey` puts behind the number of a whole body. */
const BODY = '-000000'

const toDecidedKey = (key: string): string => `${DECIDED}${key.slice(QUARANTINE.length)}`

/** How many bodies and records in quarantine nobody has dealt with. */
export async function countOpen(store: Store): Promise<number> {
  const [all, decided] = await Promise.all([store.keys(QUARANTINE), store.keys(DECIDED)])
  const done = new Set(decided)
  return all.reduce((count, key) => (done.has(toDecidedKey(key)) ? count : count + 1), 0)
}

interface Deps {
  readonly store: Store
  readonly journal: Pick<Journal, 'first'>
  /** Runs `fn` while nothing is being indexed. */
  still<T>(fn: () => Promise<T>): Promise<T>
  /** These heads, by record, are gone from the store. */
  dropped(keys: readonly string[]): void
}

/** `timeOf`: the latest time at which a delivery that was cut away can have come. */
export function keptOfIndex(deps: Deps, timeOf: (seq: number) => number): readonly KeptSet[] {
  return [headSet(deps, timeOf), quarantineSet(deps)]
}

/** A head ages from the delivery it was last seen in; while the journal holds that, a replay may ask for it. */
function headSet({ store, journal, still, dropped }: Deps, timeOf: (seq: number) => number): KeptSet {
  const lastSeen = (document: unknown, key: string): number => {
    const { type, position, asOf } = readDocument(headDocument, key, document)
    return JOINED.has(type) ? Infinity : Math.max(position.seq, asOf?.seq ?? 0)
  }
  return {
    part: 'heads',
    name: 'heads',
    page: (after) =>
      readPage(store, 'head', after, (document, key) => {
        const seq = lastSeen(document, key)
        return seq < journal.first ? timeOf(seq) : Infinity
      }),
    remove: (items) =>
      still(async () => {
        const keys = items.map(({ key }) => key)
        const documents = await store.getMany(keys)
        const ops: StoreOp[] = []
        const gone: string[] = []
        for (const [at, key] of keys.entries()) {
          // It may have come again meanwhile.
          if (documents[at] === undefined || lastSeen(documents[at], key) >= journal.first) continue
          const { type, id, data } = readDocument(headDocument, key, documents[at])
          gone.push(`${type}:${id}`)
          ops.push({ op: 'remove', key })
          for (const email of emailsOf(data)) ops.push({ op: 'remove', key: mailKey(email, `${type}:${id}`) })
        }
        if (ops.length > 0) await store.commit(ops)
        dropped(gone)
        return gone.length
      }),
  }
}

/** While the journal holds the delivery, a rebuild would put it into quarantine again: the decision stays as long. */
function quarantineSet({ store, journal, still }: Deps): KeptSet {
  return {
    part: 'quarantine',
    name: 'quarantine',
    page: (after) =>
      readPage(store, DECIDED, after, (document, key) => {
        const { position, at } = readDocument(decidedDocument, key, document)
        return position.seq < journal.first ? at : Infinity
      }),
    remove: (items) =>
      still(async () => {
        const documents = await store.getMany(items.map(({ key }) => key))
        const there = items.flatMap(({ key }, at) =>
          documents[at] === undefined ? [] : [{ key, of: readDocument(decidedDocument, key, documents[at]).position }],
        )
        const ops = there.flatMap(({ key, of }): StoreOp[] => [
          { op: 'remove', key: quarantineKey(of) },
          { op: 'remove', key },
        ])
        if (ops.length > 0) await store.commit(ops)
        return there.length
      }),
  }
}
