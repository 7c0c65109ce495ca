import type { Outcome, RetryPolicy } from '../plugin-contract.ts'
import { nextDelay } from './retry.ts'
import type { Json } from '../types.ts'

/** What is known of a job after an attempt. */
export interface Tried {
  readonly outcome: Outcome
  /** Attempts made, this one included. */
  readonly attempts: number
  /** Milliseconds waited between attempts so far, counted while the destination ran. */
  readonly waited: number
  /** The batch held this job alone. */
  readonly alone: boolean
  /** Every job of the batch was rejected. */
  readonly wholeBatchRejected: boolean
  readonly policy: RetryPolicy
  /** From 0 up to, not including, 1. */
  readonly random: number
  /** The destination is paused: this was a probe, or began before. Nobody runs out of time then. */
  readonly paused?: boolean
}

/** What becomes of the job. */
export type Decision =
  | { readonly state: 'delivered'; readonly ref?: Json }
  | { readonly state: 'skipped'; readonly reason: string }
  /** Send it again at once, in a batch of its own: one bad job may have spoilt the batch. */
  | { readonly state: 'single' }
  | {
      readonly state: 'retry'
      /** Milliseconds. */
      readonly delay: number
      readonly hold: 'job' | 'bucket' | 'account'
      readonly unknown: boolean
      readonly reason: string
    }
  | { readonly state: 'dead'; readonly cause: 'refused' | 'exhausted'; readonly reason: string }

/** The one place that decides what an outcome means. */
export function settle(tried: Tried): Decision {
  const { outcome } = tried
  switch (outcome.state) {
    case 'delivered':
      return outcome.ref === undefined ? { state: 'delivered' } : { state: 'delivered', ref: outcome.ref }
    case 'skip':
      return { state: 'skipped', reason: outcome.reason }
    case 'reject':
      if (tried.wholeBatchRejected && !tried.alone) return { state: 'single' }
      return { state: 'dead', cause: 'refused', reason: outcome.reason }
    case 'retry':
    case 'unknown': {
      const left = tried.policy.for - tried.waited
      if (left <= 0 && tried.paused !== true) return { state: 'dead', cause: 'exhausted', reason: outcome.reason }
      const after = outcome.state === 'retry' ? outcome.after : undefined
      return {
        state: 'retry',
        // The last attempt falls on the end of the window, whatever the other side asked for.
        delay: Math.min(Math.max(0, left), nextDelay(tried.policy, tried.attempts, tried.random, after)),
        hold: (outcome.state === 'retry' ? outcome.scope : undefined) ?? 'job',
        unknown: outcome.state === 'unknown',
        reason: outcome.reason,
      }
    }
  }
}
