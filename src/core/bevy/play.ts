import type { Answer, DelayLaw, Reading } from './sending.ts'
import type { JsonObject } from '../types.ts'

/** A record at Bevy that became what `data` says. */
export interface Change {
  /** Milliseconds after the start, at speed 1. */
  readonly at: number
  readonly type: string
  /** `type:id` */
  readonly key: string
  readonly data: JsonObject
}

/** What Bevy is played with. Times are milliseconds on any scale that only grows. */
export interface PlayerOptions {
  /** In order of `at`. */
  readonly changes: readonly Change[]
  /** Where `at: 0` lies. Default 0. */
  readonly start?: number
  /** All pending records together, 500 at most; else one record per POST. */
  readonly bulk?: boolean
  readonly reading?: Reading
  readonly delays?: DelayLaw
  /** POSTs under way at once; never two with one record. Default 1. */
  readonly concurrency?: number
  /** Least time between two POSTs. Default 0. */
  readonly interval?: number
  /** Divides the times of changes, the waits and the 48 hours; not the 30 seconds. Default 1. */
  readonly speed?: number
  /** Attempts after which a record is given up, besides the 48 hours. Default: no such limit. */
  readonly maxAttempts?: number
  /** Decides the order inside bulk POSTs and of the fields of envelopes. Default 1. */
  readonly seed?: number
}

/** A POST to make now. */
export interface Send {
  readonly id: number
  /** Of its record that was tried most often; from 1. */
  readonly attempt: number
  readonly keys: readonly string[]
  /** The newest state of its records at this moment, as Bevy writes it. */
  readonly body: string
}

/** What to do now. */
export interface Step {
  readonly sends: readonly Send[]
  /** POSTs whose 30 seconds are over: their connection is to be closed, their answer counts no more. */
  readonly expired: readonly number[]
  /** When to ask again unless an answer comes first; undefined when only answers can change anything. */
  readonly wakeAt: number | undefined
  /** Nothing is pending, under way or to come. */
  readonly done: boolean
}

/** How things stand. */
export interface PlayerCounts {
  readonly pending: number
  readonly underWay: number
  readonly acknowledged: number
  readonly givenUp: number
  readonly posts: number
  readonly retries: number
}

/** Bevy, played without clock or network. */
export interface Player {
  next(now: number): Step
  /** Tells what came of a send. Unknown or expired ids are ignored: Bevy does not read a late answer. */
  answered(id: number, answer: Answer, now: number): void
  /** The newest state of every record that changed so far, by key: what a receiver should have in the end. */
  finalState(): Map<string, JsonObject>
  /** The last state of each record that was acknowledged, by key. */
  acknowledged(): Map<string, JsonObject>
  /** Keys whose newest state was given up. */
  givenUp(): string[]
  counts(): PlayerCounts
}
