import type { Scope } from './expressions.ts'
import { strftime } from './strftime.ts'
import type { Json } from '../types.ts'
import { wallClockOf, zoneOf } from './zones.ts'

/** Turns a value into a form a destination asks for; undefined when it cannot be. */
export type Format = (value: Json, scope: Scope) => Json | undefined

/** Formats of a mapping, by name. */
export const FORMATS: Readonly<Record<string, Format>> = {
  /** `2026-03-20`: the day in the chapter's zone, else the config's, else UTC; a day without a time stays as it is. */
  date: (value, scope) => {
    const clock = wallClockOf(value, zoneOf(scope))
    return clock && strftime(clock, '%F')
  },
  /** `2026-03-21T01:00:00.000Z`: the instant in UTC. */
  datetime: (value) => {
    const clock = wallClockOf(value, 'UTC')
    return clock && new Date(clock.instant).toISOString()
  },
  number: toNumber,
  bool: toBool,
  /** A list as it is, anything else as a list of one. */
  list: (value) => (Array.isArray(value) ? value : [value]),
  /** JSON text. */
  json: (value) => JSON.stringify(value),
}

function toNumber(value: Json): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value !== 'string' || !/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value.trim())) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
])

function toBool(value: Json): boolean | undefined {
  if (typeof value === 'boolean') return value
  return typeof value === 'object' ? undefined : WORDS.get(String(value).trim().toLowerCase())
}
