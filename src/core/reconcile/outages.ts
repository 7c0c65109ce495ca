/** How long nothing from Bevy was taken in: time in which the bridge was down, and time in which it refused. */

/** An outage: from the last time all was well to the last time it was known not to be. Milliseconds since 1970. */
export interface Outage {
  readonly since: number
  readonly until: number
  /** People were told that deliveries were lost. */
  readonly told?: true | undefined
}

/** What is kept of it. */
export interface Times {
  /** When the bridge was last known to run. */
  readonly alive: number
  /** The one under way, or the last one while nothing has been taken in since. */
  readonly outage?: Outage | undefined
  /** The last one that has lost deliveries, until a reconcile has gone over it. */
  readonly lost?: Outage | undefined
}

/** What happened. `begun`: the bridge started; `refused`: a delivery was refused; `taken`: one was stored. */
export type Happening = 'begun' | 'alive' | 'refused' | 'taken'

/**
 * From the first failure to Bevy's last retry, by its shortest reading: an outage that lasts longer has lost what came first in it.
 * Bevy's "Webhooks best practices" (https://help.bevy.com): within 48 hours, each wait twice the one before, from 10 minutes on: 42 h 30 min.
 */
export const LAST_RETRY = (42 * 60 + 30) * 60_000
/** The longest time between two of its tries: whoever ran so long and met none has missed nothing. 21 h 20 min, and some more. */
const LONGEST_GAP = 22 * 3_600_000

/** The times after something happened. Steps back of the clock change nothing. `beat`: milliseconds between two signs of life, at most. */
export function afterHappening(times: Times | undefined, happening: Happening, now: number, beat: number): Times {
  if (times === undefined) return { alive: now }
  const outage = outageAfter(times, happening, now, beat)
  const lost = outage !== undefined && outage.until - outage.since > LAST_RETRY ? outage : times.lost
  return {
    alive: Math.max(times.alive, now),
    ...(outage === undefined ? {} : { outage }),
    ...(lost === undefined ? {} : { lost }),
  }
}

function outageAfter({ alive, outage }: Times, happening: Happening, now: number, beat: number): Outage | undefined {
  if (happening === 'taken') return undefined
  if (happening === 'refused') return extend(outage, now, now)
  if (happening === 'begun' && now - alive > beat) return extend(outage, alive, now)
  return outage === undefined || Math.max(alive, now) - outage.until > LONGEST_GAP ? undefined : outage
}

/** The outage that has just proved to be long enough to lose deliveries: people are told once. */
export function newlyLost({ outage, lost }: Times): Outage | undefined {
  return outage !== undefined && outage === lost && outage.told === undefined ? outage : undefined
}

function extend(outage: Outage | undefined, since: number, until: number): Outage {
  return {
    since: Math.min(outage?.since ?? since, since),
    until: Math.max(outage?.until ?? until, until),
    ...(outage?.told === undefined ? {} : { told: outage.told }),
  }
}
