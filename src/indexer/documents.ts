/** What the indexer keeps in the store, and under which keys. zod looks at every read. */

import { z } from 'zod'
import { isObject } from '../core/records/bodies.ts'
import { StoreError } from '../core/errors.ts'
import { hashKey, seqKey } from '../core/keys.ts'
import { normalEmail } from '../core/records/records.ts'
import type { IndexedDelivery, Json, JsonObject, Position } from '../core/types.ts'

const count = z.number().int().nonnegative()
const position = z.object({ seq: count, n: count })
// By reference: zod's own objects would copy what can be megabytes.
const object = z.custom<JsonObject>(isObject)
const problem = z.object({ code: z.string(), reason: z.string() })

/** What is kept of one record of a delivery. Its `data` is in the journal. */
const entryRecord = z.object({
  n: count,
  /** Absent on records whose envelope or id could not be read. */
  type: z.string().optional(),
  id: z.string().optional(),
  verdict: z.enum(['accepted', 'unchanged', 'stale', 'invalid']),
  version: z.number().nullable(),
  hash: z.string(),
  /** The whole state before, on accepted records that had one. */
  before: object.optional(),
  /** Position of that state. */
  prev: position.optional(),
  /** What differs from Bevy's documentation. */
  notes: z.array(z.string()).optional(),
  /** Why it is invalid. */
  problem: problem.optional(),
})

export const entryDocument = z.object({
  v: z.literal(1),
  seq: count,
  receivedAt: z.number(),
  asOf: position.optional(),
  seed: z.literal(true).optional(),
  /** Why nothing of the body can be used. */
  problem: problem.optional(),
  records: z.array(entryRecord),
})

/** What tells dispatchers that a delivery is no webhook of now. */
export function originOf({ asOf, seed }: Pick<Entry, 'asOf' | 'seed'>): Pick<IndexedDelivery, 'late' | 'seed'> {
  return { ...(asOf === undefined ? {} : { late: true }), ...(seed === undefined ? {} : { seed }) }
}

/** The index entry of a delivery. */
export type Entry = Readonly<z.infer<typeof entryDocument>>
export type EntryRecord = Entry['records'][number]

export const headDocument = z.object({
  v: z.literal(1),
  type: z.string(),
  id: z.string(),
  data: object,
  version: z.number().nullable(),
  hash: z.string(),
  position,
  asOf: position.optional(),
  since: position.optional(),
})

export const quarantineDocument = z.object({
  v: z.literal(1),
  /** `n: 0` is the whole body, which is in the journal. */
  position,
  receivedAt: z.number(),
  code: z.string(),
  reason: z.string(),
  type: z.string().optional(),
  id: z.string().optional(),
  /** The record, whole. */
  data: z.unknown().optional(),
})

/** Something kept for a person to look at. */
export interface Quarantined {
  readonly position: Position
  readonly receivedAt: number
  readonly code: string
  readonly reason: string
  readonly type?: string
  readonly id?: string
  /** The record, whole; absent when it is a whole body, which is in the journal. */
  readonly data?: Json
}

export const mailDocument = z.object({ v: z.literal(1), key: z.string() })

export const markDocument = z.object({
  v: z.literal(1),
  /** All deliveries up to this one are indexed. */
  seq: count,
  /** Records by type: accepted, unchanged, stale, invalid. A list, since types are text from outside. */
  types: z.array(z.tuple([z.string(), count, count, count, count])),
  /** Ever put into quarantine. */
  bodies: count,
  records: count,
})

export type Mark = Readonly<z.infer<typeof markDocument>>

/** Key of the mark. */
export const MARK = 'meta:indexed'
/** Key of the marker of a rebuild that is under way. */
export const REBUILD = 'meta:rebuild'
/** Prefix of the quarantine. */
export const QUARANTINE = 'quarantine'

/** A body that is never opened again. No part of the index: a rebuild keeps it. */
export const asideDocument = z.object({ v: z.literal(1), seq: count, deaths: count })
/** Prefix of those. */
export const ASIDE = 'aside'

/** Key of the document that says a body is never opened again. */
export const asideKey = (seq: number): string => seqKey(ASIDE, seq)

/** What a person has decided about something in quarantine. No part of the index: a rebuild keeps it. */
export const decidedDocument = z.object({
  v: z.literal(1),
  position,
  at: z.number(),
  state: z.enum(['retried', 'discarded']),
  /** Delivery it was appended as. */
  seq: count.optional(),
  why: z.string().optional(),
})

export type Decided = Readonly<z.infer<typeof decidedDocument>>

/** Prefix of those. */
export const DECIDED = 'decided'

/** Key of a decision. */
export const decidedKey = (at: Position): string => keyAt(DECIDED, at)

/** Key of a delivery's index entry. */
export const entryKey = (seq: number): string => seqKey('index', seq)

/** Key of a head: in one of 256 folders, so that drivers over files have no folder of millions. */
export function headKey(key: string): string {
  const hash = hashKey(key)
  return `head:${hash.slice(0, 2)}:${hash}`
}

/** Key of something in quarantine. */
export const quarantineKey = (at: Position): string => keyAt(QUARANTINE, at)

function keyAt(prefix: string, { seq, n }: Position): string {
  return `${seqKey(prefix, seq)}-${String(n).padStart(6, '0')}`
}

/** Prefix of the entries that tell the records of an e-mail address. */
export const mailPrefix = (email: string): string => `mail:${hashKey(normalEmail(email))}`

/** Key of the entry that ties a record to an e-mail address. */
export const mailKey = (email: string, key: string): string => `${mailPrefix(email)}:${hashKey(key)}`

/** What was read, as what it must be. Throws a StoreError `ERR_STORE_DOCUMENT`; its cause names fields, never values. */
export function readDocument<T>(schema: z.ZodType<T>, key: string, value: unknown): T {
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const fields = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.code}`).slice(0, 5)
  throw new StoreError('ERR_STORE_DOCUMENT', `the document ${key} is not what this version writes`, {
    cause: new Error(fields.join(', ')),
  })
}
