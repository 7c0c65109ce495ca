import type { Clock } from './core/ports.ts'

const LONGEST = 2 ** 31 - 1

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    const due = performance.now() + ms
    // setTimeout fires up to a millisecond early, and at once for anything longer than it can count.
    const fire = (): void => {
      const left = due - performance.now()
      if (left > 0) handle = setTimeout(fire, delayOf(left))
      else fn()
    }
    let handle = setTimeout(fire, delayOf(ms))
    return () => clearTimeout(handle)
  },
}

function delayOf(ms: number): number {
  return Math.min(Math.max(0, Math.ceil(ms)), LONGEST)
}
