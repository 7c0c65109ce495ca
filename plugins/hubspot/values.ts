import { type Json, type Scope, wallClockOf, zoneOf } from '../../src/plugin.ts'
import type { Definition } from './definitions.ts'

/** Longest text a property takes. https://developers.hubspot.com/docs/api-reference/crm-properties-v3/guide */
const MAX_TEXT = 65_536

/** Nothing that could be written: missing, null, blank, an empty list or object. */
export function isEmpty(value: Json | undefined): value is undefined | null {
  if (value === undefined || value === null) return true
  if (typeof value === 'string') return value.trim() === ''
  return typeof value === 'object' && Object.keys(value).length === 0
}

/**
 * A value as HubSpot takes it for a property: always text, its form after the property's type. Undefined when it does not fit.
 * Without a definition the value is written as it looks.
 *
 * @param scope tells the zone in which an instant is a day
 */
export function toPropertyValue(value: Json, definition: Definition | undefined, scope: Scope): string | undefined {
  switch (definition?.type) {
    case 'date':
      return toDay(value, scope)
    case 'datetime': {
      const clock = wallClockOf(value, 'UTC')
      return clock && new Date(clock.instant).toISOString()
    }
    case 'number':
      return toNumber(value)
    case 'bool':
      return toBool(value)
    case 'enumeration':
      return toOptions(value, definition.options ?? [])
    default:
      return cut(toText(value))
  }
}

/** HubSpot keeps a date as midnight UTC of the day: the day at the chapter, not the one in UTC. */
function toDay(value: Json, scope: Scope): string | undefined {
  return wallClockOf(value, zoneOf(scope))?.shown.toISOString().slice(0, 10)
}

function toNumber(value: Json): string | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : ''
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text)) return text.replace(/^\+/, '')
  const number = text === '' ? NaN : Number(text)
  // Only what can be written without an exponent.
  return Number.isFinite(number) && /^-?[\d.]+$/.test(String(number)) ? String(number) : undefined
}

const WORDS: Readonly<Record<string, string>> = {
  true: 'true',
  yes: 'true',
  '1': 'true',
  false: 'false',
  no: 'false',
  '0': 'false',
}

function toBool(value: Json): string | undefined {
  return typeof value === 'object' ? undefined : WORDS[String(value).trim().toLowerCase()]
}

/** Internal values joined by `;`. A label stands for its value, case ignored; a list given as text is taken apart. */
function toOptions(value: Json, options: NonNullable<Definition['options']>): string | undefined {
  if (options.length === 0) return toText(value)
  const find = (text: string): string | undefined => {
    const wanted = text.trim().toLowerCase()
    const exact = options.find((option) => option.value === text.trim())
    return (
      exact ??
      options.find((option) => [option.value, option.label ?? ''].some((name) => name.trim().toLowerCase() === wanted))
    )?.value
  }
  const whole = Array.isArray(value) ? undefined : find(toText(value))
  if (whole !== undefined) return whole
  const parts = (Array.isArray(value) ? value.map(toText) : toText(value).split(/[;,]/)).filter(
    (part) => part.trim() !== '',
  )
  const found = parts.map(find)
  return found.length > 0 && found.every((part) => part !== undefined) ? [...new Set(found)].join(';') : undefined
}

function toText(value: Json): string {
  if (Array.isArray(value)) return value.map(toText).join(', ')
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value ?? '')
}

/** Never in the middle of a character that takes two units. */
function cut(text: string): string {
  if (text.length <= MAX_TEXT) return text
  const end = /[\uD800-\uDBFF]/.test(text[MAX_TEXT - 1] ?? '') ? MAX_TEXT - 1 : MAX_TEXT
  return text.slice(0, end)
}
