/**
 * What people do to a bridge: through the admin API while it runs, else on its store. Questions that go with it stand here too. Plain
 * JSON; times are milliseconds since 1970. Nothing holds a person's data unless `data` was asked for.
 */

import type { DoctorActions, DoctorQueries } from '../doctor/report.ts'
import type { ErasureInput, ErasurePlan, ErasureReport } from '../erasure/report.ts'
import type { PauseCause } from './health.ts'
import type { BridgeQueries } from './reports.ts'
import type { ReconcileStatus, RunInput, RunStarted } from '../reconcile/reports.ts'
import type { BackupReport } from '../retention/report.ts'
import type { Json, JsonObject, Position } from '../types.ts'

/** All that can be asked of a bridge and done to it. */
export interface BridgeAccess extends BridgeQueries, CareQueries, BridgeActions {}

/** Questions about what waits for a person. */
export interface CareQueries extends DoctorQueries {
  deadLetters(query: DeadQuery): Promise<DeadList>
  /** Undefined when there is none of that id. */
  deadLetter(query: { readonly id: string; readonly data?: boolean }): Promise<DeadDetail | undefined>
  quarantine(query: QuarantineQuery): Promise<QuarantineList>
  /** Undefined when there is none of that id. */
  quarantined(query: { readonly id: string; readonly data?: boolean }): Promise<QuarantineDetail | undefined>
  /** What a replay would send. */
  planReplay(input: ReplayInput): Promise<ReplayPlan>
  /** What `skip` would give up. */
  planSkip(input: SkipInput): Promise<SkipReport>
  /** How the access to Bevy's REST API stands, and the run under way. */
  reconciliation(input: Readonly<Record<string, never>>): Promise<ReconcileStatus>
  /** What `forget` would delete. */
  planForget(input: { readonly name: string }): Promise<ForgetReport>
  /** What `erase` would find of a person. */
  planErasure(input: ErasureInput): Promise<ErasurePlan>
  /** Erasures, the newest first. */
  erasures(query: Readonly<Record<never, never>>): Promise<readonly ErasureReport[]>
}

/** What may be done; each rejects with a BridgeError of kind `config` when what it names is not there. */
export interface BridgeActions extends DoctorActions {
  /** Sends nothing to a destination until `resume`; kept across restarts. */
  pause(input: { readonly name: string; readonly why?: string | undefined }): Promise<PauseReport>
  resume(input: { readonly name: string }): Promise<PauseReport>
  /** Gives up what lies before a position. */
  skip(input: SkipInput): Promise<SkipReport>
  /** Deletes the state of a destination that is no longer in the config. */
  forget(input: { readonly name: string }): Promise<ForgetReport>
  redrive(input: DeadChoice): Promise<DeadDone>
  discardDead(input: DeadChoice & { readonly why: string }): Promise<DeadDone>
  retryQuarantined(input: QuarantineChoice): Promise<QuarantineDone>
  discardQuarantined(input: QuarantineChoice & { readonly why: string }): Promise<QuarantineDone>
  replay(input: ReplayInput): Promise<ReplayStarted>
  /** Begins to compare with Bevy's REST API and to take in what differs. */
  reconcile(input: RunInput): Promise<RunStarted>
  /** Begins to fill missing heads from it; nothing of it is sent. */
  seed(input: RunInput): Promise<RunStarted>
  /** Ends the run under way; what was taken in stays. */
  cancelRun(input: Readonly<Record<string, never>>): Promise<{ readonly cancelled: boolean }>
  /** Removes a person from the store, and has the destinations told; resolves when they are gone from the store. */
  erase(input: ErasureInput): Promise<ErasureReport>
  /** Destinations that were not told of an erasure need not be any more. */
  giveUpErasure(input: { readonly id: string }): Promise<ErasureReport>
  /** Copies the store into a new folder under `to` (absolute); default: `backups` in the data folder. */
  backup(input: { readonly to?: string | undefined }): Promise<BackupReport>
  /** Ends the replays of a destination; what of them waits is dropped. */
  cancelReplays(input: { readonly name: string }): Promise<{ readonly ended: number; readonly dropped: number }>
}

/** `before`: how it stood. */
export interface PauseReport {
  readonly name: string
  readonly state: 'paused' | 'running'
  readonly before: { readonly by: PauseCause; readonly since: number; readonly reason: string } | null
  /** False when no bridge runs: it holds from the next start on. */
  readonly live: boolean
}

export interface SkipInput {
  readonly name: string
  /** Everything before this is given up; `now`: all that has been received. */
  readonly to: Position | 'now'
}

export interface SkipReport {
  readonly name: string
  readonly from: Position
  readonly to: Position
  /** Deliveries it has not read that are passed over, wholly or in part. */
  readonly deliveries: number
  /** Jobs given up that waited for something. */
  readonly waiting: number
}

export interface ForgetReport {
  readonly name: string
  readonly plugin: string
  readonly position: Position
  readonly waiting: number
  readonly dead: number
  /** Sent states, plugin state and all else; absent before it is done. */
  readonly documents?: number
}

export interface DeadQuery {
  readonly destination?: string | undefined
  /** Part of the reason or the cause, case ignored. */
  readonly reason?: string | undefined
  /** Lines of those that were discarded, instead. */
  readonly discarded?: boolean | undefined
  /** At most so many; default 100. */
  readonly limit?: number | undefined
}

/** One id, or all that fit; `all` alone means every one. */
export type DeadChoice =
  | { readonly id: string }
  | { readonly destination?: string | undefined; readonly reason?: string | undefined }

export interface DeadLetter {
  /** `destination:id` */
  readonly id: string
  readonly destination: string
  readonly key: string
  readonly position: Position
  /** When it died. */
  readonly at: number
  readonly cause: 'refused' | 'exhausted' | 'join'
  readonly reason: string
  readonly attempts: number
}

export interface DeadList {
  readonly letters: readonly DeadLetter[]
  /** All that fit, listed or not. */
  readonly total: number
  /** Those that were discarded, when asked for. */
  readonly discarded?: readonly {
    readonly id: string
    readonly key: string
    readonly at: number
    readonly why: string
  }[]
}

export interface DeadDetail extends DeadLetter {
  readonly routes: readonly string[]
  /** When the job was first due. */
  readonly since: number
  readonly redriven: boolean
  readonly replay: boolean
  /** Heads it waited for in vain. */
  readonly needs: readonly string[]
  /** The first and the newest attempts that failed. */
  readonly history: readonly { readonly at: number; readonly reason: string }[]
  /** The copy of the record; with `data` only. */
  readonly data?: JsonObject
  /** What is sent for it, secrets left out; with `data` only, where the plugin shows it. */
  readonly preview?: readonly JsonObject[]
  /** Why there is no preview. */
  readonly problem?: string
}

export interface DeadDone {
  /** How many. */
  readonly done: number
  /** By destination. */
  readonly destinations: Readonly<Record<string, number>>
  /** What happens to them now, in a sentence for each destination. */
  readonly notes: readonly string[]
}

export interface QuarantineQuery {
  readonly reason?: string | undefined
  /** Those that were retried or discarded too. */
  readonly done?: boolean | undefined
  readonly limit?: number | undefined
}

/** One id, or all that fit. */
export type QuarantineChoice = { readonly id: string } | { readonly reason?: string | undefined }

export interface QuarantineItem {
  /** `12` for a whole body, `12.3` for its third record. */
  readonly id: string
  readonly receivedAt: number
  readonly code: string
  readonly reason: string
  readonly type?: string
  readonly recordId?: string
  /** What a person has decided. */
  readonly done?: {
    readonly state: 'retried' | 'discarded'
    readonly at: number
    /** Delivery it was appended as. */
    readonly seq?: number
    readonly why?: string
  }
}

export interface QuarantineList {
  readonly items: readonly QuarantineItem[]
  readonly total: number
}

export interface QuarantineDetail extends QuarantineItem {
  /** Of a whole body. */
  readonly bytes?: number
  readonly encoding?: string
  readonly contentType?: string
  /** The record; with `data` only. */
  readonly data?: Json
  /** The body as text, or base64 where it is none; with `data` only, its first 64 kB. */
  readonly text?: string
  readonly base64?: string
}

export interface QuarantineDone {
  readonly done: readonly { readonly id: string; readonly seq?: number }[]
  /** Those that could not be: why, by id. */
  readonly failed: readonly { readonly id: string; readonly reason: string }[]
}

export interface ReplayInput {
  readonly name: string
  /** First delivery: its number, a time, or the beginning. */
  readonly from: Bound | 'beginning'
  /** Last delivery; default: the newest. */
  readonly to?: Bound | undefined
  readonly types?: readonly string[] | undefined
  /** A filter as it stands in a route's `when`. */
  readonly where?: Json | undefined
  /** Id of an event: itself and what belongs to it. */
  readonly event?: string | undefined
}

/** A delivery number, or a time in milliseconds since 1970. */
export type Bound = { readonly seq: number } | { readonly at: number }

/** What a replay would send. */
export interface ReplayCount {
  /** Deliveries in the span. */
  readonly deliveries: number
  /** Sends: states in mode `every`, records in mode `latest`. */
  readonly jobs: number
  /** Of these, how many wait for a related record first. */
  readonly waits: number
  readonly byType: Readonly<Record<string, number>>
}

export interface ReplayPlan extends ReplayCount {
  readonly name: string
  readonly mode: 'latest' | 'every'
  readonly from: number
  readonly to: number
}

export interface ReplayStarted {
  readonly name: string
  readonly id: string
  readonly from: number
  readonly to: number
  readonly mode: 'latest' | 'every'
  /** False when no bridge runs: it begins with the next start. */
  readonly live: boolean
}
