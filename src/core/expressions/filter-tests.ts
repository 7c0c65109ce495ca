import { formatDuration, parseDuration } from '../durations.ts'
import { parseInstant } from '../records/instants.ts'
import { maskEmails } from '../mask-emails.ts'
import type { Json } from '../types.ts'

/** A test of one value, the leaf of a filter. */
export interface FilterTest {
  readonly op: string
  /** The value has one of these elements or is it; undefined and null are nothing. */
  holds(value: Json | undefined, now: number): boolean
  /** `is "Published"` and `is not "Published"`, for `explain`. */
  readonly words: readonly [holds: string, fails: string]
  /** The values it compares with, for the check of known values. */
  readonly wanted: readonly Json[]
}

type Scalar = string | number | boolean

/** Nothing is there: missing or null. The opposite of `$exist: true`. */
export const isNone: FilterTest = {
  op: 'none',
  holds: (value) => value === undefined || value === null,
  words: ['has no value', 'has a value'],
  wanted: [],
}

/** One of these scalars; a list in the data holds one of them. Ids and numbers compare as text, dates as instants. */
export function isOneOf(wanted: readonly Scalar[]): FilterTest {
  const tests = wanted.map(equals)
  const shown = wanted.map(show).join(', ')
  return {
    op: 'eq',
    holds: anyElement((value) => tests.some((test) => test(value))),
    words: wanted.length === 1 ? [`is ${shown}`, `is not ${shown}`] : [`is one of ${shown}`, `is none of ${shown}`],
    wanted,
  }
}

/** What can be wrong with an operand, or the test of an operator that compares: undefined for an operator not known here. */
export function comparison(op: string, operand: unknown): FilterTest | string | undefined {
  if (!Object.hasOwn(COMPARISONS, op)) return undefined
  const made = COMPARISONS[op]?.(operand)
  if (made === undefined) return undefined
  if (typeof made === 'string') return made
  return { op: op.slice(1), holds: anyElement(made.holds), words: made.words, wanted: [] }
}

type Made = Pick<FilterTest, 'words'> & { holds(value: Json, now: number): boolean }

const COMPARISONS: Readonly<Record<string, (operand: unknown) => Made | string>> = {
  $gt: (operand) => order(operand, 'above', (sign) => sign > 0),
  $gte: (operand) => order(operand, 'at least', (sign) => sign >= 0),
  $lt: (operand) => order(operand, 'below', (sign) => sign < 0),
  $lte: (operand) => order(operand, 'at most', (sign) => sign <= 0),
  $startsWith: (operand) => affix(operand, 'start', (value, part) => value.startsWith(part)),
  $endsWith: (operand) => affix(operand, 'end', (value, part) => value.endsWith(part)),
  $before: (operand) => moment(operand, 'before', (value, limit) => value < limit),
  $after: (operand) => moment(operand, 'after', (value, limit) => value > limit),
  $within: within,
}

/** The operators made here. */
export const COMPARISON_NAMES: readonly string[] = Object.keys(COMPARISONS)

function anyElement(holds: (value: Json, now: number) => boolean): FilterTest['holds'] {
  return (value, now) => {
    if (Array.isArray(value))
      return (value as readonly Json[]).some((element) => element !== null && holds(element, now))
    return value !== undefined && value !== null && holds(value, now)
  }
}

function equals(wanted: Scalar): (value: Json) => boolean {
  if (typeof wanted === 'boolean') return (value) => value === wanted
  const text = String(wanted)
  const micros = parseInstant(wanted)?.micros
  return (value) => {
    if (value === wanted) return true
    if (typeof value === 'number') return String(value) === text
    if (typeof value !== 'string') return false
    if (typeof wanted === 'number') return value.trim() === text
    return micros !== undefined && parseInstant(value)?.micros === micros
  }
}

const NUMERIC = /^-?\d+(?:\.\d+)?$/

/** Compares numbers with numbers, instants with instants, text with text; anything else does not compare. */
function order(operand: unknown, word: string, wants: (sign: number) => boolean): Made | string {
  if (typeof operand !== 'number' && typeof operand !== 'string') return 'must be a number, a date or text'
  const read = reader(operand)
  const limit = read(operand)
  if (limit === undefined) return 'must be a number, a date or text'
  const words = [`is ${word} ${show(operand)}`, `is not ${word} ${show(operand)}`] as const
  return {
    words,
    holds: (value) => {
      const found = read(value)
      return found !== undefined && wants(found < limit ? -1 : found > limit ? 1 : 0)
    },
  }
}

function reader(operand: number | string): (value: Json) => number | string | undefined {
  if (numberOf(operand) !== undefined) return numberOf
  if (parseInstant(operand) !== undefined) return (value) => parseInstant(value)?.micros
  return (value) => (typeof value === 'string' ? value : undefined)
}

function numberOf(value: Json): number | undefined {
  if (typeof value === 'number') return value
  return typeof value === 'string' && NUMERIC.test(value.trim()) ? Number(value) : undefined
}

function affix(operand: unknown, verb: string, test: (value: string, part: string) => boolean): Made | string {
  const parts = Array.isArray(operand) ? operand : [operand]
  const usable = parts.length > 0 && parts.every((part) => typeof part === 'string' && part !== '')
  if (!usable) return 'must be a text that is not empty, or a list of them'
  const shown = parts.map(show).join(' or ')
  return {
    words: [`${verb}s with ${shown}`, `does not ${verb} with ${shown}`],
    holds: (value) => {
      if (typeof value !== 'string' && typeof value !== 'number') return false
      return parts.some((part: string) => test(String(value), part))
    },
  }
}

const NOW = /^now(?:\s*([+-])\s*(.+))?$/

/** `$before` and `$after` take an instant, `now`, or `now` and a duration: `now-2d`. */
function moment(operand: unknown, word: string, test: (value: number, limit: number) => boolean): Made | string {
  const fixed = parseInstant(operand)?.micros
  const relative = typeof operand === 'string' ? NOW.exec(operand.trim()) : null
  const shift = relative?.[2] === undefined ? 0 : parseDuration(relative[2])
  if (fixed === undefined && (relative === null || shift === undefined)) {
    return 'must be a date such as 2026-03-20 or 2026-03-20T18:00:00Z, or now, now+2d, now-2h'
  }
  const distance = (relative?.[1] === '-' ? -1 : 1) * (shift ?? 0)
  return {
    words: [`is ${word} ${show(operand)}`, `is not ${word} ${show(operand)}`],
    holds: (value, now) => {
      const found = parseInstant(value)?.micros
      return found !== undefined && test(found, fixed ?? (now + distance) * 1000)
    },
  }
}

function within(operand: unknown): Made | string {
  const span = typeof operand === 'string' || typeof operand === 'number' ? parseDuration(operand) : undefined
  if (span === undefined || span === 0) return 'must be a duration such as 2d, 12h or 30m'
  const shown = formatDuration(span)
  return {
    words: [`is within ${shown} of now`, `is not within ${shown} of now`],
    holds: (value, now) => {
      const found = parseInstant(value)?.micros
      return found !== undefined && Math.abs(found - now * 1000) <= span * 1000
    },
  }
}

/** A value of the config as `explain` shows it. */
export function show(value: unknown): string {
  const text = maskEmails(JSON.stringify(value) ?? 'nothing')
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
