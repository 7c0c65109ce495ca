import type { RetryPolicy } from '../plugin-contract.ts'

/**
 * The wait before the next attempt in milliseconds: full jitter under an exponential ceiling
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), never shorter than what the other side asked for.
 *
 * @param attempts attempts made so far, at least 1
 * @param random from 0 up to, not including, 1
 * @param after milliseconds the other side asked us to wait
 */
export function nextDelay(policy: RetryPolicy, attempts: number, random: number, after = 0): number {
  const ceiling = Math.min(policy.maxDelay, policy.delay * policy.factor ** Math.min(attempts - 1, 60))
  return Math.max(after, Math.round(random * ceiling))
}
