import type { Alert, Alerts, Clock, Log } from '../core/ports.ts'

/** Least time between two alerts of one cause and subject. */
const INTERVAL = 3_600_000
/** Causes remembered; what comes from outside must not fill the memory. */
const MOST = 1000

/** Alerts as lines in the log: one per cause and subject an hour, with the number held back in between. */
export function createLogAlerts({ log, clock }: { log: Log; clock: Clock }): Alerts {
  const raised = new Map<string, { at: number; held: number }>()
  return {
    raise({ cause, subject, message, facts }: Alert) {
      const name = `${cause} ${subject}`
      const before = raised.get(name)
      if (before !== undefined && clock.monotonic() - before.at < INTERVAL) {
        before.held += 1
        return
      }
      raised.delete(name)
      raised.set(name, { at: clock.monotonic(), held: 0 })
      if (raised.size > MOST) raised.delete(raised.keys().next().value as string)
      const repeats = before === undefined || before.held === 0 ? {} : { heldBack: before.held }
      log.warn(`alert: ${message}`, { cause, subject, ...facts, ...repeats })
    },
  }
}
