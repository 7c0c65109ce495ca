/**
 * How Bevy decides that a delivery was taken, and when it tries again. Its page contradicts itself, so each point is a
 * choice of readings. The only public text is Bevy's "Webhooks best practices" at https://help.bevy.com.
 */

/** What answer acknowledges: only 200 (R1), any below 400 (R2), or 200 and any from 400 up (R3). */
export const READINGS = ['R1', 'R2', 'R3'] as const
export type Reading = (typeof READINGS)[number]

/** How waits grow: 10·2^(n−1), 10·n or 20·(n−1) minutes before the n-th retry. */
export const DELAY_LAWS = ['exponential', 'linear', 'literal'] as const
export type DelayLaw = (typeof DELAY_LAWS)[number]

/** What came of a POST: a status, or why there was none. */
export type Answer = { readonly status: number } | { readonly failed: 'timeout' | 'reset' | 'connect' | 'other' }

/** Bevy waits this long for an answer, milliseconds. */
export const ANSWER_TIMEOUT = 30_000
/** It tries again for this long after the first failure, milliseconds. */
export const RETRY_SPAN = 48 * 3_600_000
/** Records in one POST of the bulk mode. */
export const BULK_LIMIT = 500

const MINUTE = 60_000

/** Whether this answer ends the retries. Where R3 says nothing (other 2xx, 3xx) the retries go on. */
export function acknowledges(reading: Reading, answer: Answer): boolean {
  if (!('status' in answer)) return false
  const { status } = answer
  switch (reading) {
    case 'R1':
      return status === 200
    case 'R2':
      return status >= 200 && status < 400
    case 'R3':
      return status === 200 || status >= 400
  }
}

/** Milliseconds between the n-th failure and the n-th retry, n from 1. */
export function retryDelay(law: DelayLaw, n: number): number {
  switch (law) {
    case 'exponential':
      return 10 * 2 ** (n - 1) * MINUTE
    case 'linear':
      return 10 * n * MINUTE
    case 'literal':
      return 20 * (n - 1) * MINUTE
  }
}
