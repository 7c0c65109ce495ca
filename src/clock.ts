import type { Clock } from './core/ports.ts'

const LONGEST = 2 ** 31 - 1

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    const due = performance.now() + ms
    let handle: NodeJS.Timeout
    // setTimeout fires up to a millisecond early, and at once for anything longer than it can count.
    const arm = (): void => {
      const left = due - performance.now()
      if (left > 0 || handle === undefined) handle = setTimeout(arm, Math.min(Math.max(0, Math.ceil(left)), LONGEST))
      else fn()
    }
    arm()
    return () => clearTimeout(handle)
  },
}
