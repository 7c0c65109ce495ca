import type { Rate } from '../core/plugin-contract.ts'
import type { Clock, Pace, RateLimiter } from '../core/ports.ts'
import { createRateLimiter } from './rate-limiter.ts'

/** Buckets remembered; their names come from records. */
const MOST_BUCKETS = 10_000

/** Requests of an account in a span, and of each bucket in it. */
export interface PaceRates {
  readonly rate: Rate | undefined
  readonly bucketRate: Rate | undefined
}

/** The pace of one account: a request waits for its bucket first, then for the account, so that a full bucket costs the others nothing. */
export function createPace({ rate, bucketRate }: PaceRates, clock: Clock): Pace {
  const account = createRateLimiter(rate, clock)
  const buckets = new Map<string, RateLimiter>()
  const listeners = new Set<(ms: number) => void>()

  const bucketOf = (name: string): RateLimiter => {
    let bucket = buckets.get(name)
    if (bucket === undefined) {
      if (buckets.size >= MOST_BUCKETS) forgetIdle()
      bucket = createRateLimiter(bucketRate, clock)
      buckets.set(name, bucket)
    }
    return bucket
  }

  /** A bucket that would let a request through now remembers nothing. */
  const forgetIdle = (): void => {
    for (const [name, bucket] of buckets) if (bucket.wait() === 0) buckets.delete(name)
  }

  return {
    async acquire(bucket, signal) {
      if (bucket !== undefined) await bucketOf(bucket).acquire(signal)
      await account.acquire(signal)
    },
    wait: (bucket) => Math.max(account.wait(), bucket === undefined ? 0 : (buckets.get(bucket)?.wait() ?? 0)),
    hold(ms, bucket) {
      if (bucket !== undefined) return bucketOf(bucket).hold(ms)
      account.hold(ms)
      for (const listener of listeners) listener(ms)
    },
    onHold(fn) {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
  }
}

/** The paces of all accounts, each made when it is first asked for and kept over reloads that do not change its rates. */
export function createPaces(clock: Clock): (account: string, rates: PaceRates) => Pace {
  const paces = new Map<string, { readonly rates: string; readonly pace: Pace }>()
  return (account, rates) => {
    const written = JSON.stringify(rates)
    const known = paces.get(account)
    if (known?.rates === written) return known.pace
    const pace = createPace(rates, clock)
    paces.set(account, { rates: written, pace })
    return pace
  }
}
