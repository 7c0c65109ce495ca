/**
 * How a destination is: healthy → degraded → paused, as a table of states and events. Times are milliseconds of a clock that never
 * jumps.
 */

/** When a destination counts as degraded and as down, and how one that is down is tried. */
export interface HealthPolicy {
  /** Failed attempts in a row after which it is degraded. */
  readonly degradedAfter: number
  /** Failed attempts in a row after which it is paused. */
  readonly pauseAfter: number
  /**
   * A degraded destination is paused when nothing has succeeded for so many milliseconds though work of several records waits: one
   * bad record alone says nothing about the others.
   */
  readonly span: number
  /** Milliseconds between the pause and the first probe; it doubles with each that fails, up to `maxDelay`. */
  readonly probe: { readonly delay: number; readonly maxDelay: number }
}

/** What a config that says nothing gets. */
export const DEFAULT_HEALTH: HealthPolicy = {
  degradedAfter: 5,
  pauseAfter: 20,
  span: 15 * 60_000,
  probe: { delay: 30_000, maxDelay: 15 * 60_000 },
}

/**
 * Who paused it: `failures` its rules, `refused` a DestinationError, `hand` a person, `aside` a record that has ended the process.
 * The first two are probed and end by themselves.
 */
export type PauseCause = 'failures' | 'refused' | 'hand' | 'aside'

export type HealthState =
  | {
      readonly state: 'healthy' | 'degraded'
      /** Failed attempts in a row. */
      readonly failures: number
      /** When the first of them ended. */
      readonly since?: number
      /** Key of the one record they were about; null when there were several. */
      readonly only?: string | null
    }
  | {
      readonly state: 'paused'
      readonly by: PauseCause
      /** One batch may be sent to see whether it is back. */
      readonly probing: boolean
      /** Probes that failed. */
      readonly probes: number
    }

export type HealthEvent =
  /** An attempt delivered something, or the destination said something of a record. */
  | { readonly what: 'answered' }
  /** An attempt ended without either. `only`: the key of the one record in it, null when there were several. */
  | { readonly what: 'failed'; readonly at: number; readonly only: string | null }
  /** A DestinationError. */
  | { readonly what: 'refused' }
  /** The time of a probe has come. */
  | { readonly what: 'probe' }
  | { readonly what: 'pause'; readonly by: 'hand' | 'aside' }
  | { readonly what: 'resume' }

export const HEALTHY: HealthState = { state: 'healthy', failures: 0 }

/** Paused by its rules in an earlier life: the first batch is a probe. */
export function downBefore(by: 'failures' | 'refused'): HealthState {
  return { ...paused(by), probing: true }
}

/** The state after an event; the same object when nothing changes. */
export function nextHealth(health: HealthState, event: HealthEvent, policy: HealthPolicy): HealthState {
  switch (event.what) {
    case 'resume':
      return HEALTHY
    case 'pause':
      return { state: 'paused', by: event.by, probing: false, probes: 0 }
    case 'probe':
      return isProbed(health) ? { ...health, probing: true } : health
    case 'answered':
      // Of a send that began before the pause it says nothing about now.
      return health.state === 'paused' && !health.probing ? health : HEALTHY
    case 'refused':
      return health.state === 'paused' ? probeFailed(health) : paused('refused')
    case 'failed':
      return health.state === 'paused' ? probeFailed(health) : afterFailure(health, event, policy)
  }
}

/** True while it is paused and will be probed. */
export function isProbed(health: HealthState): health is HealthState & { readonly state: 'paused' } {
  return health.state === 'paused' && (health.by === 'failures' || health.by === 'refused')
}

/** Milliseconds until the next probe, when so many have failed; never sooner than the destination asked for. */
export function probeDelay({ delay, maxDelay }: HealthPolicy['probe'], probes: number, after = 0): number {
  return Math.max(after, Math.min(Math.max(delay, maxDelay), delay * 2 ** Math.min(probes, 60)))
}

function afterFailure(
  health: HealthState & { readonly state: 'healthy' | 'degraded' },
  { at, only }: HealthEvent & { readonly what: 'failed' },
  policy: HealthPolicy,
): HealthState {
  const failures = health.failures + 1
  const since = health.since ?? at
  const degraded = failures >= policy.degradedAfter
  const several = health.failures > 0 && health.only !== only ? null : only
  const overdue = degraded && several === null && at - since >= policy.span
  if (failures >= policy.pauseAfter || overdue) return paused('failures')
  return { state: degraded ? 'degraded' : 'healthy', failures, since, only: several }
}

function paused(by: PauseCause): HealthState & { readonly state: 'paused' } {
  return { state: 'paused', by, probing: false, probes: 0 }
}

function probeFailed(health: HealthState & { readonly state: 'paused' }): HealthState {
  return health.probing ? { ...health, probing: false, probes: health.probes + 1 } : health
}
