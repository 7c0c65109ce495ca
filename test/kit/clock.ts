import type { Clock } from '../../src/core/ports.ts'

/** A clock moved by hand. */
export interface HandClock extends Clock {
  /** Moves time on, running due timers in order, and lets promises settle between them. */
  advance(ms: number): Promise<void>
  /** Moves the wall clock alone: a jump. */
  jump(ms: number): void
  /** Milliseconds until the next timer; undefined when none is set. */
  next(): number | undefined
}

/** Lets everything that can go on without time do so. */
export async function settleAll(): Promise<void> {
  for (let round = 0; round < 20; round++) await new Promise<void>((resolve) => setImmediate(resolve))
}

/** Starts at 2026-03-01T00:00:00Z unless told otherwise. */
export function createHandClock(start = Date.UTC(2026, 2, 1)): HandClock {
  let passed = 0
  let offset = start
  let timers: { at: number; fn: () => void }[] = []
  return {
    now: () => offset + passed,
    monotonic: () => passed,
    timer(ms, fn) {
      const timer = { at: passed + Math.max(0, ms), fn }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    async advance(ms) {
      const end = passed + ms
      await settleAll()
      for (;;) {
        const due = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        timers = timers.filter((timer) => timer !== due)
        passed = Math.max(passed, due.at)
        due.fn()
        await settleAll()
      }
      passed = end
      await settleAll()
    },
    jump(ms) {
      offset += ms
    },
    next: () => (timers.length === 0 ? undefined : Math.min(...timers.map((timer) => timer.at)) - passed),
  }
}
