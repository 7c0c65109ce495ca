/** What the throttle says of one more failure: log it (with how many were passed over in silence since the last), or not. */
export type Throttled = { readonly state: 'heard'; readonly suppressed: number } | { readonly state: 'silent' }

/** Counts failures by key; each key has a bucket of `burst` that refills by one every `refill` milliseconds. */
export interface Throttle {
  /** One more failure of this key, at this monotonic time (milliseconds). */
  fail(key: string, now: number): Throttled
}

interface Bucket {
  left: number
  at: number
  suppressed: number
}

/** Makes one that remembers at most `maxKeys` keys; the one not heard of for longest is forgotten first. */
export function createThrottle({ burst = 20, refill = 10_000, maxKeys = 10_000 } = {}): Throttle {
  const buckets = new Map<string, Bucket>()
  return {
    fail(key, now) {
      const bucket = buckets.get(key) ?? { left: burst, at: now, suppressed: 0 }
      // Set anew, so that the map stays in order of last use.
      buckets.delete(key)
      buckets.set(key, bucket)
      if (buckets.size > maxKeys) buckets.delete(buckets.keys().next().value ?? key)
      const gained = Math.floor((now - bucket.at) / refill)
      bucket.left = Math.min(burst, bucket.left + gained)
      bucket.at = bucket.left === burst ? now : bucket.at + gained * refill
      if (bucket.left < 1) {
        bucket.suppressed += 1
        return { state: 'silent' }
      }
      bucket.left -= 1
      const { suppressed } = bucket
      bucket.suppressed = 0
      return { state: 'heard', suppressed }
    },
  }
}
