/** Microseconds since 1970-01-01T00:00:00Z. Whole numbers up to the year 2255 are exact. */
export type Micros = number

/** An instant as read from text, and whether its zone had to be assumed to be UTC. */
export interface Instant {
  readonly micros: Micros
  readonly assumedUtc: boolean
}

const PATTERN =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|z|[+-]\d{2}(?::?\d{2})?)?$/

/**
 * Reads an ISO 8601 date as Bevy and its neighbours write them: `T` or a space, `Z`, an offset or none (then UTC, marked as
 * assumed), no to nine decimals. Undefined for anything else, dates that do not exist included.
 */
export function parseInstant(text: unknown): Instant | undefined {
  if (typeof text !== 'string') return undefined
  const match = PATTERN.exec(text.trim())
  if (match === null) return undefined
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = '', zone] = match
  const fields = [year, month, day, hour, minute, second].map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (fields[3] > 23 || fields[4] > 59 || fields[5] > 59) return undefined
  const ms = Date.UTC(fields[0], fields[1] - 1, fields[2], fields[3], fields[4], fields[5])
  const date = new Date(ms)
  // Date.UTC moves the years 0 to 99 into the twentieth century; `0001-01-01` stands for no date anyway.
  if (date.getUTCFullYear() !== fields[0]) return undefined
  if (date.getUTCMonth() !== fields[1] - 1 || date.getUTCDate() !== fields[2]) return undefined
  const offset = zone === undefined ? 0 : offsetMinutes(zone)
  if (offset === undefined) return undefined
  const micros = (ms - offset * 60_000) * 1000 + Number(fraction.slice(0, 6).padEnd(6, '0'))
  return { micros, assumedUtc: zone === undefined }
}

function offsetMinutes(zone: string): number | undefined {
  if (zone === 'Z' || zone === 'z') return 0
  const hours = Number(zone.slice(1, 3))
  const minutes = Number(zone.slice(3).replace(':', '') || '0')
  if (hours > 23 || minutes > 59) return undefined
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes)
}
