/** Whether a destination may be sent to: running, held for a moment, or paused until a probe succeeds or a person resumes it. */

import { downBefore, HEALTHY, isProbed, nextHealth, probeDelay } from '../core/dispatch/health.ts'
import type { HealthEvent, HealthPolicy, HealthState, PauseCause } from '../core/dispatch/health.ts'
import { formatDuration } from '../core/durations.ts'
import type { Alerts, Clock, Log } from '../core/ports.ts'
import type { Down, Pause } from './documents.ts'

/** What is told of a pause. */
export interface Paused {
  readonly by: PauseCause
  /** Wall clock. */
  readonly since: number
  readonly reason: string
  /** Wall clock of the next probe; absent when a person must resume it. */
  readonly nextTry?: number | undefined
}

export interface Health {
  readonly state: HealthState['state']
  readonly paused?: Paused | undefined
  /** It has answered since it was opened, or since a person resumed it: that it runs is more than hope. */
  readonly answered: boolean
  /** The next batch is a probe. */
  readonly probing: boolean
  readonly lastError?: { readonly at: number; readonly message: string } | undefined
  readonly lastSuccess?: number | undefined
  /** Sends that may be under way now: none while held or paused, one for a probe. */
  slots(concurrency: number): number
  /** Sends nothing for some milliseconds. */
  hold(ms: number): void
  /** The destination refuses everything: stop, and probe with one batch at growing intervals. */
  refused(error: Error): void
  /**
   * An attempt ended without an error of the destination. `answered`: it said something about a record. Neither that nor `failed`: it
   * was not asked. `after`: it asked to be left alone for so many milliseconds.
   */
  tried(result: {
    delivered: boolean
    answered: boolean
    failed: boolean
    /** Key of the one record in it; null when there were several. */
    only: string | null
    reason: string | undefined
    after: number | undefined
  }): void
  /** A person stops it: not probed, and kept across restarts by the caller. */
  pause(at: number, why: string | undefined): void
  /** A person lets it go on. */
  resume(): void
  close(): void
}

interface Deps {
  readonly name: string
  readonly policy: HealthPolicy
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  /** Why it is paused from the start and not probed: only a person lets it go on. */
  readonly aside?: string | undefined
  /** A person has paused it in an earlier life. */
  readonly byHand?: Pause | undefined
  /** Its rules had paused it when the life before this one ended. */
  readonly down?: Down | undefined
  /** Sending may go on. */
  wake(): void
  /** It is paused from now on, or (undefined) no longer. Not called for a pause it begins with. */
  changed(paused: Paused | undefined): void
}

/** Makes it. */
export function createHealth(deps: Deps): Health {
  const { name, policy, clock, log, alerts, aside, byHand, down, wake, changed } = deps
  let heldUntil = 0
  let health: HealthState = HEALTHY
  let paused: Paused | undefined
  let lastError: Health['lastError'] = aside === undefined ? undefined : { at: clock.now(), message: aside }
  let lastSuccess: number | undefined
  let answered = false
  let cancelProbe = (): void => {}
  const timers = new Set<() => void>()

  const handReason = (why: string | undefined): string => (why === undefined ? 'by hand' : `by hand: ${why}`)
  if (aside !== undefined) {
    health = nextHealth(health, { what: 'pause', by: 'aside' }, policy)
    paused = { by: 'aside', since: clock.now(), reason: aside }
  } else if (byHand !== undefined) {
    health = nextHealth(health, { what: 'pause', by: 'hand' }, policy)
    paused = { by: 'hand', since: byHand.at, reason: handReason(byHand.why) }
  } else if (down !== undefined) {
    health = downBefore(down.by)
    paused = { by: down.by, since: down.at, reason: down.reason, nextTry: clock.now() }
  }

  const later = (ms: number, fn: () => void): (() => void) => {
    const cancel = clock.timer(ms, () => {
      timers.delete(cancel)
      fn()
    })
    timers.add(cancel)
    return () => {
      cancel()
      timers.delete(cancel)
    }
  }

  /** Plans the probe that follows a pause, or a probe that failed. */
  const planProbe = (after: number | undefined): void => {
    cancelProbe()
    if (!isProbed(health) || paused === undefined) return
    const ms = probeDelay(policy.probe, health.probes, after)
    paused = { ...paused, nextTry: clock.now() + ms }
    cancelProbe = later(ms, () => {
      health = nextHealth(health, { what: 'probe' }, policy)
      wake()
    })
  }

  const apply = (event: HealthEvent, reason: string, after?: number): void => {
    const before = health
    health = nextHealth(health, event, policy)
    if (health === before) return
    if (health.state !== 'paused') {
      cancelProbe()
      const since = paused?.since
      paused = undefined
      if (before.state === 'paused') {
        log.info('destination resumed', {
          destination: name,
          afterMs: since === undefined ? null : clock.now() - since,
        })
        changed(undefined)
        wake()
      } else if (health.state !== before.state) tellDegraded(health, reason)
      return
    }
    if (before.state === 'paused' && before.by === health.by) {
      if (paused !== undefined && event.what !== 'pause') paused = { ...paused, reason }
      return planProbe(after)
    }
    const failures = before.state === 'paused' ? 0 : before.failures + 1
    paused = { by: health.by, since: clock.now(), reason }
    planProbe(after)
    if (before.state !== 'paused') changed(paused)
    tellPaused(paused, failures)
  }

  const tellDegraded = ({ state }: HealthState, reason: string): void => {
    if (state === 'healthy') return log.info('destination healthy again', { destination: name })
    log.warn('destination degraded', { destination: name, failures: policy.degradedAfter, reason })
    alerts.raise({
      cause: 'destination:degraded',
      subject: name,
      message: `${name} fails: ${policy.degradedAfter} attempts in a row (${reason}). It is tried again by itself; \`bevy-bridge status\` shows more`,
    })
  }

  const tellPaused = ({ by, reason, nextTry }: Paused, failures: number): void => {
    const probeInMs = nextTry === undefined ? null : nextTry - clock.now()
    if (by === 'hand') return log.info('destination paused', { destination: name, reason })
    log.error('destination paused', { destination: name, by, reason, probeInMs })
    const why = by === 'failures' && failures > 0 ? `${reason}, after ${failures} failed attempts` : reason
    const todo =
      by === 'failures'
        ? 'If the other side is down there is nothing to do'
        : 'It takes nothing before that is mended, there or in the config'
    alerts.raise({
      cause: 'destination:paused',
      subject: name,
      message:
        `${name} is paused: ${why}. ${todo}. Nothing is lost: all that is for it waits, and it is tried again by itself, ` +
        `every ${formatDuration(policy.probe.maxDelay)} at the latest; \`bevy-bridge resume ${name}\` tries at once`,
    })
  }

  return {
    get state() {
      return health.state
    },
    get paused() {
      return paused
    },
    get answered() {
      return answered
    },
    get probing() {
      return health.state === 'paused' && health.probing
    },
    get lastError() {
      return lastError
    },
    get lastSuccess() {
      return lastSuccess
    },
    slots(concurrency) {
      if (clock.monotonic() < heldUntil) return 0
      if (health.state === 'paused') return health.probing ? 1 : 0
      return concurrency
    },
    hold(ms) {
      const until = clock.monotonic() + ms
      if (until <= heldUntil) return
      heldUntil = until
      later(ms, wake)
    },
    refused(error) {
      lastError = { at: clock.now(), message: error.message }
      apply({ what: 'refused' }, error.message)
    },
    tried({ delivered, answered: said, failed, only, reason, after }) {
      if (delivered) lastSuccess = clock.now()
      if (delivered || said) answered = true
      if (reason !== undefined) lastError = { at: clock.now(), message: reason }
      if (delivered || said) apply({ what: 'answered' }, '')
      else if (failed) apply({ what: 'failed', at: clock.monotonic(), only }, reason ?? 'no success', after)
    },
    pause(at, why) {
      apply({ what: 'pause', by: 'hand' }, handReason(why))
      if (paused !== undefined) paused = { ...paused, since: at, reason: handReason(why) }
    },
    resume() {
      answered = false
      apply({ what: 'resume' }, '')
    },
    close() {
      for (const cancel of timers) cancel()
      timers.clear()
    },
  }
}
