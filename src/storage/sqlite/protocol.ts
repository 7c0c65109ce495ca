/**
 * Messages between the main thread and the storage worker.
 */

import type { KeyRange, SurveyRange } from '../batch-driver.ts'
import type { Space } from './space.ts'
import type { StoredEntry } from '../../core/ports.ts'

/** What an op does, as a number. */
export const OP = { set: 0, remove: 1, present: 2, absent: 3 } as const

/** One of them. */
export type OpCode = (typeof OP)[keyof typeof OP]

/** The calls of one group, flat: one array per property, all values in one buffer that is handed over, not copied. */
export interface PackedGroup {
  /** Ops per call. */
  readonly counts: readonly number[]
  readonly codes: readonly OpCode[]
  readonly keys: readonly string[]
  /** Bytes of each `set` in `bytes`, one after the other; 0 for other ops. */
  readonly sizes: readonly number[]
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Where a group stands among all of them. */
export interface GroupOrder {
  /** Its number; each is higher than the one before. */
  readonly serial: number
  /** The first number given after the last failure the main thread knows of. */
  readonly since: number
}

/** What the main thread asks. */
export type Request =
  | { readonly kind: 'open'; readonly create: boolean }
  | CommitRequest
  | { readonly kind: 'read'; readonly keys: readonly string[] }
  | { readonly kind: 'has'; readonly key: string }
  | { readonly kind: 'list'; readonly range: KeyRange }
  | { readonly kind: 'survey'; readonly range: SurveyRange }
  | { readonly kind: 'shrink'; readonly most: number }
  | { readonly kind: 'scrub'; readonly before: number | null }
  | { readonly kind: 'close' }

/** A group to be committed. */
export interface CommitRequest extends GroupOrder {
  readonly kind: 'commit'
  readonly group: PackedGroup
}

/** Values that were read, in one buffer that is handed over, not copied. */
export interface PackedValues {
  /** Bytes of each in `bytes`, one after the other; -1 where there is none. */
  readonly sizes: readonly number[]
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Why something failed, as plain data: an Error does not cross threads whole. */
export interface Failure {
  /** `ERR_STORE_…` */
  readonly code: string
  readonly message: string
  /** What SQLite or the runtime said. */
  readonly detail?: string
}

/** Calls of a group that failed by themselves, by index. */
export type CallFailures = readonly (readonly [call: number, failure: Failure])[]

/** What the worker answers, by kind of request. */
export interface Answers {
  readonly open: null
  readonly commit: CallFailures
  readonly read: PackedValues
  readonly has: boolean
  readonly list: string[]
  readonly survey: StoredEntry[]
  readonly shrink: Space
  /** Undefined: another program reads the database just now. */
  readonly scrub: { readonly next: number | null; readonly cleaned: number } | undefined
  readonly close: null
}

/** A request on the wire. */
export interface Envelope {
  readonly id: number
  readonly request: Request
}

/** An answer on the wire. A failed `commit` failed its whole group. */
export type Reply =
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly failure: Failure }

/** What the worker is started with. */
export interface WorkerSettings {
  readonly file: string
  /** Tests only: a module whose default export makes a `FaultHook`, and what it is called with. */
  readonly faults?: { readonly module: string; readonly data: unknown } | undefined
}

/** Where a fault can be put: before the database is used for it, with the open connection. */
export type FaultStep = 'open' | 'begin' | 'write' | 'commit' | 'read'
