import type { BatchSchedule } from '../plugin-contract.ts'
import type { Scope } from '../expressions/expressions.ts'
import { formatPath, parsePath, readPath } from '../expressions/paths.ts'
import { toWallClock, zoneOf, isTimeZone } from '../expressions/zones.ts'

const DAY = 86_400_000

/** When a job that becomes due now is sent, and with which others. */
export interface Slot {
  /** Milliseconds since 1970, later than now. */
  readonly at: number
  /** Value of `by`, as text; empty where there is none. */
  readonly group: string
}

/** The next turn of a schedule for a record. */
export function nextSlot(schedule: BatchSchedule, scope: Scope, now: number): Slot {
  const { when } = schedule
  const zone = schedule.timezone === 'chapter' ? zoneOf(scope) : schedule.timezone
  const at = 'at' in when ? nextAt(when.at, isTimeZone(zone) ? zone : 'UTC', now) : nextEvery(when.every, now)
  return { at, group: groupOf(schedule.by, scope) }
}

/** The first moment after `now` at which the clocks of the zone show `HH:MM`; where they skip it, the moment they go on. */
export function nextAt(time: string, zone: string, now: number): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number)
  const shown = toWallClock(now, zone).shown.getTime()
  const midnight = shown - (shown % DAY)
  for (let day = 0; ; day++) {
    const at = instantOf(midnight + day * DAY + (hours * 60 + minutes) * 60_000, zone)
    if (at > now) return at
  }
}

/** The first whole multiple of the span after `now`, counted from midnight UTC of 1970. */
export function nextEvery(span: number, now: number): number {
  return (Math.floor(now / span) + 1) * span
}

/** The instant at which the clocks of a zone show a time given as if it were UTC. */
function instantOf(shown: number, zone: string): number {
  const before = shown - toWallClock(shown - DAY, zone).offset * 60_000
  const after = shown - toWallClock(shown + DAY, zone).offset * 60_000
  // Around a change of the clocks one of the two is right; a time that is skipped is moved on by what is skipped.
  const right = [Math.min(before, after), Math.max(before, after)].find(
    (candidate) => toWallClock(candidate, zone).shown.getTime() === shown,
  )
  return right ?? Math.max(before, after)
}

function groupOf(by: string | undefined, scope: Scope): string {
  if (by === undefined) return ''
  const path = parsePath(by)
  if (!path.ok) throw new TypeError(`batch.by was not checked: ${formatPath([by])}`)
  const value = readPath(scope, path.value)
  return value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)
}
