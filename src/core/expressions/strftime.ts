import type { WallClock } from './zones.ts'

const MONTHS = 'January February March April May June July August September October November December'.split(' ')
const DAYS = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

type Conversion = (clock: WallClock) => string | number

/** Conversions by letter; numbers are padded with zeros to the width beside them. */
const CONVERSIONS: Readonly<Record<string, readonly [Conversion, number?]>> = {
  Y: [(c) => c.shown.getUTCFullYear(), 4],
  y: [(c) => c.shown.getUTCFullYear() % 100, 2],
  m: [(c) => c.shown.getUTCMonth() + 1, 2],
  d: [(c) => c.shown.getUTCDate(), 2],
  e: [(c) => String(c.shown.getUTCDate()).padStart(2)],
  j: [(c) => dayOfYear(c.shown), 3],
  H: [(c) => c.shown.getUTCHours(), 2],
  k: [(c) => String(c.shown.getUTCHours()).padStart(2)],
  I: [(c) => c.shown.getUTCHours() % 12 || 12, 2],
  l: [(c) => String(c.shown.getUTCHours() % 12 || 12).padStart(2)],
  M: [(c) => c.shown.getUTCMinutes(), 2],
  S: [(c) => c.shown.getUTCSeconds(), 2],
  L: [(c) => c.shown.getUTCMilliseconds(), 3],
  p: [(c) => (c.shown.getUTCHours() < 12 ? 'AM' : 'PM')],
  P: [(c) => (c.shown.getUTCHours() < 12 ? 'am' : 'pm')],
  a: [(c) => name(DAYS, c.shown.getUTCDay()).slice(0, 3)],
  A: [(c) => name(DAYS, c.shown.getUTCDay())],
  b: [(c) => name(MONTHS, c.shown.getUTCMonth()).slice(0, 3)],
  h: [(c) => name(MONTHS, c.shown.getUTCMonth()).slice(0, 3)],
  B: [(c) => name(MONTHS, c.shown.getUTCMonth())],
  u: [(c) => c.shown.getUTCDay() || 7],
  w: [(c) => c.shown.getUTCDay()],
  V: [(c) => isoWeek(c.shown).week, 2],
  G: [(c) => isoWeek(c.shown).year, 4],
  s: [(c) => Math.floor(c.instant / 1000)],
  z: [(c) => formatOffset(c.offset, '')],
  Z: [(c) => c.zone],
  F: [(c) => c.shown.toISOString().slice(0, 10)],
  T: [(c) => c.shown.toISOString().slice(11, 19)],
  R: [(c) => c.shown.toISOString().slice(11, 16)],
  n: [() => '\n'],
  t: [() => '\t'],
  '%': [() => '%'],
}

/**
 * Prints a moment by a pattern such as `%A %-d %B %Y, %H:%M`: the letters of strftime, in English; `-` drops the padding,
 * `^` turns to capitals, `%:z` puts a colon into the offset. Unknown letters stay as they are.
 * See https://man7.org/linux/man-pages/man3/strftime.3.html
 */
export function strftime(clock: WallClock, pattern: string): string {
  return pattern.replace(/%([-^]*)(:?[A-Za-z%])/g, (whole, flags: string, letter: string) => {
    if (letter === ':z') return formatOffset(clock.offset, ':')
    const conversion = Object.hasOwn(CONVERSIONS, letter) ? CONVERSIONS[letter] : undefined
    if (conversion === undefined) return whole
    const [convert, width = 0] = conversion
    const text = String(convert(clock))
    const padded = flags.includes('-') ? text.trimStart() : text.padStart(width, '0')
    return flags.includes('^') ? padded.toUpperCase() : padded
  })
}

function name(names: readonly string[], index: number): string {
  return names[index] ?? ''
}

function formatOffset(minutes: number, colon: string): string {
  const size = Math.abs(minutes)
  const [hours, rest] = [Math.floor(size / 60), size % 60].map((value) => String(value).padStart(2, '0'))
  return `${minutes < 0 ? '-' : '+'}${hours}${colon}${rest}`
}

function dayOfYear(shown: Date): number {
  return Math.floor((shown.getTime() - Date.UTC(shown.getUTCFullYear(), 0, 1)) / 86_400_000) + 1
}

/** Week and year by ISO 8601: the week belongs to the year its Thursday lies in. */
function isoWeek(shown: Date): { readonly week: number; readonly year: number } {
  const thursday = new Date(shown.getTime() + (4 - (shown.getUTCDay() || 7)) * 86_400_000)
  return { week: Math.ceil(dayOfYear(thursday) / 7), year: thursday.getUTCFullYear() }
}
