/**
 * What the edges need of each other, as interfaces. No edge imports another: `src/app.ts` hands each what it needs.
 */

import type { OldDelivery } from './retention/rules.ts'
import type { Facts, Head, IndexedDelivery, JsonObject, Position } from './types.ts'

/** Time, handed in so that tests can move it by hand. */
export interface Clock {
  /** Wall clock, milliseconds since 1970. May jump. */
  now(): number
  /** Milliseconds since some start; never jumps. */
  monotonic(): number
  /** Runs `fn` after `ms` milliseconds; returns a function that cancels it. */
  timer(ms: number, fn: () => void): () => void
}

/** Structured log. `event` is a short sentence without data, `facts` carry the rest. */
export interface Log {
  debug(event: string, facts?: Facts): void
  info(event: string, facts?: Facts): void
  warn(event: string, facts?: Facts): void
  error(event: string, facts?: Facts, error?: unknown): void
}

/** A message to the people who run this. `cause` + `subject` name it: one alert per cause and subject with a minimum interval. */
export interface Alert {
  readonly cause: string
  readonly subject: string
  readonly message: string
  readonly facts?: Facts
}

/** The end of what an alert was about. */
export type Recovery = Pick<Alert, 'cause' | 'subject'>

/** Takes alerts; never throws, never blocks. */
export interface Alerts {
  raise(alert: Alert): void
  /** It is over, if it ever was: told only to people who were told of the trouble. Absent: nobody keeps track. */
  recovered?(recovery: Recovery): void
}

/** Counts what happens for the metrics; cheap enough for hot paths, never throws. Durations are milliseconds. */
export interface Meter {
  /** A delivery was committed to the journal. */
  committed(duration: number): void
  /** An attempt ended; `results`: jobs by what came of them. */
  attempted(destination: string, duration: number, results: Readonly<Record<string, number>>): void
  /** A job was delivered, so long after its delivery was received. */
  delivered(destination: string, age: number): void
}

/** One change of a commit. `expect` makes the whole call fail, changing nothing, unless the key is present (or absent). */
export type StoreOp =
  | { readonly op: 'set'; readonly key: string; readonly value: unknown }
  | { readonly op: 'setRaw'; readonly key: string; readonly value: Uint8Array }
  | { readonly op: 'remove'; readonly key: string }
  | { readonly op: 'expect'; readonly key: string; readonly present: boolean }

/** A stored value, seen from outside. */
export interface StoredEntry {
  readonly key: string
  /** Bytes of the value. */
  readonly size: number
  /** Its first bytes. */
  readonly start: Uint8Array
}

/** The file of a store. Bytes. */
export interface StoreSpace {
  readonly bytes: number
  /** Of these, unused: what was removed left them, what comes takes them. */
  readonly free: number
}

/** What a storage driver can promise; proved by the contract suite. */
export interface StoreCapabilities {
  /** A commit of several keys happens whole or not at all, also across a kill. */
  readonly atomic: boolean
  /** What was committed survives a kill and a power cut. */
  readonly durable: boolean
}

/**
 * The durable key-value store. Keys are `a:b:c` of our own characters only (`[a-z0-9:_.-]`); outside text is hashed first.
 * Documents are JSON, written and parsed by our own codec (exact, nothing re-parsed or dropped); zod looks at every read.
 */
export interface Store {
  /** Made once when the store was created; part of every webhook id. `[a-z0-9]{12}` */
  readonly id: string
  readonly capabilities: StoreCapabilities
  get(key: string): Promise<unknown>
  getMany(keys: readonly string[]): Promise<unknown[]>
  getRaw(key: string): Promise<Uint8Array | undefined>
  /** Keys under a prefix (without trailing colon), sorted; at most `limit`, only those after `after`. */
  keys(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<string[]>
  /**
   * The only way to write. All ops of one call happen together. Rejects with a StoreError. This call alone failed:
   * `ERR_STORE_EXPECT` (an `expect` failed), `ERR_STORE_TOO_BIG`, `ERR_STORE_KEY`, `ERR_STORE_VALUE`, `ERR_STORE_CLOSED`. The
   * whole group and all that waited failed, and the driver opens the store again: `ERR_STORE_IO`, `ERR_STORE_FULL`,
   * `ERR_STORE_DAMAGED`; the call may then have happened all the same, but never in part.
   */
  commit(ops: readonly StoreOp[]): Promise<void>
  /** Entries under a prefix like `keys`, with sizes and the first `start` bytes; reads no more of a value than that. */
  survey?(
    prefix: string,
    options: { readonly after?: string; readonly limit: number; readonly start: number },
  ): Promise<StoredEntry[]>
  /** Gives unused bytes of the file back to the disk, `most` of them, and measures what is left; 0 only measures. Absent: it has no such file. */
  shrink?(most: number): Promise<StoreSpace>
  /**
   * Copies the store as it is at one moment into a new file, with more documents in the copy alone; commits go on meanwhile. Resolves
   * with its bytes when it is whole and on the disk. Rejects with a StoreError `ERR_BACKUP_EXISTS`, `ERR_BACKUP_FAILED`. Absent: it cannot.
   */
  backup?(file: string, more?: Readonly<Record<string, unknown>>): Promise<number>
  /**
   * Leaves nothing on the disk of what was removed or written over before this call; commits go on meanwhile. Rejects with a StoreError,
   * `ERR_STORE_SCRUB` when another program reads the database just now. Absent: the driver cannot.
   */
  scrub?(): Promise<void>
  close(): Promise<void>
}

/** A delivery on its way into the journal. */
export interface NewDelivery {
  /** The body as received, still compressed if it came so. */
  readonly bytes: Uint8Array
  readonly receivedAt: number
  /** Lower-case Content-Encoding when the body is compressed. */
  readonly encoding?: string
  readonly contentType?: string
  /** Where these records stand in the order, for a retried quarantine body or a record fetched from REST. */
  readonly asOf?: Position
  /** Fetched to fill heads that were missing: such a record is accepted only where there is no head, and makes no job. */
  readonly seed?: true
}

/** A delivery as the journal gives it back. */
export interface StoredDelivery extends NewDelivery {
  readonly seq: number
}

/** The durable, ordered, gapless log of deliveries. */
export interface Journal {
  /** Seq of the newest committed delivery; 0 when empty. */
  readonly tail: number
  /** Seq of the oldest delivery kept; tail + 1 when empty. */
  readonly first: number
  /** Resolves after the commit. Order of calls is order of `seq`. */
  append(delivery: NewDelivery): Promise<{ readonly seq: number }>
  /** Undefined past the tail or before the first; a missing `seq` between is damage and rejects with ERR_JOURNAL_GAP. */
  read(seq: number): Promise<StoredDelivery | undefined>
  /**
   * Puts another body in the place of a delivery's: the op to commit, and what to call when it is committed. Erasure only; nothing else
   * changes a delivery. Absent: it cannot.
   */
  rewrite?(delivery: StoredDelivery): { readonly op: StoreOp; done(): void }
  /**
   * Removes the deliveries before `first`; `more` goes along in the same commit. The newest stays: throws a RangeError past it. Retention
   * only. Absent: it cannot.
   */
  cut?(first: number, more?: readonly StoreOp[]): Promise<void>
  /** Some of the deliveries from one on, at most so many: when they came, and their bytes. Reads no bodies. */
  survey?(from: number, limit: number): Promise<readonly OldDelivery[]>
  /** Removes some of what a cut that was broken off has left; false when there is nothing. */
  sweep?(): Promise<boolean>
  /** Calls `fn` after every committed append, `late` for one with `asOf`; returns a function that stops it. */
  onAppend(fn: (seq: number, late: boolean) => void): () => void
}

/** What the dispatchers read from. */
export interface IndexReader {
  /** All deliveries up to this seq are indexed. */
  readonly indexed: number
  /** Seq of the oldest delivery that can be read. */
  readonly first: number
  /** An indexed delivery with the data of its records; cached, so that several destinations read it once. */
  read(seq: number): Promise<IndexedDelivery | undefined>
  /** Heads by key; undefined where none has arrived. */
  heads(keys: readonly string[]): Promise<(Head | undefined)[]>
  /** Calls `fn` after each indexed delivery with the keys that were seen for the first time. */
  onIndexed(fn: (seq: number, firstSeen: readonly string[]) => void): () => void
}

/** An HTTP request of a plugin. */
export interface HttpRequest {
  readonly method?: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Bucket inside the account whose pace it keeps; see `limits` of the plugin. */
  readonly bucket?: string
  /** The attempt's signal; aborting ends the request. */
  readonly signal?: AbortSignal
  /** Milliseconds from the moment the rate lets it through to the end of the answer; default is the client's. */
  readonly timeout?: number
  /** Bytes of the answer to keep, default 64 kB; the rest is thrown away and the connection closed. */
  readonly maxBytes?: number
}

/** The answer to it. Any status: nothing is thrown for 4xx or 5xx, and redirects are not followed. */
export interface HttpResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** True when the answer was longer than `maxBytes`. */
  readonly truncated?: boolean
  /** Wall clock when it came, milliseconds since 1970. */
  readonly receivedAt?: number
  text(): string
  /** Undefined when the body is not JSON. */
  json(): unknown
}

/**
 * The one HTTP client of all plugins. Rejects with a TransportError when there was no whole answer, with a DestinationError when
 * the address may not be reached (private network, plain http), and with an error of kind `record` when the request itself
 * cannot be sent (a line break in a header). None needs catching in a plugin.
 */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>
  /** Opens a connection (TLS included) and closes it; sends nothing. Rejects like `request`. For `check`. */
  connect?(url: string, signal?: AbortSignal): Promise<void>
}

/** Lets requests through first come, first served, at the pace of an account. */
export interface RateLimiter {
  /** Resolves when a request may go; rejects with the signal's reason when aborted before. */
  acquire(signal?: AbortSignal): Promise<void>
  /** Lets nothing through for so many milliseconds; a longer hold in force stays. */
  hold(ms: number): void
  /** Milliseconds until one more would be let through, those that wait left out. */
  wait(): number
}

/** The pace of an account and of the buckets in it, shared by all destinations of the account. */
export interface Pace {
  /** Resolves when a request may go; rejects with the signal's reason when aborted before. */
  acquire(bucket?: string, signal?: AbortSignal): Promise<void>
  /** Milliseconds until a request of the account, or of one bucket in it, would be let through. */
  wait(bucket?: string): number
  /** Lets nothing through for so many milliseconds: the account, or one bucket of it. */
  hold(ms: number, bucket?: string): void
  /** Calls `fn` when the account was held; returns a function that stops it. */
  onHold(fn: (ms: number) => void): () => void
}

/** State of a plugin that must survive a restart, by key. Writes are staged and join the flush that settles the jobs of this send. */
export interface PluginState {
  get(key: string): JsonObject | undefined
  entries(): readonly (readonly [string, JsonObject])[]
  /** Staged; `undefined` removes the key. */
  set(key: string, value: JsonObject | undefined): void
  /**
   * Commits what this send has staged so far, by itself. What earlier sends staged goes with their own flush, which may come later:
   * so never commit a key that an earlier send staged.
   */
  commit(): Promise<void>
}
