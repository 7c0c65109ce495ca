/** From what was seen to what this Bevy seems to do. Pure: names a reading or a law only where nothing else fits. */

import type { Answered, Evidence } from './evidence.ts'
import { DELAY_LAWS, READINGS, type DelayLaw, type Reading } from './sending.ts'

/** `likely`: seen in a probe, or on two records; `sure`: on three records at least, and nothing speaks against it. */
export type Inferred<T> =
  | { readonly state: 'likely' | 'sure'; readonly value: T; readonly seen: number }
  | {
      readonly state: 'open'
      /** Those that are not ruled out. */
      readonly possible: readonly T[]
      /** What was seen contradicts itself. */
      readonly mixed: boolean
    }

/** How often deliveries with this answer came again, and how often they did not. */
export interface Repeats {
  readonly repeated: number
  readonly silent: number
}

/** What this Bevy seems to do, and what that rests on. */
export interface RuleReport {
  readonly reading: Inferred<Reading>
  readonly delays: Inferred<DelayLaw>
  readonly answers: Readonly<Record<Answered, Repeats>>
  /** Records whose waits fit one law alone, by law. */
  readonly laws: Readonly<Record<DelayLaw, number>>
  /** Waits of the newest of them, milliseconds. */
  readonly gaps?: readonly number[]
  /** Refused deliveries whose repeat is waited for. */
  readonly open: number
  /** Refused before their body was read. */
  readonly unread: number
  /** Since when all that reaches the bridge is seen. */
  readonly watching: number
}

/** The three kinds of answer. */
export const ANSWERED: readonly Answered[] = ['closed', 'below400', 'from400']

/** Silence that is no probe's has to be seen on so many records, over so many milliseconds: else it may be an outage on the way. */
const SILENT = 3
const SPREAD = 6 * 3_600_000
/** One repeat that is no probe's may still be chance: changes at the very times of a law. */
const TWICE = 2
const SURE = 3

/** What this Bevy seems to do. */
export function inferRule(seen: Evidence): RuleReport {
  const of = (answered: Answered) => seen.outcomes.filter((one) => one.answered === answered)
  const count = (answered: Answered): Repeats => {
    const all = of(answered)
    const repeated = all.filter((one) => one.repeated).length
    return { repeated, silent: all.length - repeated }
  }
  const answers = { closed: count('closed'), below400: count('below400'), from400: count('from400') }
  const laws = Object.fromEntries(
    DELAY_LAWS.map((law) => [law, seen.laws.filter((one) => one.law === law).length]),
  ) as Record<DelayLaw, number>
  const gaps = seen.laws.at(-1)?.gaps
  return {
    reading: readingOf(verdictOf(of('below400'), answers), verdictOf(of('from400'), answers)),
    delays: lawOf(
      laws,
      seen.laws.some(({ probe }) => probe),
    ),
    answers,
    laws,
    ...(gaps === undefined ? {} : { gaps }),
    open: seen.trails.length,
    unread: seen.unread,
    watching: seen.watching,
  }
}

interface Verdict {
  readonly state: 'repeated' | 'silent' | 'mixed' | 'unseen'
  readonly seen: number
}

function verdictOf(all: Evidence['outcomes'], answers: RuleReport['answers']): Verdict {
  const silent = all.filter((one) => !one.repeated)
  const came = all.filter((one) => one.repeated && (one.confirmed || one.probe))
  const repeated = came.length >= TWICE || came.some(({ probe }) => probe) ? came.length : 0
  if (silent.length > 0 && silent.length < all.length) return { state: 'mixed', seen: all.length }
  if (repeated > 0) return { state: 'repeated', seen: repeated }
  const times = silent.map(({ at }) => at)
  const wide = silent.length >= SILENT && Math.max(...times) - Math.min(...times) >= SPREAD
  const repeats = Object.values(answers).some((one) => one.repeated > 0)
  // Where nothing at all is seen to come again, silence is no answer.
  if (repeats && (wide || silent.some(({ probe }) => probe))) return { state: 'silent', seen: silent.length }
  return { state: 'unseen', seen: 0 }
}

/** R1 repeats after both, R2 only after 400 and up, R3 not after 400 and up, and says nothing of other answers below. */
function readingOf(below400: Verdict, from400: Verdict): Inferred<Reading> {
  const possible = READINGS.filter((reading) => {
    if (from400.state === 'repeated' && reading === 'R3') return false
    if (from400.state === 'silent' && reading !== 'R3') return false
    if (below400.state === 'repeated' && reading === 'R2') return false
    return !(below400.state === 'silent' && reading === 'R1')
  })
  const mixed = from400.state === 'mixed' || below400.state === 'mixed' || possible.length === 0
  const [value] = possible
  if (mixed || possible.length !== 1 || value === undefined) return { state: 'open', possible, mixed }
  const counts = [below400, from400].filter(({ state }) => state !== 'unseen').map(({ seen }) => seen)
  const seen = value === 'R3' ? from400.seen : Math.min(...counts)
  return { state: seen >= SURE ? 'sure' : 'likely', value, seen }
}

function lawOf(laws: Readonly<Record<DelayLaw, number>>, probed: boolean): Inferred<DelayLaw> {
  const found = DELAY_LAWS.filter((law) => laws[law] > 0)
  const [value] = found
  if (value === undefined || (laws[value] < TWICE && !probed && found.length === 1))
    return { state: 'open', possible: DELAY_LAWS, mixed: false }
  if (found.length > 1) return { state: 'open', possible: found, mixed: true }
  return { state: laws[value] >= SURE ? 'sure' : 'likely', value, seen: laws[value] }
}
