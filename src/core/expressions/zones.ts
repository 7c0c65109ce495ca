import type { Scope } from './expressions.ts'
import { parseInstant } from '../records/instants.ts'
import { readOwn } from './paths.ts'

/** A moment as the clocks of a zone show it. */
export interface WallClock {
  /** Its UTC fields are what the clock shows. Never the process's own zone: that may skip an hour this zone has. */
  readonly shown: Date
  /** Minutes the zone is ahead of UTC. */
  readonly offset: number
  readonly zone: string
  /** Milliseconds since 1970. */
  readonly instant: number
}

/** What dates of a record are printed in: the chapter's zone, else the config's, else UTC. An unknown zone counts as none. */
export function zoneOf(scope: Scope): string {
  const candidates = [readOwn(scope.chapter, 'timezone'), scope.timezone]
  return candidates.find((zone): zone is string => typeof zone === 'string' && isTimeZone(zone)) ?? 'UTC'
}

/** True for a zone this runtime knows, such as `Europe/Berlin`. */
export function isTimeZone(zone: string): boolean {
  return formatterOf(zone) !== undefined
}

/**
 * Reads a date to be printed in a zone; undefined when it is none. A day without a time is the same day everywhere, so its
 * zone is UTC.
 */
export function wallClockOf(text: unknown, zone: string): WallClock | undefined {
  const instant = parseInstant(text)
  if (instant === undefined) return undefined
  const dayOnly = /^\d{4}-\d{2}-\d{2}$/.test((text as string).trim())
  return toWallClock(Math.floor(instant.micros / 1000), dayOnly ? 'UTC' : zone)
}

/** What the clocks of a zone show at an instant; in UTC when the zone is unknown. */
export function toWallClock(instant: number, zone: string): WallClock {
  const formatter = formatterOf(zone)
  if (formatter === undefined) return toWallClock(instant, 'UTC')
  const parts: Record<string, number> = {}
  for (const { type, value } of formatter.formatToParts(instant)) parts[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  const seconds = Date.UTC(year, month - 1, day, hour, minute, second)
  const fraction = ((instant % 1000) + 1000) % 1000
  const offset = Math.round((seconds + fraction - instant) / 60_000)
  return { shown: new Date(seconds + fraction), offset, zone, instant }
}

/** Formatters by zone; making one takes some 50 µs. Zones come from records, so the number kept is bounded. */
const formatters = new Map<string, Intl.DateTimeFormat | undefined>()
const MAX_FORMATTERS = 500

function formatterOf(zone: string): Intl.DateTimeFormat | undefined {
  if (!formatters.has(zone)) {
    if (formatters.size >= MAX_FORMATTERS) formatters.clear()
    formatters.set(zone, makeFormatter(zone))
  }
  return formatters.get(zone)
}

function makeFormatter(timeZone: string): Intl.DateTimeFormat | undefined {
  const two = '2-digit'
  const fields = {
    year: 'numeric',
    month: two,
    day: two,
    hour: two,
    minute: two,
    second: two,
    hourCycle: 'h23',
  } as const
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, ...fields })
  } catch {
    return undefined
  }
}
