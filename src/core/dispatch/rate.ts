import type { Rate } from '../plugin-contract.ts'

/** Counts requests over a sliding span of time. Pure: the time comes in. */
export interface RateWindow {
  /** Milliseconds until one more is allowed; 0 when it is allowed now. */
  wait(now: number): number
  /** Counts one. */
  take(now: number): void
}

/**
 * Never more than `limit` in any span of `per` milliseconds, wherever the span begins. A token bucket would allow up to twice
 * that in one span (the saved tokens and the new ones), and the other side counts spans.
 *
 * @throws RangeError when `limit` is not a whole number of at least 1 or `per` is not positive
 */
export function createRateWindow({ limit, per }: Rate): RateWindow {
  if (!Number.isInteger(limit) || limit < 1 || !(per > 0)) {
    throw new RangeError(`expected a rate of at least 1 per some time, got ${limit} per ${per} ms`)
  }
  // A ring that grows to the last `limit` instants; the oldest is the next to be overwritten.
  const taken: number[] = []
  let oldest = 0
  return {
    wait(now) {
      const at = taken.length < limit ? undefined : taken[oldest]
      return at === undefined ? 0 : Math.max(0, at + per - now)
    },
    take(now) {
      taken[oldest] = now
      oldest = (oldest + 1) % limit
    },
  }
}
