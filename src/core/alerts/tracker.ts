/**
 * Decides which alerts become messages: pure, and everything comes out as data. One message per cause and subject in an interval,
 * a cap per hour over all, nothing before the grace of a start is over, and the end of a trouble only to those who were told of it.
 */

import { alertCause, type AlertCause } from './causes.ts'
import { toMessage, type AlertMessage } from './text.ts'
import { hashKey } from '../keys.ts'

/** When people are told. Milliseconds. */
export interface AlertRules {
  /** Least time between two messages of one cause and subject. */
  readonly interval: number
  /** Messages in an hour, all causes together. */
  readonly perHour: number
  /** After a start nothing is told for so long: much mends itself in it. */
  readonly grace: number
  /** A state that lasts is told again after so long; Infinity: never. */
  readonly remind: number
}

/** One trouble, from its beginning until nobody needs to remember it. Times are wall clock. */
export interface Episode {
  readonly cause: string
  readonly subject: string
  readonly message: string
  /** Over, for a state. */
  readonly over: boolean
  readonly first: number
  readonly last: number
  /** How often it happened, from the beginning. */
  readonly count: number
  /** Of those, since the last message. */
  readonly untold: number
  /** Messages of this trouble so far. */
  readonly notices: number
  /** When the last message of such trouble went out, one of an earlier episode included. */
  readonly toldAt?: number | undefined
  /** Figures at the beginning, so that its end can tell what became of them. */
  readonly figures?: Figures | undefined
}

/** Figures of a destination: jobs delivered and dead so far. */
export interface Figures {
  readonly delivered: number
  readonly dead: number
}

/** All the tracker remembers. */
export interface TrackerState {
  readonly episodes: ReadonlyMap<string, Episode>
  /** When messages went out in the last hour. */
  readonly told: readonly number[]
  /** When people were last told that the cap holds messages back. */
  readonly cappedAt?: number | undefined
}

/** What happened. */
export type TrackerInput =
  | { readonly kind: 'raise'; readonly cause: string; readonly subject: string; readonly message: string }
  | { readonly kind: 'recover'; readonly cause: string; readonly subject: string }
  | {
      /** A look at everything that can be looked at. */
      readonly kind: 'observe'
      readonly raised: readonly { readonly cause: string; readonly subject: string; readonly message: string }[]
      /** Keys of states that last; of the `watched` causes all others are over. */
      readonly lasting: ReadonlySet<string>
      readonly watched: ReadonlySet<string>
      /** Keys of states that another has taken the place of: over, but nobody is told. */
      readonly superseded: ReadonlySet<string>
      readonly figures: ReadonlyMap<string, Figures>
    }
  | { readonly kind: 'tick' }

export interface TrackerStep {
  readonly state: TrackerState
  readonly messages: readonly AlertMessage[]
}

const HOUR = 3_600_000
/** Subjects come from outside: what is remembered is bounded. */
const MOST = 1000

export const NO_ALERTS: TrackerState = { episodes: new Map(), told: [] }

/** Names a trouble: what its episode is kept under. */
export const alertKey = (cause: string, subject: string): string => hashKey(`${cause}\0${subject}`)

/**
 * Takes what happened and gives the messages that are due.
 *
 * @param now wall clock
 * @param quietUntil end of the grace, wall clock
 */
export function track(
  before: TrackerState,
  input: TrackerInput,
  now: number,
  quietUntil: number,
  rules: AlertRules,
): TrackerStep {
  const episodes = new Map(before.episodes)
  const set = (key: string, episode: Episode): void => void episodes.set(key, episode)

  const raise = (alert: { cause: string; subject: string; message: string }, again: boolean): void => {
    const key = alertKey(alert.cause, alert.subject)
    const known = episodes.get(key)
    if (known === undefined || known.over) set(key, begin(alert, now, known))
    else if (again) {
      const { message } = alert
      set(key, { ...known, message, last: now, count: known.count + 1, untold: known.untold + 1 })
    } else if (known.message !== alert.message) set(key, { ...known, message: alert.message })
  }
  const end = (key: string, told: boolean): void => {
    const known = episodes.get(key)
    if (known === undefined || known.over) return
    // What nobody was told of ends as quietly; only the interval is still kept.
    set(key, { ...known, over: true, last: now, notices: told ? known.notices : 0 })
  }

  if (input.kind === 'raise') raise(input, true)
  if (input.kind === 'recover') end(alertKey(input.cause, input.subject), true)
  if (input.kind === 'observe') {
    for (const alert of input.raised) raise(alert, false)
    for (const [key, episode] of episodes) {
      if (input.superseded.has(key)) end(key, false)
      else if (input.watched.has(episode.cause) && !input.lasting.has(key)) end(key, true)
      else if (episode.figures === undefined && input.figures.has(episode.subject) && !episode.over) {
        set(key, { ...episode, figures: input.figures.get(episode.subject) })
      }
    }
  }
  const figures = input.kind === 'observe' ? input.figures : undefined
  return tell(before, episodes, { now, quietUntil, rules, figures })
}

function begin(
  { cause, subject, message }: { cause: string; subject: string; message: string },
  now: number,
  known: Episode | undefined,
): Episode {
  const toldAt = known?.toldAt
  return { cause, subject, message, over: false, first: now, last: now, count: 1, untold: 1, notices: 0, toldAt }
}

interface Circumstances {
  readonly now: number
  readonly quietUntil: number
  readonly rules: AlertRules
  readonly figures: ReadonlyMap<string, Figures> | undefined
}

/** Messages that are due, the oldest trouble first, as far as the cap allows. */
function tell(before: TrackerState, episodes: Map<string, Episode>, around: Circumstances): TrackerStep {
  const { now, rules, figures } = around
  // A clock that was set back must not silence anything: what lies in the future says nothing.
  const told = before.told.filter((at) => at <= now && now - at < HOUR)
  const messages: AlertMessage[] = []
  let { cappedAt } = before
  let held = 0
  for (const { key, episode, due } of dueIn(episodes, around)) {
    if (told.length >= rules.perHour && due !== 'recovered') {
      held += 1
      continue
    }
    const notices = episode.notices + 1
    messages.push(toMessage(key, { ...episode, notices }, due, now, figures?.get(episode.subject)))
    told.push(now)
    // The interval counts from notice to notice of trouble: a new one soon after the end is not held back longer for its sake.
    const after = due === 'recovered' ? { notices: 0 } : { notices, toldAt: now }
    episodes.set(key, { ...episode, untold: 0, ...after })
  }
  if (held > 0 && since(cappedAt, now) >= HOUR) {
    cappedAt = now
    messages.push(toCapped(now, rules.perHour, held))
  }
  if (episodes.size > MOST) {
    const oldest = [...episodes].sort(([, a], [, b]) => a.last - b.last).slice(0, episodes.size - MOST)
    for (const [key] of oldest) episodes.delete(key)
  }
  return { state: { episodes, told, ...(cappedAt === undefined ? {} : { cappedAt }) }, messages }
}

/** What is to be told, the oldest trouble first; what nobody needs to remember is taken out. */
function dueIn(episodes: Map<string, Episode>, around: Circumstances) {
  const found: { key: string; episode: Episode; due: 'raised' | 'repeated' | 'recovered' }[] = []
  for (const [key, episode] of episodes) {
    const cause = alertCause(episode.cause)
    const due = dueOf(episode, cause, around)
    const before = cause.behind === undefined ? undefined : episodes.get(alertKey(cause.behind, episode.subject))
    if (before?.over === false && due !== 'recovered') continue
    if (due === 'forget') episodes.delete(key)
    else if (due !== undefined && (around.now >= around.quietUntil || cause.atOnce === true))
      found.push({ key, episode, due })
  }
  return found.sort((a, b) => a.episode.first - b.episode.first)
}

/** Milliseconds since then; Infinity where that never was, or lies in the future. */
function since(at: number | undefined, now: number): number {
  return at === undefined || at > now ? Infinity : now - at
}

type Due = 'raised' | 'repeated' | 'recovered' | 'forget' | undefined

function dueOf(episode: Episode, cause: AlertCause, { now, rules }: Circumstances): Due {
  const { over, first, last, count, untold, notices } = episode
  const interval = Math.max(rules.interval, cause.interval ?? 0)
  const silent = since(episode.toldAt, now)
  const rested = silent >= interval
  if (over) return notices > 0 ? 'recovered' : rested ? 'forget' : undefined
  const gathered = notices > 0 || since(first, now) >= (cause.gather ?? 0)
  if (cause.kind === 'state') {
    if (notices === 0) return rested && gathered ? 'raised' : undefined
    return silent >= Math.max(rules.remind, interval) ? 'repeated' : undefined
  }
  if (untold > 0 && count >= (cause.atLeast ?? 1)) {
    return rested && gathered ? (notices === 0 ? 'raised' : 'repeated') : undefined
  }
  return rested && since(last, now) >= interval ? 'forget' : undefined
}

function toCapped(now: number, perHour: number, held: number): AlertMessage {
  return {
    id: `capped-${now.toString(36)}`,
    key: 'capped',
    thread: `capped-${now.toString(36)}`,
    state: 'raised',
    severity: 'warning',
    cause: 'capped',
    subject: 'alerts',
    title: 'more alerts than can be told',
    text: `${perHour} alerts went out within an hour; ${held} more are held back until there is room. The log has them all.`,
    command: 'bevy-bridge status',
    at: now,
    since: now,
    count: held,
  }
}
