/** What a torture run was asked for, and what came of it. */

import type { Ledger } from './ledger.ts'

/** What is asked for. */
export interface TortureOptions {
  readonly seed: number
  /** Milliseconds. */
  readonly duration: number
  /** Roughly. */
  readonly kills: number
}

/** What happened; `failures` are ends that were not asked for. */
export interface Happened {
  readonly lives: number
  readonly kills: number
  /** By itself, around a commit. */
  readonly killsAtCommit: number
  readonly stops: number
  /** Starts given up since the disk was full. */
  readonly fullStarts: number
  readonly diskFull: number
  readonly outages: number
  readonly reloads: number
  readonly failures: readonly string[]
}

/** What came of it. Everything is well when nothing was broken and nothing failed. */
export interface TortureReport extends Happened {
  readonly seed: number
  readonly duration: number
  /** Milliseconds it took, end and accounts included. */
  readonly elapsed: number
  readonly posts: number
  readonly ledger: Ledger
  /** Where store, files and log were left; only when something is wrong. */
  readonly folder?: string
}
