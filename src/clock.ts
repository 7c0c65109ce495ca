import type { Clock } from './core/ports.ts'

const LONGEST = 2 ** 31 - 1

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  timer(ms, fn) {
    // setTimeout fires at once for anything longer.
    let handle = setTimeout(
      function tick() {
        ms -= LONGEST
        if (ms > 0) handle = setTimeout(tick, Math.min(ms, LONGEST))
        else fn()
      },
      Math.min(ms, LONGEST),
    )
    return () => clearTimeout(handle)
  },
}
