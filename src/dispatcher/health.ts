/** Whether a destination may be sent to: running, held for a moment, or paused until a probe succeeds. */

import type { Alerts, Clock, Log } from '../core/ports.ts'

export interface Health {
  readonly state: 'running' | 'paused'
  readonly lastError?: { readonly at: number; readonly message: string } | undefined
  readonly lastSuccess?: number | undefined
  /** Sends that may be under way now: none while held or paused, one for a probe. */
  slots(concurrency: number): number
  /** Sends nothing for some milliseconds. */
  hold(ms: number): void
  /** The destination refuses everything: stop, and probe with one batch at growing intervals. */
  pause(error: Error): void
  /** An attempt ended without an error of the destination. `answered`: it said something about a record. */
  tried(result: { delivered: boolean; answered: boolean; reason: string | undefined }): void
  close(): void
}

const FIRST_PROBE = 30_000
const LONGEST_PROBE = 15 * 60_000

interface Deps {
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  /** Why it is paused from the start and not probed: only a new one made by a person sends again. */
  readonly aside?: string | undefined
  /** Sending may go on. */
  wake(): void
}

/** Makes it. */
export function createHealth({ name, clock, log, alerts, aside, wake }: Deps): Health {
  let heldUntil = 0
  let paused = aside !== undefined
  let probing = false
  let probeAfter = FIRST_PROBE
  let lastError: Health['lastError'] = aside === undefined ? undefined : { at: clock.now(), message: aside }
  let lastSuccess: number | undefined
  const timers = new Set<() => void>()

  const later = (ms: number, fn: () => void): void => {
    const cancel = clock.timer(ms, () => {
      timers.delete(cancel)
      fn()
    })
    timers.add(cancel)
  }

  const probeLater = (): void => {
    probing = false
    later(probeAfter, () => {
      probing = true
      wake()
    })
    probeAfter = Math.min(probeAfter * 2, LONGEST_PROBE)
  }

  return {
    get state() {
      return paused ? 'paused' : 'running'
    },
    get lastError() {
      return lastError
    },
    get lastSuccess() {
      return lastSuccess
    },
    slots(concurrency) {
      if (clock.monotonic() < heldUntil) return 0
      if (paused) return probing ? 1 : 0
      return concurrency
    },
    hold(ms) {
      const until = clock.monotonic() + ms
      if (until <= heldUntil) return
      heldUntil = until
      later(ms, wake)
    },
    pause(error) {
      lastError = { at: clock.now(), message: error.message }
      // Several sends under way fail together; only the first of them pauses.
      if (paused && !probing) return
      if (!paused) {
        log.error('destination paused', { destination: name, reason: error.message, probeInMs: probeAfter })
        alerts.raise({
          cause: 'destination:paused',
          subject: name,
          message: `${name} is paused: ${error.message}. Nothing is lost: it is tried again by itself; mend it and look at \`bevy-bridge status\``,
        })
      }
      paused = true
      probeLater()
    },
    tried({ delivered, answered, reason }) {
      if (delivered) lastSuccess = clock.now()
      if (reason !== undefined) lastError = { at: clock.now(), message: reason }
      if (!paused || !probing) return
      if (!answered) return probeLater()
      paused = false
      probing = false
      probeAfter = FIRST_PROBE
      log.info('destination resumed', { destination: name })
      wake()
    },
    close() {
      for (const cancel of timers) cancel()
      timers.clear()
    },
  }
}
