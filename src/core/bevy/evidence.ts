/**
 * What was seen of Bevy's sending: which deliveries were answered otherwise than by 200, and what came after. Pure, small, and without
 * a person's data: records are hashes. Times are milliseconds on any scale that only grows.
 *
 * A trail is what was seen of one record's attempts. It counts only where the waits between them fit a law of delays **from the first
 * wait on**: then no attempt can have been missed, since no sum of waits looks like a beginning (10 or 0 minutes, then 20).
 */

import { DELAY_LAWS, retryDelay, type DelayLaw } from './sending.ts'

/** What a delivery was answered with in place of 200, as the readings sort it: nothing, another status below 400, one from 400 up. */
export type Answered = 'closed' | 'below400' | 'from400'

/** A record as it is known here: hashes of its key and of its content. */
export interface SeenRecord {
  readonly key: string
  readonly content: string
}

/** The attempts of one record, as far as they were seen. Changed in place. */
export interface Trail {
  /** Tells it from others. */
  readonly id: number
  readonly key: string
  readonly content: string
  /** Surely begins with the record's first attempt: an earlier one would have been seen. */
  readonly fresh: boolean
  /** Part of a guided probe. */
  readonly probe: boolean
  /** The bridge was away since the last attempt: silence says nothing. */
  cut: boolean
  readonly attempts: { readonly answered: Answered; readonly at: number; readonly gap?: number | undefined }[]
}

/** What one trail tells of one kind of answer. */
export interface Outcome {
  readonly trail: number
  readonly at: number
  readonly answered: Answered
  /** The delivery came again; else it did not though its time had come. */
  readonly repeated: boolean
  /** The wait after the repeat fits too: after a change that happened to come at its time it would not. */
  confirmed: boolean
  readonly probe: boolean
}

/** A trail whose waits fit one law alone. */
export interface LawSeen {
  readonly at: number
  readonly law: DelayLaw
  readonly probe: boolean
  /** Milliseconds. */
  readonly gaps: readonly number[]
}

/** All of it. Changed in place. */
export interface Evidence {
  /** Since when every attempt that reaches this bridge is seen. */
  watching: number
  /** When last something was refused that is not in a trail. */
  passedOver: number
  /** When last a delivery was answered 200. */
  taken: number
  /** Trails ever begun. */
  count: number
  /** Refused before their body was read, so that a repeat could not be known. */
  unread: number
  readonly trails: Trail[]
  readonly outcomes: Outcome[]
  readonly laws: LawSeen[]
}

const MINUTE = 60_000
/** How far a wait may lie from the law's. */
const EARLY = MINUTE
const LATE = 4 * MINUTE
/** No law waits longer between two attempts. */
export const LONGEST_WAIT = retryDelay('exponential', 8) + LATE
/** Bounds of what is kept. */
const MOST_TRAILS = 64
const MOST_ATTEMPTS = 5
const MOST_KEPT = 200
const KEPT_FOR = 180 * 24 * 60 * MINUTE

/** Nothing seen yet. */
export function noEvidence(now: number): Evidence {
  const never = Number.MIN_SAFE_INTEGER
  return { watching: now, passedOver: never, taken: never, count: 0, unread: 0, trails: [], outcomes: [], laws: [] }
}

/** The laws by which a row of waits can be, beginning with the first. */
export function lawsFitting(gaps: readonly number[]): DelayLaw[] {
  return DELAY_LAWS.filter((law) =>
    gaps.every((gap, index) => {
      const wait = retryDelay(law, index + 1)
      return gap >= wait - EARLY && gap <= wait + LATE
    }),
  )
}

/** The bridge begins again after it was away: what is open goes on, but its silence says nothing. */
export function beginAgain(seen: Evidence, now: number): void {
  seen.watching = now
  for (const trail of seen.trails) trail.cut = true
}

/** A delivery was not answered 200. `records`: none where its body was not read. `came`: its arrival, `at`: its answer. */
export function noteRefused(
  seen: Evidence,
  refused: {
    readonly records: readonly SeenRecord[]
    readonly answered: Answered
    readonly came: number
    readonly at: number
    readonly probe?: boolean
  },
): void {
  const { records, answered, came, at, probe = false } = refused
  settle(seen, came)
  let goesOn = false
  let matched = false
  for (const record of records) {
    const trail = seen.trails.find(({ key }) => key === record.key)
    if (trail === undefined) continue
    matched = true
    const gap = arrive(seen, trail, record, came)
    if (gap !== undefined && trail.attempts.length < MOST_ATTEMPTS) {
      trail.attempts.push({ answered, at, gap })
      trail.cut = false
      goesOn = true
    } else drop(seen, trail)
  }
  const [first] = [...records].sort((a, b) => (a.key < b.key ? -1 : 1))
  if (first === undefined) seen.unread++
  // What is not followed any more may be anywhere in its row of attempts.
  if (matched && !goesOn) seen.passedOver = Math.max(seen.passedOver, came)
  // One of a POST speaks for all of it: they are repeated together.
  const begins = !goesOn && first !== undefined && (probe || seen.trails.length < MOST_TRAILS)
  if (begins) {
    const fresh = probe || came - Math.max(seen.watching, seen.passedOver) >= LONGEST_WAIT
    const { key, content } = first
    seen.trails.push({ id: ++seen.count, key, content, fresh, probe, cut: false, attempts: [{ answered, at }] })
  }
  if (records.length !== 1 || !(begins || goesOn)) seen.passedOver = Math.max(seen.passedOver, at)
}

/** A delivery was answered 200. */
export function noteTaken(seen: Evidence, records: readonly SeenRecord[], came: number): void {
  settle(seen, came)
  seen.taken = came
  for (const record of records) {
    const trail = seen.trails.find(({ key }) => key === record.key)
    if (trail === undefined) continue
    arrive(seen, trail, record, came)
    drop(seen, trail)
  }
}

/** A probe has waited for a repeat in vain. Should it come later all the same, this is taken back. */
export function noteSilence(seen: Evidence, key: string, now: number): void {
  const trail = seen.trails.find((one) => one.key === key)
  const last = trail?.attempts.at(-1)
  if (trail === undefined || last === undefined) return
  note(seen, trail, { at: now, answered: last.answered, repeated: false })
}

/** Decides about trails that have gone silent. True when that changed something. */
export function settle(seen: Evidence, now: number): boolean {
  const ended = seen.trails.filter((trail) => {
    const last = trail.attempts.at(-1) as Trail['attempts'][number]
    const old = now - last.at > LONGEST_WAIT + 60 * MINUTE
    if (trail.cut || (!trail.fresh && trail.attempts.length === 1)) return old
    const next = trail.attempts.length
    const laws = lawsFitting(gapsOf(trail))
    const waits = (n: number) => laws.reduce((most, law) => Math.max(most, sumOfWaits(law, next, n)), 0)
    // Three in a row would have to be lost, while others come through.
    if (now - last.at < waits(3) + 2 * LATE || seen.taken < last.at + waits(1) + LATE) return old
    note(seen, trail, { at: last.at, answered: last.answered, repeated: false })
    return true
  })
  for (const trail of ended) drop(seen, trail)
  return ended.length > 0
}

/** The record of a trail came again: its wait, where it is a repeat; undefined where that cannot be known. */
function arrive(seen: Evidence, trail: Trail, record: SeenRecord, came: number): number | undefined {
  const last = trail.attempts.at(-1) as Trail['attempts'][number]
  // A newer state may be a repeat with the change folded in, or a delivery of its own.
  if (record.content !== trail.content) return undefined
  const gap = Math.max(0, came - last.at)
  const gaps = [...gapsOf(trail), gap]
  const laws = lawsFitting(gaps)
  const [law] = laws
  if (law === undefined) return undefined
  const silent = seen.outcomes.findIndex(
    (one) => one.trail === trail.id && one.answered === last.answered && !one.repeated,
  )
  if (silent >= 0) seen.outcomes.splice(silent, 1)
  for (const one of seen.outcomes) if (one.trail === trail.id) one.confirmed = true
  note(seen, trail, { at: came, answered: last.answered, repeated: true })
  // A repeat at once may be the doing of an HTTP library: the next one tells.
  if (laws.length === 1 && gaps.length > 1 && (gaps.length === 2 || lawsFitting(gaps.slice(0, -1)).length > 1)) {
    push(seen.laws, { at: came, law, probe: trail.probe, gaps }, came)
  }
  return gap
}

/** What a trail tells of an answer; told once. */
function note(seen: Evidence, { id, probe }: Trail, told: Pick<Outcome, 'at' | 'answered' | 'repeated'>): void {
  if (seen.outcomes.some((one) => one.trail === id && one.answered === told.answered)) return
  push(seen.outcomes, { trail: id, probe, confirmed: false, ...told }, told.at)
}

function gapsOf(trail: Trail): number[] {
  return trail.attempts.flatMap(({ gap }) => (gap === undefined ? [] : [gap]))
}

function sumOfWaits(law: DelayLaw, from: number, count: number): number {
  let sum = 0
  for (let n = from; n < from + count; n++) sum += retryDelay(law, n)
  return sum
}

function drop(seen: Evidence, trail: Trail): void {
  const at = seen.trails.indexOf(trail)
  if (at >= 0) seen.trails.splice(at, 1)
}

/** Keeps the newest, and nothing that is half a year old: Bevy may have changed. */
function push<T extends { readonly at: number }>(list: T[], one: T, now: number): void {
  list.push(one)
  const old = list.findIndex(({ at }) => now - at <= KEPT_FOR)
  list.splice(0, Math.max(old, list.length - MOST_KEPT))
}
