/**
 * What the bridge says about itself: answers of the admin API and of the command line. Plain JSON; times are milliseconds
 * since 1970, ages and durations milliseconds.
 */

import type { UnseenField } from '../expressions/unseen.ts'
import type { PauseCause } from './health.ts'
import type { ReconcileStatus } from '../reconcile/reports.ts'
import type { KeptReport } from '../retention/report.ts'
import type { Json, JsonObject, Mode, Position, Verdict } from '../types.ts'

export type { BridgeAccess, BridgeActions, CareQueries } from './actions.ts'

/** Asked of a running bridge through its admin API, or of its store when none runs. */
export interface BridgeQueries {
  status(): Promise<StatusReport>
  inspect(query: InspectQuery): Promise<InspectReport>
  explain(input: ExplainInput): Promise<ExplainReport>
}

/** How everything stands. */
export interface StatusReport {
  /** `offline`: read from the store, no bridge runs; counters that live in memory are then absent or zero. */
  readonly state: 'running' | 'offline'
  readonly version: string
  /** `node 24.21.0` */
  readonly runtime: string
  /** Since the start; absent when offline. */
  readonly uptime?: number
  readonly journal: KeptReport & {
    /** Oldest delivery kept; tail + 1 when the journal is empty. */
    readonly first: number
    readonly tail: number
    readonly indexed: number
    /** Bodies and records in quarantine that nobody has dealt with. */
    readonly quarantined: number
  }
  readonly receiver: readonly { readonly answer: string; readonly reason: string; readonly count: number }[]
  /** Records no route matched, by type. */
  readonly unmatched: Readonly<Record<string, number>>
  /** Records older than their head, by type. */
  readonly stale: Readonly<Record<string, number>>
  readonly destinations: readonly DestinationStatus[]
  /** Fields the config reads that never came; absent where there are none. */
  readonly unseen?: readonly UnseenField[] | undefined
  /** What is done over Bevy's REST API; absent where nothing is, nor has been. */
  readonly reconcile?: ReconcileStatus | undefined
}

export interface DestinationStatus {
  readonly name: string
  /** Absent for an orphan whose plugin is no longer known. */
  readonly plugin?: string
  readonly mode?: Mode
  /** `degraded`: it runs, but fails again and again. `orphaned`: no longer in the config, its state kept. */
  readonly state: 'running' | 'degraded' | 'paused' | 'stopped' | 'orphaned'
  /** Why it is not running. */
  readonly reason?: string
  readonly lag: {
    readonly deliveries: number
    /** Of the oldest delivery it has not read; null when it has read all. */
    readonly age: number | null
  }
  readonly sent: number
  /** Jobs skipped, by reason. */
  readonly skipped: Readonly<Record<string, number>>
  readonly retrying: number
  /** Sends that were never answered, counted until the job settles. */
  readonly unknown: number
  readonly dead: number
  readonly paused?: PauseFacts
  /** Replays under way: where they have come, and the last delivery of their span. */
  readonly replays?: readonly { readonly id: string; readonly position: Position; readonly to: number }[]
  readonly lastError?: { readonly at: number; readonly message: string }
  readonly lastSuccess?: number
}

/** A pause: who made it, since when, and when the destination is tried. */
export interface PauseFacts {
  readonly by: PauseCause
  readonly since: number
  /** Absent when only a person resumes it. */
  readonly nextTry?: number | undefined
}

/** A record by its key (`type:id`), or all records with an e-mail address. `data`: heads with their content. */
export type InspectQuery = ({ readonly key: string } | { readonly email: string }) & { readonly data?: boolean }

export interface InspectReport {
  readonly records: readonly InspectedRecord[]
}

export interface InspectedRecord {
  readonly key: string
  readonly head?: {
    readonly position: Position
    /** Microseconds since 1970, of event records. */
    readonly version: number | null
    readonly hash: string
    readonly receivedAt?: number
    readonly data?: JsonObject
  }
  /** Deliveries it came in, oldest first. */
  readonly history: readonly {
    readonly position: Position
    readonly receivedAt: number
    readonly verdict: Verdict
    readonly version: number | null
  }[]
  /** Of the head, as the routes are now. */
  readonly routes: readonly RouteExplanation[]
  readonly destinations: readonly {
    readonly name: string
    /** What was last sent there. */
    readonly sent?: { readonly position: Position; readonly ref?: Json; readonly at?: number }
    /** Newest state of it that lies before the cursor and of which nothing is left to do: delivered or skipped there. */
    readonly passed?: Position
    /** A job that waits. */
    readonly exception?: {
      readonly position: Position
      /** What for: a retry, a join, another job of its key. */
      readonly waitsFor: string
      readonly attempts: number
      readonly due?: number
      readonly reason?: string
    }
    /** A job given up. */
    readonly dead?: {
      readonly position: Position
      readonly at: number
      readonly attempts: number
      readonly reason: string
    }
  }[]
}

/** A route with what decided. */
export interface RouteExplanation {
  readonly name: string
  readonly match: 'yes' | 'no' | 'undecided'
  /** The condition that decided: `event.status: "Draft" is not "Published"`. */
  readonly because: string
  /** Keys of the heads an undecided route waits for. */
  readonly needs?: readonly string[]
  readonly to: readonly string[]
}

/** A body as Bevy would send it, or a delivery in the journal. */
export type ExplainInput = { readonly body: Uint8Array } | { readonly seq: number }

export interface ExplainReport {
  /** Of a delivery in the journal. */
  readonly seq?: number
  /** Why the body as a whole would go to quarantine. */
  readonly problem?: string
  readonly records: readonly ExplainedRecord[]
}

export interface ExplainedRecord {
  /** Running number in the body. */
  readonly n: number
  /** `type:id`; the type alone where there is no usable id. */
  readonly key: string
  /** What indexing decides about it, or decided. */
  readonly verdict: Verdict
  /** Why it is invalid. */
  readonly problem?: string
  readonly routes: readonly RouteExplanation[]
  readonly destinations: readonly ExplainedDestination[]
}

/** What one destination would be sent. */
export interface ExplainedDestination {
  readonly name: string
  readonly plugin: string
  readonly mode: Mode
  /** `waits`: for a head it reads. */
  readonly state: 'sends' | 'waits' | 'skips'
  /** Why it waits or skips. */
  readonly because?: string
  /** By the plugin's own preview; absent when it has none. */
  readonly preview?: readonly JsonObject[]
  /** What went wrong when the preview was made. */
  readonly problem?: string
}

/** What a destination says of itself when it is asked. */
export interface LiveCheck {
  readonly name: string
  readonly plugin: string
  /** False when its plugin has nothing to ask. */
  readonly checked: boolean
  /** One line each; empty is well. */
  readonly problems: readonly string[]
}

/** A test message through one channel of alerts. */
export interface AlertTest {
  readonly channel: string
  readonly kind: string
  readonly ok: boolean
  /** Why it was not sent. */
  readonly reason?: string
}

/** One sample record at one destination. */
export interface TryReport {
  readonly destination: string
  readonly key: string
  /** The requests, secrets left out; absent when the plugin has no preview. */
  readonly preview?: readonly JsonObject[]
  /** What came of it when it was sent: an outcome, or `refused` when the destination as a whole is at fault. */
  readonly outcome?: string
  readonly reason?: string
}

/** One thing wrong or odd in the config. Line and column count from 1; line 0 means the file as a whole. */
export interface ConfigProblem {
  readonly file: string
  readonly line: number
  readonly column: number
  /** `routes[0].to[1]`; empty for the whole file. */
  readonly path: string
  readonly message: string
}

/** How far a rebuild of the index has come: documents removed, or deliveries indexed. */
export interface RebuildProgress {
  readonly state: 'clearing' | 'indexing'
  readonly done: number
  readonly of?: number
}

/** What a rebuild came to. */
export interface RebuildReport {
  /** False when it was ended before; the next one goes on. */
  readonly finished: boolean
  /** It went on with one that was not finished. */
  readonly resumed: boolean
  /** Documents of the old index removed in this run. */
  readonly removed: number
  /** Deliveries in the new index. */
  readonly deliveries: number
  readonly records: Readonly<Record<Verdict, number>>
  readonly quarantined: { readonly bodies: number; readonly records: number }
  /** Milliseconds. */
  readonly duration: number
}
