/** From a look at the running bridge to what is wrong with it. */

import { alertKey, type Figures, type TrackerInput } from './tracker.ts'
import { formatDuration, formatSize } from '../durations.ts'

/** Thresholds. Milliseconds; undefined: not looked at. */
export interface Thresholds {
  /** The oldest job that waits is older. */
  readonly late: number | undefined
  /** Nothing has come from Bevy for so long. */
  readonly silence: number | undefined
}

/** The running bridge, as one look found it. */
export interface Observation {
  readonly destinations: readonly {
    readonly name: string
    readonly state: 'running' | 'degraded' | 'paused' | 'stopped' | 'orphaned'
    /** Paused by a person. */
    readonly byHand?: boolean | undefined
    /** Work waits, and it has not answered yet since it was opened or resumed: what was wrong before may still be so. */
    readonly unsure?: boolean | undefined
    /** Age of the oldest that waits to be sent, not counting what waits on purpose; null when nothing does. */
    readonly age: number | null
    readonly figures?: Figures | undefined
  }[]
  /** Bytes. */
  readonly disk: { readonly free: number; readonly minFree: number }
  /** Milliseconds since the last delivery, or since the start where none came. */
  readonly silent: number
}

const WATCHED: ReadonlySet<string> = new Set([
  'destination:degraded',
  'destination:paused',
  'destination:stopped',
  'destination:orphaned',
  'destination:late',
  'disk:low',
  'disk:full',
  'silence',
])

/** What the tracker is told of a look. */
export function conditionsOf(look: Observation, thresholds: Thresholds): TrackerInput & { readonly kind: 'observe' } {
  const raised: { cause: string; subject: string; message: string }[] = []
  const lasting = new Set<string>()
  const superseded = new Set<string>()
  const figures = new Map<string, Figures>()
  const lasts = (cause: string, subject: string): void => void lasting.add(alertKey(cause, subject))
  const gone = (cause: string, subject: string): void => void superseded.add(alertKey(cause, subject))
  const raise = (cause: string, subject: string, message: string): void => {
    raised.push({ cause, subject, message })
    lasts(cause, subject)
  }

  for (const { name, state, byHand, unsure, age, figures: own } of look.destinations) {
    if (own !== undefined) figures.set(name, own)
    // These are raised where they happen; here it is only seen whether they last.
    if (state !== 'running') lasts(`destination:${state}`, name)
    if (unsure === true) for (const cause of ['degraded', 'paused']) lasts(`destination:${cause}`, name)
    if (state === 'paused' || state === 'stopped' || state === 'orphaned') {
      gone('destination:degraded', name)
      gone('destination:late', name)
    }
    if (byHand === true) gone('destination:paused', name)
    if (state === 'orphaned') for (const cause of ['paused', 'stopped']) gone(`destination:${cause}`, name)
    if ((state === 'running' || state === 'degraded') && over(age, thresholds.late)) {
      raise(
        'destination:late',
        name,
        `The oldest job of ${name} has waited ${roughly(age)}; it is sent as fast as ${name} takes it`,
      )
    }
  }

  const { free, minFree } = look.disk
  const room = `${formatSize(free)} are free in the data folder; below ${formatSize(minFree)} (storage.minFree) nothing is received`
  if (free < minFree) {
    lasts('disk:low', 'storage')
    // That commits fail then is the same trouble; the log has it.
    gone('store', 'indexer')
    for (const { name } of look.destinations) gone('store:flush', name)
    raise('disk:full', 'storage', `${room}. Bevy tries again for about two days. Make room`)
  } else if (free < 2 * minFree) raise('disk:low', 'storage', `${room}. Make room`)

  if (over(look.silent, thresholds.silence)) {
    raise(
      'silence',
      'receiver',
      `Nothing has come from Bevy for ${roughly(look.silent)}. Look at the webhook settings in Bevy, and at what stands before the bridge`,
    )
  }
  return { kind: 'observe', raised, lasting, watched: WATCHED, superseded, figures }
}

function over(value: number | null, limit: number | undefined): value is number {
  return value !== null && limit !== undefined && value > limit
}

/** Whole hours, or minutes below two: the text of a lasting state changes seldom. */
function roughly(ms: number): string {
  const unit = ms < 7_200_000 ? 60_000 : 3_600_000
  return formatDuration(Math.floor(ms / unit) * unit)
}
