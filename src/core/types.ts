/**
 * The words of this project, as types. Used everywhere, and no synonyms.
 *
 * - **delivery**: one authenticated POST from Bevy, as received; has a number `seq` in the journal
 * - **record**: one object inside a delivery: a `type` and an `id` (its **key** is `type:id`), with `data`
 * - **position**: (`seq`, running number `n` of the record in the body): the order of everything
 * - **journal**: the durable, ordered, gapless log of deliveries
 * - **head**: the newest accepted state of a record: `data`, `version`, `hash`, `position`
 * - **verdict**: what indexing decided about a record: accepted, unchanged, stale, invalid
 * - **quarantine**: where an authenticated body or record that cannot be used is kept, whole, for a person
 * - **route**: a rule: when a record matches, to these destinations
 * - **destination**: a named, configured instance of a plugin
 * - **job**: one record bound for one destination: pending → delivered, skipped or dead
 * - **attempt**: one call of `send`, from 1; every attempt after the first is a retry
 * - **cursor**: per destination, `{ position, done }`: all below `position` is settled, and so are the positions in `done`
 * - **exception**: a job that did not settle at once, kept on disk by itself
 * - **dead letter**: a job given up, kept with a copy of its record until a person redrives or discards it
 */

/** A parsed JSON value. Integers above 2^53 are kept as the string of their digits. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** A parsed JSON object. */
export type JsonObject = { readonly [key: string]: Json }

/** The record types Bevy is known to send. Others are carried as they are. */
export type KnownType = 'attendee' | 'event' | 'chapter' | 'chaptermember' | 'user'

/** Where a record stands in the order of everything: delivery number (from 1), then running number in the body (from 1). */
export interface Position {
  readonly seq: number
  readonly n: number
}

/** One object inside a delivery. */
export interface BevyRecord {
  /** The envelope's type: `attendee`, `event`, … or one unknown to us. */
  readonly type: string
  /** The record's id as a string, whatever Bevy sent. */
  readonly id: string
  /** `type:id`. */
  readonly key: string
  /** The record as Bevy sent it, unknown fields included. */
  readonly data: JsonObject
}

/** What indexing decided about a record. Only `accepted` changes the head and makes jobs. */
export type Verdict = 'accepted' | 'unchanged' | 'stale' | 'invalid'

/** The newest accepted state of a record. */
export interface Head extends BevyRecord {
  /** `updated_ts` of an event in microseconds since 1970; null where the record has no usable version. */
  readonly version: number | null
  /** Hash of the content, key order ignored. */
  readonly hash: string
  readonly position: Position
}

/** A record with what indexing decided about it. */
export interface IndexedRecord extends BevyRecord {
  readonly position: Position
  readonly verdict: Verdict
  readonly version: number | null
  readonly hash: string
  /** The whole state accepted before this one; absent on first sight, and on records that were not accepted. */
  readonly before?: JsonObject
}

/** A delivery with its records, as dispatchers read it. */
export interface IndexedDelivery {
  readonly seq: number
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  /** Only usable records (any verdict but `invalid`), in order. */
  readonly records: readonly IndexedRecord[]
  /** Did not come as a webhook now: a body that was retried, or records fetched from Bevy's REST API. */
  readonly late?: true
  /** Fills heads and makes no job: history. A replay sends it, as a person has asked for that. */
  readonly seed?: true
}

/** Settled up to (not including) `position`, and the positions in `done` above it. `n: 0` is the start of a delivery. */
export interface Cursor {
  readonly position: Position
  readonly done: readonly Position[]
}

/** `latest`: send the newest head, skip what lies between. `every`: send each accepted state, in order per key. */
export type Mode = 'latest' | 'every'

/** Facts of a log line, an error or an alert: never a body, an e-mail address or a secret. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>
