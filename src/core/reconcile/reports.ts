/** What runs over Bevy's REST API are asked for, and what they tell. Plain JSON; times are milliseconds since 1970. */

import type { Judgement } from './judge.ts'
import type { RunType } from './plan.ts'
import type { Outage } from './outages.ts'

/** `reconcile` takes in what differs or is missing; `seed` fills missing heads, and nothing of it is sent. */
export type RunKind = 'reconcile' | 'seed'

/** What a run is to look at. */
export interface RunInput {
  /** Default: of a reconcile `bevy.reconcile.span` ago, or the beginning of an outage that lost deliveries; of a seed the beginning. */
  readonly since?: number | undefined
  /** Default: now. */
  readonly until?: number | undefined
  /** Default: all. */
  readonly types?: readonly RunType[] | undefined
  /** Counts and takes in nothing. */
  readonly dryRun?: boolean | undefined
}

/** Records of one type by what they are to the heads, and how many were taken in. */
export type TypeCounts = Readonly<Record<Judgement | 'taken', number>>

/** A run, under way or ended. */
export interface RunReport {
  readonly id: string
  readonly kind: RunKind
  readonly dryRun: boolean
  /** Null: from the beginning. */
  readonly since: number | null
  readonly until: number
  readonly types: readonly RunType[]
  readonly startedAt: number
  readonly state: 'running' | 'done' | 'cancelled'
  readonly endedAt?: number | undefined
  /** Requests that were answered with something. */
  readonly requests: number
  /** Events whose attendees, and chapters that, are known to be left; grows while events are listed. */
  readonly left: number
  readonly counts: Readonly<Partial<Record<RunType, TypeCounts>>>
  /** What was passed over, by reason. */
  readonly problems: Readonly<Record<string, number>>
}

/** A run that was begun. `live` false: no bridge runs, it begins with the next start. */
export type RunStarted = Pick<RunReport, 'id' | 'kind' | 'dryRun' | 'since' | 'until' | 'types'> & {
  readonly live: boolean
}

/** How the access to Bevy's REST API stands, and what it is used for. */
export interface ReconcileStatus {
  /** False: `bevy` is not configured. */
  readonly access: boolean
  /** Bevy's API fails, and when it is tried again. */
  readonly trouble?: { readonly since: number; readonly reason: string; readonly nextTry: number } | undefined
  readonly run?: RunReport | undefined
  /** The run before. */
  readonly last?: RunReport | undefined
  /** When the schedule begins the next one. */
  readonly nextAt?: number | undefined
  /** Missing heads, since the start: to be fetched, fetched, and not to be had. */
  readonly joins: { readonly waiting: number; readonly fetched: number; readonly absent: number }
  /** An outage that lost deliveries, and that no reconcile has gone over. */
  readonly lost?: Outage | undefined
}
