import { Liquid } from 'liquidjs'
import { strftime } from './strftime.ts'
import { isTimeZone, wallClockOf } from './zones.ts'

/** Key of the render scope under which the zone for `local` stands: a symbol, so that no template can read or set it. */
export const ZONE = Symbol('zone')

/**
 * Left out: what reads files, what hides which roots a template reads (`*_exp` evaluates text), `strip_html` (slow on
 * hostile data), `sample` (chance), and date filters that go through the process's own zone.
 */
const TAGS_OUT = ['include', 'render', 'layout', 'block']
const FILTERS_OUT = [
  'strip_html',
  'sample',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
  ...['where', 'reject', 'group_by', 'has', 'find', 'find_index'].map((name) => `${name}_exp`),
]

/** Bounds against a template gone wrong: characters of source, milliseconds of a render, values and characters made. */
const LIMITS = { parseLimit: 200_000, renderLimit: 5000, memoryLimit: 20_000_000 }

const DEFAULT_PATTERN = '%Y-%m-%d %H:%M'

const identity = (text: string): string => text
const engines = new WeakMap<(text: string) => string, Liquid>()

/** The engine of an escape function. Everything put out is escaped, save after `| raw`. */
export function engineFor(escape: (text: string) => string = identity): Liquid {
  let engine = engines.get(escape)
  if (engine === undefined) {
    engine = createEngine(escape)
    engines.set(escape, engine)
  }
  return engine
}

function createEngine(escape: (text: string) => string): Liquid {
  const engine = new Liquid({
    templates: {},
    ownPropertyOnly: true,
    strictFilters: true,
    outputEscape: (value: unknown) => escape(toText(value)),
    ...LIMITS,
  })
  for (const tag of TAGS_OUT) delete engine.tags[tag]
  for (const filter of FILTERS_OUT) delete engine.filters[filter]
  engine.registerFilter('date', (value: unknown, pattern?: unknown, zone?: unknown) =>
    printDate(value, pattern, typeof zone === 'string' && isTimeZone(zone) ? zone : 'UTC'),
  )
  engine.registerFilter('local', function (value: unknown, pattern?: unknown) {
    const scope = this.context.environments as { readonly [ZONE]?: string }
    return printDate(value, pattern, scope[ZONE] ?? 'UTC')
  })
  return engine
}

/** A date by a pattern. Text that is no date stays as it is, anything else is nothing. */
function printDate(value: unknown, pattern: unknown, zone: string): string {
  if (typeof value !== 'string') return ''
  const clock = wallClockOf(value, zone)
  return clock === undefined ? value : strftime(clock, typeof pattern === 'string' ? pattern : DEFAULT_PATTERN)
}

/** What is put out for a value: nothing for null, lists joined by commas, objects as JSON. */
function toText(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (Array.isArray(value)) return value.map(toText).join(', ')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
