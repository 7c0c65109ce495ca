/**
 * The contract between the bridge and a plugin. Authors import it from `bevy-bridge` (src/plugin.ts).
 */

import type { z } from 'zod'
import type { Scope } from './expressions/expressions.ts'
import type { HttpClient, Log, PluginState } from './ports.ts'
import type { Json, JsonObject, Mode, Position } from './types.ts'

/** One record bound for one destination, as `send` gets it. Extends Scope: pass it to templates and mappings as it is. */
export interface Job extends Scope {
  /** Same on every attempt and redrive, new on replay; no dots: `<store>_<destination>_<seq>-<n>`. */
  readonly id: string
  /** The record's id as a string. */
  readonly recordId: string
  /** The record's data; the same object as `record`. */
  readonly data: JsonObject
  /** `type:id` */
  readonly key: string
  readonly position: Position
  readonly receivedAt: number
  /** What `delivered({ ref })` gave for the last state of this record sent here. */
  readonly ref?: Json
  /** Refs of joined records sent to this destination. */
  readonly refs: { readonly event?: Json }
  /** The record was sent here and matches no longer (mode `latest`, `onLeave: send`). Sent once; what it left comes as `ref`. */
  readonly left: boolean
  /** Newest position delivered in this job's lane; older sources must not write over what came from there. */
  readonly laneAt?: Position
  /** Value of `batch.by` in a scheduled batch; all jobs of the batch share it. */
  readonly group?: string
  readonly replay: boolean
  /** Sent late, from a dead letter. */
  readonly redriven: boolean
  /** From 1. */
  readonly attempt: number
  /** Names of the routes that matched. */
  readonly routes: readonly string[]
}

/** The attempt a batch is sent in. */
export interface Attempt {
  /** From 1; the highest of the batch. */
  readonly number: number
  /** Aborted at the timeout and on a hard stop. Pass it to everything that waits. */
  readonly signal: AbortSignal
  /** Stable for this set of jobs: the job's id, or a hash of all ids. */
  readonly idempotencyKey: string
}

/** What became of one job. */
export type Outcome =
  | { readonly state: 'delivered'; readonly ref?: Json }
  | {
      readonly state: 'retry'
      /** Milliseconds the other side asked us to wait. */
      readonly after?: number
      /** What the wait holds: this job, its bucket or the whole account. Default `job`. */
      readonly scope?: 'job' | 'bucket' | 'account'
      readonly reason: string
    }
  | { readonly state: 'reject'; readonly reason: string }
  | { readonly state: 'skip'; readonly reason: string }
  | { readonly state: 'unknown'; readonly reason: string }

/** Sent and taken. `ref` (JSON to 4 KB) is handed back with the next state of the record. */
export const delivered = (facts: { ref?: Json } = {}): Outcome => ({ state: 'delivered', ...facts })
/** Not taken now; the policy decides when to try again. */
export const retry = (facts: { after?: number; scope?: 'job' | 'bucket' | 'account'; reason: string }): Outcome => ({
  state: 'retry',
  ...facts,
})
/** Refused for good; trying again would not help. */
export const reject = (reason: string): Outcome => ({ state: 'reject', reason })
/** Nothing to send for this record here. */
export const skip = (reason: string): Outcome => ({ state: 'skip', reason })
/** Sent, but no answer came: it may have been taken. Counted, shown, and repeated. */
export const unknown = (reason: string): Outcome => ({ state: 'unknown', reason })

/** How failed jobs are tried again. Milliseconds. */
export interface RetryPolicy {
  /** Time waited altogether before a job is dead; counts only while the destination runs. Default 7 days. */
  readonly for: number
  /** First wait; later ones grow by `factor`, never above `maxDelay`; each is drawn at random between 0 and that (full jitter). */
  readonly delay: number
  readonly factor: number
  readonly maxDelay: number
}

/** Requests allowed in a span of time. */
export interface Rate {
  readonly limit: number
  /** Milliseconds. */
  readonly per: number
}

/** How many jobs one `send` gets, and how long to gather for it (milliseconds), or for which schedule. */
export interface BatchPolicy {
  readonly size: number
  /** Gathers for moments. 0 with a schedule. */
  readonly wait: number
  readonly schedule?: BatchSchedule
}

/** Jobs wait for a time and then go together, one batch for each value of `by`: digests. */
export interface BatchSchedule {
  /** `HH:MM` each day, or every so many milliseconds counted from midnight UTC. */
  readonly when: { readonly at: string } | { readonly every: number }
  /** IANA name; `chapter` is the zone of the job's chapter. */
  readonly timezone: string
  /** Path whose value a batch shares; absent: one batch for all. */
  readonly by?: string
}

/** All policy is data: in the plugin's defaults, overridden in the config. */
export interface Policy {
  readonly mode: Mode
  readonly batch: BatchPolicy
  /** Sends under way at once. */
  readonly concurrency: number
  readonly rate?: Rate | undefined
  /** Skips, with reason `old`, what was never sent here and whose own time is longer ago (milliseconds). */
  readonly maxAge?: number | undefined
  /** What happens in mode `latest` to a record that was sent and matches no longer. */
  readonly onLeave: 'send' | 'skip'
  /** Milliseconds an attempt may take. */
  readonly timeout: number
  readonly retry: RetryPolicy
}

/** What a destination's account is to its plugin: the pace its requests share with all destinations of the account. */
export interface Account {
  /** No request of any destination of this account for so many milliseconds. */
  hold(ms: number): void
}

/** What a plugin is given to work with. */
export interface PluginContext {
  readonly http: HttpClient
  readonly account: Account
  readonly log: Log
  readonly state: PluginState
  /** The destination's name. */
  readonly destination: string
  /** Folder that relative paths in options stand against. */
  readonly baseDir: string
  /** The store's id, `[a-z0-9]{12}`. */
  readonly storeId: string
  /** IANA name of the config's time zone, `UTC` where none is set. */
  readonly timezone: string
  /** Wall clock, milliseconds since 1970. */
  now(): number
}

/** A person to be forgotten, as `erase` gets them. Everything in it is gone from the bridge once all destinations have been told. */
export interface ErasedPerson {
  /** Id of the erasure: same on every attempt. Says nothing of the person. */
  readonly id: string
  /** Ids of their Bevy accounts. */
  readonly users: readonly string[]
  /** Their e-mail addresses: trimmed, lower case. */
  readonly emails: readonly string[]
  /** Their whole names in lower case; others may have the same. */
  readonly names: readonly string[]
  /** Their records, with what `delivered({ ref })` left for each at this destination. */
  readonly records: readonly { readonly key: string; readonly ref?: Json }[]
  /** `seq.n` of the states of their records that the journal held. */
  readonly positions: readonly string[]
  /** Files written for people are to be rewritten without them, too. */
  readonly exports: boolean
}

/** What `create` returns. */
export interface Sender {
  /** Sends at most `batch.size` jobs. One outcome per job in order, or nothing when all are delivered. */
  send(jobs: readonly Job[], attempt: Attempt): Promise<readonly Outcome[] | void>
  /** Is the other side reachable, does what the options name exist? One line per problem; empty is well. */
  check?(signal: AbortSignal): Promise<readonly string[]>
  /** What a wait with `scope: 'bucket'` and the bucket's rate belong to, inside the account: a Slack channel. Name it in `http.request` too. */
  bucket?(job: Job): string | undefined
  /** Two jobs of one lane are never in flight in different batches: the e-mail of a contact. In one batch they may be together. */
  lane?(job: Job): string | undefined
  /** What would be sent, without sending: shown by `explain`. Secrets left out. */
  preview?(jobs: readonly Job[]): Promise<readonly JsonObject[]> | readonly JsonObject[]
  /**
   * Forgets a person: at the other side, and in `context.state`. May come again with the same id after it succeeded. Nothing or
   * `delivered()`: done; `skip(reason)`: this destination does not; all else is tried again by the policy until it succeeds or a person
   * gives it up. No `send` runs meanwhile where the plugin is `stateful`. Declare `erases: true`.
   */
  erase?(person: ErasedPerson, attempt: Attempt): Promise<Outcome | void>
  close?(): Promise<void>
}

/** A plugin: a name, a schema for its options, its policy, and how to make a sender. */
export interface Plugin<Schema extends z.ZodType = z.ZodType> {
  readonly name: string
  /** One line for `check` and the docs. */
  readonly description?: string
  /** zod `strictObject`, every field described. Feeds the config check, the JSON Schema, the docs and the redaction. */
  readonly options: Schema
  readonly defaults?: Partial<Policy>
  /** True when it keeps state in `context.state`; it then runs with concurrency 1. */
  readonly stateful?: boolean
  /** Handles jobs with `left: true`; only then may `onLeave` be `send`. */
  readonly leaves?: boolean
  /** Its senders have `erase`, which also takes a person out of `context.state`. */
  readonly erases?: boolean
  /**
   * What rates belong to. `account`: the credential; destinations that give the same one, or name one account in the config, share
   * its rate. `bucketRate`: requests that name a bucket keep this pace in it.
   */
  limits?(options: z.output<Schema>): { readonly account?: string; readonly bucketRate?: Rate }
  /** How `context.http` is set up for these options. */
  network?(options: z.output<Schema>): { readonly allowPrivateNetworks?: boolean; readonly allowHttp?: boolean }
  create(options: z.output<Schema>, context: PluginContext): Sender | Promise<Sender>
}

/** Policy of a plugin that says nothing. */
export const DEFAULT_POLICY: Policy = {
  mode: 'every',
  batch: { size: 1, wait: 0 },
  concurrency: 4,
  onLeave: 'skip',
  timeout: 30_000,
  retry: { for: 7 * 86_400_000, delay: 10_000, factor: 2, maxDelay: 3_600_000 },
}

/** An identity with types: infers `options` from the schema. */
export function definePlugin<Schema extends z.ZodType>(plugin: Plugin<Schema>): Plugin<Schema> {
  return plugin
}
