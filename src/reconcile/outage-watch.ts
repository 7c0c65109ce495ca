/** Notes when the bridge ran and when it took nothing in, and tells people when Bevy will have given up on something meanwhile. */

import { coerceError } from '../core/errors.ts'
import type { Alerts, Clock, Log, Store } from '../core/ports.ts'
import { afterHappening, newlyLost, type Happening, type Outage, type Times } from '../core/reconcile/outages.ts'
import { keys, readTimes } from './documents.ts'

export interface OutageWatch {
  /** A delivery was refused, or one was stored. Cheap: called for each. */
  note(happening: 'refused' | 'taken'): void
  /** The outage that lost deliveries, until a reconcile has gone over it. */
  readonly lost: Outage | undefined
  /** A reconcile from this time on is through. */
  covered(since: number | null): void
  /** A last sign of life. */
  close(): Promise<void>
}

/** Milliseconds between two signs of life: no outage is measured more exactly. */
const BEAT = 5 * 60_000

/** Begins: the time since the last sign of life is an outage. `access`: whether Bevy's REST API is configured. */
export async function watchOutages(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  access(): boolean
}): Promise<OutageWatch> {
  const { store, clock, log, alerts } = deps
  let times: Times | undefined = await readTimes(store, log)
  let writing: Promise<void> = Promise.resolve()

  const save = (): Promise<void> => {
    writing = writing.then(() =>
      store
        .commit([{ op: 'set', key: keys.times, value: { v: 1, ...times } }])
        .catch((error: unknown) =>
          log.warn('a sign of life could not be kept', { reason: coerceError(error).message }),
        ),
    )
    return writing
  }

  const happened = (happening: Happening): void => {
    const before = times
    times = afterHappening(times, happening, clock.now(), 2 * BEAT)
    const lost = newlyLost(times)
    if (lost !== undefined) {
      tell(lost)
      const told = { ...lost, told: true as const }
      times = { ...times, outage: told, lost: told }
    }
    // Deliveries that are taken change nothing, and of those refused the first is what counts until the next beat.
    const isNews = (before?.outage === undefined) !== (times.outage === undefined) || lost !== undefined
    if (happening === 'begun' || happening === 'alive' || isNews) void save()
  }

  const tell = ({ since, until }: Outage): void => {
    const from = new Date(since - 3_600_000).toISOString().slice(0, 16)
    const how = deps.access()
      ? `\`bevy-bridge reconcile --since ${from}Z\` fetches what is missing; with --dry-run it counts first`
      : `with access to Bevy's REST API (\`bevy\` in the config) \`bevy-bridge reconcile --since ${from}Z\` fetches what is missing`
    const hours = Math.floor((until - since) / 3_600_000)
    const message = `Nothing from Bevy was taken in for ${hours} hours, longer than Bevy tries again: what came first in that time is lost. ${how}`
    alerts.raise({ cause: 'outage', subject: 'bridge', message, facts: { hours } })
  }

  happened('begun')
  let cancel = (): void => {}
  const plan = (): void => {
    cancel = clock.timer(BEAT, () => {
      happened('alive')
      plan()
    })
  }
  plan()

  return {
    note(happening) {
      // The common case, in a flood too.
      if (happening === 'taken' && times?.outage === undefined) return
      happened(happening)
    },
    get lost() {
      return times?.lost
    },
    covered(since) {
      if (times?.lost === undefined || (since !== null && since > times.lost.since)) return
      const { lost: _lost, ...rest } = times
      times = rest
      void save()
    },
    async close() {
      cancel()
      happened('alive')
      await writing
    },
  }
}
