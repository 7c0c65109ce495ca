import type { Rate } from '../core/plugin-contract.ts'
import type { Clock, RateLimiter } from '../core/ports.ts'
import { createRateWindow } from '../core/dispatch/rate.ts'

interface Waiting {
  readonly go: () => void
}

/**
 * Lets requests through first come, first served, never faster than `rate`. Without a rate nothing waits, except for `hold`.
 * Waiting uses the clock that never jumps.
 */
export function createRateLimiter(rate: Rate | undefined, clock: Clock): RateLimiter {
  const window = rate === undefined ? undefined : createRateWindow(rate)
  const queue = new Set<Waiting>()
  let heldUntil = 0
  let cancelTimer: (() => void) | undefined

  const waitAt = (now: number): number => Math.max(0, window?.wait(now) ?? 0, heldUntil - now)

  const pump = (): void => {
    cancelTimer?.()
    cancelTimer = undefined
    for (const waiting of queue) {
      const now = clock.monotonic()
      const wait = waitAt(now)
      if (wait > 0) {
        cancelTimer = clock.timer(Math.ceil(wait), pump)
        return
      }
      queue.delete(waiting)
      window?.take(now)
      waiting.go()
    }
  }

  return {
    acquire(signal) {
      const now = clock.monotonic()
      if (queue.size === 0 && signal?.aborted !== true && waitAt(now) === 0) {
        window?.take(now)
        return Promise.resolve()
      }
      return new Promise((resolve, reject) => {
        if (signal?.aborted === true) return void reject(signal.reason)
        const leave = (): void => {
          queue.delete(waiting)
          pump()
          reject(signal?.reason)
        }
        const waiting: Waiting = {
          go() {
            signal?.removeEventListener('abort', leave)
            resolve()
          },
        }
        signal?.addEventListener('abort', leave, { once: true })
        queue.add(waiting)
        if (queue.size === 1) pump()
      })
    },
    wait: () => waitAt(clock.monotonic()),
    hold(ms) {
      heldUntil = Math.max(heldUntil, clock.monotonic() + ms)
      pump()
    },
  }
}
