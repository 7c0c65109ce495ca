/** Waiting out trouble of our own: for ever, but stoppable. */

import { coerceError, isBridgeError } from '../core/errors.ts'
import type { Alerts, Clock, Log } from '../core/ports.ts'

/** Does things that must not be skipped. */
export interface Persistence {
  /**
   * Calls `fn` until it resolves, waiting between 0.1 and 30 seconds. Rejects with an error the value itself is to blame for (see
   * `isOfTheValue`), and with `Stopped` after `stop`.
   */
  insist<T>(what: string, seq: number, fn: () => Promise<T>): Promise<T>
  /** Waits, for `ms` milliseconds or until `stop`. */
  pause(ms: number): Promise<void>
  readonly stopped: boolean
  stop(): void
}

const FIRST_PAUSE = 100
const LONGEST_PAUSE = 30_000
const OF_THE_VALUE = new Set(['ERR_STORE_VALUE', 'ERR_STORE_TOO_BIG', 'ERR_STORE_KEY'])

/** True for a failure that would come again however often the same value is written. */
export function isOfTheValue(error: unknown): boolean {
  return isBridgeError(error, 'store') && OF_THE_VALUE.has(error.code)
}

/** What `insist` rejects with after `stop`. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Makes it. */
export function createPersistence(deps: {
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  /** Told of each failure that is waited out. */
  readonly failed?: ((error: unknown) => void) | undefined
}): Persistence {
  const { clock, log, alerts } = deps
  let stopped = false
  const sleepers = new Set<() => void>()

  function pause(ms: number): Promise<void> {
    if (stopped) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = () => {
        cancel()
        sleepers.delete(wake)
        resolve()
      }
      const cancel = clock.timer(ms, wake)
      sleepers.add(wake)
    })
  }

  return {
    pause,
    get stopped() {
      return stopped
    },
    stop() {
      stopped = true
      for (const wake of sleepers) wake()
    },
    async insist(what, seq, fn) {
      for (let wait = FIRST_PAUSE; ; wait = Math.min(wait * 2, LONGEST_PAUSE)) {
        if (stopped) throw new Stopped()
        try {
          const result = await fn()
          if (wait > FIRST_PAUSE) alerts.recovered?.({ cause: 'store', subject: 'indexer' })
          return result
        } catch (error) {
          if (isOfTheValue(error)) throw error
          deps.failed?.(error)
          const code = isBridgeError(error) ? error.code : coerceError(error).name
          log.error(`${what} failed; it is tried again`, { seq, code, wait }, error)
          const message = `Indexing waits at delivery ${seq}: ${what} failed (${code}). Nothing is lost; nothing newer is sent until it works.`
          alerts.raise({ cause: 'store', subject: 'indexer', message, facts: { seq, code } })
        }
        await pause(wait)
      }
    },
  }
}
