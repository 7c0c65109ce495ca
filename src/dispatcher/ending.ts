/** How a dispatcher ends: once, however often and by whomever it is told to. */

import type { Clock } from '../core/ports.ts'

/** How long one that ends waits for a store that takes no writes. */
export type Patience =
  /** Moments: the process ends. What was not written is decided again after the restart. */
  | 'moments'
  /** For ever: a successor must find the books written, and could do nothing with such a store either. */
  | 'for ever'

export interface Ending {
  /** Aborted when sends are to be broken off. */
  readonly signal: AbortSignal
  /** Ends within about `deadline` milliseconds; a call while it ends already can only make it sooner. */
  end(deadline: number, patience: Patience): Promise<void>
}

interface Steps {
  readonly clock: Clock
  /** Starts nothing more. */
  stop(): void
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>
  /** Nothing is in flight any more. */
  quiet(): void
  /** Resolves when the books are written. */
  flushed(): Promise<void>
  /** The books are closed, written or not. */
  close(): Promise<void>
}

/** How long broken-off sends and the last flush may take, milliseconds. */
const HARD_STOP = 1500

/** Makes it. */
export function createEnding({ clock, stop, idle, quiet, flushed, close }: Steps): Ending {
  const hardStop = new AbortController()
  const hurry = new AbortController()
  let ending: Promise<void> | undefined

  const run = async (): Promise<void> => {
    stop()
    await Promise.race([idle(), aborted(hardStop.signal)])
    hardStop.abort()
    await within(idle(), HARD_STOP, clock)
    quiet()
    await Promise.race([flushed(), aborted(hurry.signal).then(() => within(flushed(), HARD_STOP, clock))])
    await close()
  }

  return {
    signal: hardStop.signal,
    async end(deadline, patience) {
      if (patience === 'moments') hurry.abort()
      const cancel = clock.timer(deadline, () => hardStop.abort())
      try {
        await (ending ??= run())
      } finally {
        cancel()
      }
    },
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
}

async function within(promise: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  let cancel = (): void => {}
  await Promise.race([
    promise,
    new Promise<void>((resolve) => {
      cancel = clock.timer(ms, resolve)
    }),
  ])
  cancel()
}
