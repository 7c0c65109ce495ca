/** Takes a person out of deliveries: body and index entry together. */

import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { isObject, splitBody, type BodyItem } from '../core/records/bodies.ts'
import { contentHash, parseExact } from '../core/records/exact-json.ts'
import { isShared, isTheirs, learn, type Person } from '../core/erasure/person.ts'
import { ownRecords, redactBody, redactJson, type Redacted } from '../core/erasure/redact.ts'
import { isBridgeError } from '../core/errors.ts'
import { formatPosition } from '../core/positions.ts'
import type { Journal, Store, StoredDelivery, StoreOp } from '../core/ports.ts'
import { entryDocument, entryKey, readDocument, type Entry, type EntryRecord } from './documents.ts'
import type { Places } from '../core/erasure/places.ts'
import type { IndexErased } from './erase.ts'
import { readText } from './erase-documents.ts'
import { toText } from './inflate.ts'

/** What one delivery needs changed. */
export interface Change {
  readonly ops: readonly StoreOp[]
  /** Called when it is committed. */
  readonly after: readonly (() => void)[]
  /** Bytes, roughly. */
  readonly size: number
}

/** Looks into deliveries. */
export interface BodyEraser {
  /** Learns of the person and notes the delivery when it speaks of them. `sieve` lets pass what may. Resolves with the bytes it had. */
  search(person: Person, seq: number, sieve: (text: string) => boolean, places: Places): Promise<number>
  plan(person: Person, seq: number, done: IndexErased): Promise<Change>
}

interface Deps {
  readonly store: Store
  readonly journal: Journal
  /** Bodies that are not to be opened. */
  readonly aside: ReadonlySet<number>
  readonly maxInflated: number
}

const STUB = new TextEncoder().encode('{"erased":true}')
/** Why nothing of such a body can be used, as indexing it would find. */
const STUB_PROBLEM = { code: 'ERR_BODY_SHAPE', reason: reasonOfStub() }
const BOM = [0xef, 0xbb, 0xbf]
const compress = promisify<Uint8Array, Uint8Array>(gzip)

/** Makes it. */
export function createBodyEraser({ store, journal, aside, maxInflated }: Deps): BodyEraser {
  /** The text of a body; undefined when it cannot be opened. */
  const open = async ({ seq, bytes, encoding }: StoredDelivery): Promise<string | undefined> => {
    if (aside.has(seq)) return undefined
    return toText(bytes, encoding, maxInflated).catch(() => undefined)
  }

  /** One that is damaged cannot be searched, and must not keep the person in all others. */
  const read = (seq: number): Promise<StoredDelivery | undefined> =>
    journal.read(seq).catch((error: unknown) => {
      if (isBridgeError(error, 'store') && error.code === 'ERR_JOURNAL_DAMAGED') return undefined
      throw error
    })

  const redactStored = async (stored: StoredDelivery, person: Person) => {
    const text = await open(stored)
    if (text === undefined) return isIn(person, asLatin(stored.bytes)) ? 'whole' : undefined
    const found = redact(text, person, false)
    return typeof found === 'object' ? { ...found, from: text } : found
  }

  const rewriter = (): NonNullable<Journal['rewrite']> => {
    if (journal.rewrite === undefined) throw new Error('this journal cannot be rewritten')
    return journal.rewrite
  }

  return {
    async search(person: Person, seq: number, sieve: (text: string) => boolean, places: Places) {
      const [stored, entry] = await Promise.all([read(seq), readText(store, entryKey(seq))])
      if (stored === undefined) places.unopened++
      if (stored !== undefined) {
        const text = await open(stored)
        if (text === undefined) {
          places.unopened++
          if (isIn(person, asLatin(stored.bytes))) places.deliveries.add(seq)
        } else if (sieve(text)) {
          const found = redact(text, person, true)
          if (found === 'whole' || (found !== undefined && found.text !== text)) places.deliveries.add(seq)
          if (typeof found === 'object') {
            for (const n of found.erased) places.positions.add(formatPosition({ seq, n }))
          }
        }
      }
      if (entry !== undefined && sieve(entry)) {
        const before = readEntry(seq, entry)
        const after = redactEntry(before, person)
        if (after !== before) places.deliveries.add(seq)
      }
      return stored?.bytes.byteLength ?? 0
    },
    async plan(person: Person, seq: number, done: IndexErased): Promise<Change> {
      const [stored, entryText] = await Promise.all([read(seq), readText(store, entryKey(seq))])
      const ops: StoreOp[] = []
      const after: (() => void)[] = []
      const found = stored === undefined ? undefined : await redactStored(stored, person)
      if (typeof found === 'object') {
        done.records += found.erased.length
        done.mentions += found.mentions.length
      }
      const delivery = stored === undefined ? undefined : await rewritten(stored, found)
      if (delivery !== undefined) {
        const { op, done: forget } = rewriter()(delivery)
        ops.push(op)
        after.push(forget)
        done.bodies++
      }
      if (entryText !== undefined) {
        const entry = readEntry(seq, entryText)
        const whole = { ...entry, problem: STUB_PROBLEM, records: [] }
        const changed = found === 'whole' ? whole : redactEntry(entry, person, found)
        if (changed !== entry) ops.push({ op: 'set', key: entryKey(seq), value: changed })
      }
      return { ops, after, size: (stored?.bytes.byteLength ?? 0) + (entryText?.length ?? 0) }
    },
  }
}

/** The delivery with what is left of its body; undefined when nothing changes. */
async function rewritten(
  stored: StoredDelivery,
  found: (Redacted & { readonly from: string }) | 'whole' | undefined,
): Promise<StoredDelivery | undefined> {
  if (found === undefined || (found !== 'whole' && found.text === found.from)) return undefined
  const { encoding, ...rest } = stored
  if (found === 'whole') return { ...rest, bytes: STUB }
  const bytes = encode(found.text, stored)
  return encoding === undefined ? { ...rest, bytes } : { ...rest, bytes: await compress(bytes), encoding: 'gzip' }
}

function readEntry(seq: number, text: string): Entry {
  return readDocument(entryDocument, entryKey(seq), JSON.parse(text) as unknown)
}

function reasonOfStub(): string {
  const body = splitBody({ erased: true })
  return body.state === 'unusable' ? body.problem.reason : ''
}

/** The text without the person; `whole` when it is no JSON and speaks of them; undefined when it is no JSON and does not. */
function redact(text: string, person: Person, learns: boolean): Redacted | 'whole' | undefined {
  const isOwn = ownRecords(person)
  try {
    return redactBody(text, person, (n, type, data) => {
      const own = isOwn(n, type, data)
      if (learns && isObject(data)) {
        const id = data['id']
        const key = `${type ?? ''}:${typeof id === 'string' ? id.trim() : String(id)}`
        if (own) learn(person, type ?? '', type === undefined || id === undefined ? undefined : key, data)
        else if (isShared(person, type, data)) person.shared.add(key)
      }
      return own
    })
  } catch {
    return isIn(person, text) ? 'whole' : undefined
  }
}

function redactEntry(entry: Entry, person: Person, body?: Redacted): Entry {
  const items = body === undefined ? [] : itemsOf(body.text)
  const gone = new Set([...(body?.erased ?? []), ...(body?.before ?? [])])
  const mentioned = new Set(body?.mentions)
  let changed = false
  const records = entry.records.map((record): EntryRecord => {
    const { n, type, id, verdict, before } = record
    if (verdict === 'invalid') return record
    const item = items[n - 1]
    if (gone.has(n) && item?.state === 'record') {
      changed = true
      const facts = { n, verdict: 'stale' as const, version: null, hash: contentHash(item.record.data) }
      return { ...facts, ...(type === undefined ? {} : { type }), ...(id === undefined ? {} : { id }) }
    }
    let next = record
    if (mentioned.has(n) && item?.state === 'record') next = { ...next, hash: contentHash(item.record.data) }
    if (before !== undefined) {
      const key = `${type}:${id}`
      const { before: _before, prev: _prev, ...rest } = next
      if (isTheirs(person, type ?? '', key, before)) next = rest
      else if (!isShared(person, type, before)) {
        const left = redactJson(before, person)
        if (left !== before) next = { ...next, before: left }
      }
    }
    if (next !== record) changed = true
    return next
  })
  return changed ? { ...entry, records } : entry
}

function itemsOf(text: string): readonly BodyItem[] {
  const body = splitBody(parseExact(text))
  return body.state === 'items' ? body.items : []
}

/** Is an address or a whole name of the person in it? */
function isIn({ emails, names }: Person, text: string): boolean {
  const lower = text.toLowerCase()
  return [...emails, ...names].some((word) => lower.includes(word))
}

function asLatin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function encode(text: string, { bytes, encoding }: StoredDelivery): Uint8Array {
  const plain = Buffer.from(text, 'utf8')
  const marked = encoding === undefined && BOM.every((byte, at) => bytes[at] === byte)
  return new Uint8Array(marked ? Buffer.concat([Uint8Array.from(BOM), plain]) : plain)
}
