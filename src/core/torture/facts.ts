/** What is known at the end of a torture run: what was acknowledged, what the store holds, what the destinations took. */

import type { JsonObject, Mode, Position, Verdict } from '../types.ts'

/**
 * What the routes to a destination say of a record. `late`: yes, but it may have waited for a joined record in vain, died, and been redriven.
 * `maybe`: it depends on joined records or on the time, and both answers were possible.
 */
export type Matches = 'yes' | 'late' | 'no' | 'maybe'

/** A record in the journal. */
export interface LedgerRecord {
  readonly position: Position
  readonly key: string
  readonly verdict: Verdict
  /** By destination, in the order of `LedgerFacts.destinations`; only of accepted records. */
  readonly matches: readonly Matches[]
}

/** A delivery in the journal. */
export interface LedgerDelivery {
  readonly seq: number
  /** Of the bytes as received. */
  readonly digest: string
  /** Undefined: not indexed. */
  readonly records: readonly LedgerRecord[] | undefined
  /** It went to quarantine unopened: too many lives had ended while it was under way. */
  readonly setAside: boolean
}

/** A 200 to Bevy. */
export interface Acknowledgment {
  /** Undefined: the connection broke between the status and the number. */
  readonly seq: number | undefined
  /** Of the bytes that were posted. */
  readonly digest: string
}

/** A job on disk that did not settle. */
export interface OpenJob {
  readonly position: Position
  readonly key: string
}

/** The books of a destination. */
export interface LedgerBooks {
  readonly cursor: { readonly position: Position; readonly done: readonly Position[] }
  /** Exceptions. */
  readonly waiting: readonly OpenJob[]
  readonly dead: readonly OpenJob[]
}

/** A job that reached a destination. */
export interface Take {
  readonly destination: string
  readonly position: Position
  /** The life of the bridge it came from, from 1; 0: not known, as with rows of a file. */
  readonly life: number
  /** The destination said it took it; else it refused, or gave no answer. */
  readonly delivered: boolean
  /** Redriven or replayed: outside the order of its key. */
  readonly aside: boolean
  /** Sent because it matches no longer. */
  readonly left: boolean
}

/** A destination. */
export interface LedgerDestination {
  readonly name: string
  readonly mode: Mode
  /** It shows the newest state of a record only, whatever it was sent: a table. */
  readonly showsNewest: boolean
  /** In the end. */
  readonly books: LedgerBooks
  /** As they stood on disk when a life ended, by life; not of every life. */
  readonly booksAt: ReadonlyMap<number, LedgerBooks>
}

/** Everything. `takes` in the order they came, for each destination. */
export interface LedgerFacts {
  readonly acknowledged: readonly Acknowledgment[]
  readonly deliveries: readonly LedgerDelivery[]
  readonly destinations: readonly LedgerDestination[]
  readonly takes: readonly Take[]
  /** Position of the newest state of each record, told from the bodies alone; and where the index says it is. */
  readonly heads: readonly { readonly key: string; readonly expected: Position; readonly found: Position | undefined }[]
}

/** A promise. */
export type Promised =
  /** What was answered 200 is in the journal, as it was posted. */
  | 'acknowledged is stored'
  /** What is in the journal gets indexed. */
  | 'stored is indexed'
  /** The newest state of a record is its head. */
  | 'the newest state is the head'
  /** A record that matches ends delivered, waiting, dead or skipped. */
  | 'nothing is lost'
  /** Nothing is sent that no route matches. */
  | 'only matches are sent'
  /** A delivered job is sent again only when the process died before its flush. */
  | 'settled is not repeated'
  /** A row stands in the files exactly once. */
  | 'a row once'
  /** Nothing older of a record after something newer. */
  | 'order of a record'

/** A promise that was broken. */
export interface Broken {
  readonly promise: Promised
  readonly destination?: string
  readonly key?: string
  readonly position?: Position
  /** What was seen instead. */
  readonly detail: string
}

/** The field of an invented record that tells its states apart. */
export const MARK = 'torture_mark'

/** The mark of a record. */
export function markOf(data: JsonObject): number | undefined {
  const mark = data[MARK]
  return typeof mark === 'number' ? mark : undefined
}
