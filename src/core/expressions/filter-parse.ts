import type { ScopeRoot } from './expressions.ts'
import type { Condition, Place } from './filter-conditions.ts'
import { EVERYTHING } from './filter-conditions.ts'
import { COMPARISON_NAMES, comparison, isNone, isOneOf } from './filter-tests.ts'
import type { Issue } from '../issues.ts'
import { isRoot, noRoot, parsePath } from './paths.ts'
import { didYouMean } from '../suggest.ts'

/** A filter as parsed, with all that is wrong with it. */
export interface ParsedFilter {
  readonly condition: Condition
  readonly reads: ReadonlySet<ScopeRoot>
  readonly issues: readonly Issue[]
}

interface Parsing {
  readonly reads: Set<ScopeRoot>
  readonly issues: Issue[]
}

type Source = Readonly<Record<string, unknown>>

const GROUPS = ['$and', '$or', '$not']
const OPERATORS = ['$eq', '$neq', '$in', '$nin', '$exist', ...COMPARISON_NAMES, ...GROUPS]
/** Written without `$` these would be looked for as fields; `before` and `after` may really be some. */
const BARE = OPERATORS.map((name) => name.slice(1)).filter((name) => !['before', 'after', 'within'].includes(name))
const MAX_DEPTH = 40

/** Parses a filter. Never throws, whatever it is given. */
export function parseFilter(source: unknown): ParsedFilter {
  const parsing: Parsing = { reads: new Set(), issues: [] }
  return { condition: top(source, { path: [], at: [] }, parsing), ...parsing }
}

/** A filter as a whole, and what stands in `$and`, `$or` and `$not` beside its roots. */
function top(source: unknown, place: Place, parsing: Parsing): Condition {
  if (!isObject(source)) return wrong(parsing, place, 'must be conditions such as { event: { status: Published } }')
  if (tooDeep(place, parsing)) return EVERYTHING
  return all(
    Object.entries(source).map(([key, value]) => {
      const at = [...place.at, key]
      if (GROUPS.includes(key)) return group(key, value, { path: [], at }, parsing, top)
      if (key.startsWith('$')) {
        const hint = OPERATORS.includes(key)
          ? ` needs a field above it`
          : ` is not an operator${didYouMean(key, GROUPS)}`
        return wrong(parsing, { path: [], at }, `${key}${hint}`)
      }
      return rooted(key, value, at, parsing)
    }),
  )
}

/** `event: …`, or a path in one piece: `event.status: …`. */
function rooted(key: string, value: unknown, at: Place['at'], parsing: Parsing): Condition {
  const path = parsePath(key)
  if (!path.ok) {
    const [name = key] = key.split(/[.[]/, 1)
    const why = isRoot(name) ? 'is not a path such as record.first_name' : noRoot(name, name !== key)
    return wrong(parsing, { path: [], at }, `"${key}" ${why}`)
  }
  const { root, rest } = path.value
  parsing.reads.add(root)
  const inner = condition(value, { path: [root, ...rest], at }, parsing)
  let found = inner
  for (let depth = rest.length - 1; depth >= 0; depth--) {
    found = step(rest[depth] as string | number, { path: [root, ...rest.slice(0, depth)], at }, found)
  }
  return { kind: 'root', root, of: found }
}

/** A condition on whatever stands at the place: a scalar, a list of alternatives, operators, fields below. */
function condition(source: unknown, place: Place, parsing: Parsing): Condition {
  if (tooDeep(place, parsing)) return EVERYTHING
  if (Array.isArray(source)) return alternatives(source, place, parsing)
  if (!isObject(source)) return scalar(source, place, parsing)
  const entries = Object.entries(source)
  if (entries.length === 0) return wrong(parsing, place, 'is empty: write conditions, or null for no value')
  return all(
    entries.map(([key, value]) => {
      const below: Place = { path: place.path, at: [...place.at, key] }
      if (GROUPS.includes(key)) return group(key, value, below, parsing, condition)
      if (key.startsWith('$')) return operator(key, value, below, parsing)
      if (BARE.includes(key)) return wrong(parsing, below, `"${key}" is read as a field (did you mean "$${key}"?)`)
      return step(key, place, condition(value, { path: [...place.path, key], at: below.at }, parsing))
    }),
  )
}

/** One step down from the place. */
function step(name: string | number, place: Place, of: Condition): Condition {
  if (place.path.length === 1 && place.path[0] === 'answers') return { kind: 'answer', label: String(name), of }
  // Fields side by side are gathered into one `element` by `all`, so that one element of a list has to have them all.
  return typeof name === 'number'
    ? { kind: 'field', name, of }
    : { kind: 'element', place, of: { kind: 'field', name, of } }
}

function operator(op: string, operand: unknown, place: Place, parsing: Parsing): Condition {
  if (op === '$eq') return condition(operand, place, parsing)
  if (op === '$neq') return { kind: 'not', of: condition(operand, place, parsing) }
  if (op === '$in' || op === '$nin') {
    if (!Array.isArray(operand)) return wrong(parsing, place, `${op} must be a list`)
    const of = alternatives(operand, place, parsing)
    return op === '$in' ? of : { kind: 'not', of }
  }
  if (op === '$exist') {
    if (typeof operand !== 'boolean') return wrong(parsing, place, '$exist must be true or false')
    const none: Condition = { kind: 'test', place, test: isNone }
    return operand ? { kind: 'not', of: none } : none
  }
  const test = comparison(op, operand)
  if (test === undefined) return wrong(parsing, place, `${op} ${unknownOperator(op)}`)
  return typeof test === 'string' ? wrong(parsing, place, `${op} ${test}`) : { kind: 'test', place, test }
}

function unknownOperator(op: string): string {
  if (op === '$regex' || op === '$match') return 'is not offered; use $startsWith, $endsWith or a list of values'
  if (op === '$contains') return 'is not needed: a list in the record matches a value it contains'
  return `is not an operator${didYouMean(op, OPERATORS)}; there are ${OPERATORS.join(' ')}`
}

type Parse = (source: unknown, place: Place, parsing: Parsing) => Condition

function group(op: string, operand: unknown, place: Place, parsing: Parsing, parse: Parse): Condition {
  if (op === '$not') return { kind: 'not', of: parse(operand, place, parsing) }
  if (!Array.isArray(operand) || operand.length === 0)
    return wrong(parsing, place, `${op} must be a list of conditions`)
  const of = operand.map((inner, index) => parse(inner, { path: place.path, at: [...place.at, index] }, parsing))
  return { kind: op === '$and' ? 'all' : 'any', of }
}

function alternatives(source: readonly unknown[], place: Place, parsing: Parsing): Condition {
  if (source.length === 0) return wrong(parsing, place, 'is an empty list, which nothing matches')
  if (source.every(isScalar) && source.every((value) => isExact(value))) {
    return { kind: 'test', place, test: isOneOf(source) }
  }
  return {
    kind: 'any',
    of: source.map((inner, index) => condition(inner, { path: place.path, at: [...place.at, index] }, parsing)),
  }
}

function scalar(source: unknown, place: Place, parsing: Parsing): Condition {
  if (source === null) return { kind: 'test', place, test: isNone }
  if (!isScalar(source)) return wrong(parsing, place, 'must be text, a number, true, false, null, a list or operators')
  if (!isExact(source)) return wrong(parsing, place, 'is too large a number to be exact: put it in quotes')
  return { kind: 'test', place, test: isOneOf([source]) }
}

/** All of them; fields of one object become one condition on it. */
function all(conditions: readonly Condition[]): Condition {
  const fields = conditions.filter((found) => found.kind === 'element')
  const [first] = fields
  if (first === undefined || fields.length < 2)
    return conditions.length === 1 ? (conditions[0] as Condition) : { kind: 'all', of: conditions }
  const gathered: Condition = {
    kind: 'element',
    place: first.place,
    of: { kind: 'all', of: fields.map((field) => field.of) },
  }
  const others = conditions.filter((found) => found.kind !== 'element')
  return others.length === 0 ? gathered : { kind: 'all', of: [gathered, ...others] }
}

function tooDeep(place: Place, parsing: Parsing): boolean {
  if (place.at.length < MAX_DEPTH) return false
  wrong(parsing, place, 'is nested too deeply')
  return true
}

function wrong(parsing: Parsing, place: Place, message: string): Condition {
  parsing.issues.push({ path: place.at, message })
  return EVERYTHING
}

function isObject(value: unknown): value is Source {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
}

/** YAML rounds whole numbers above 2^53; an id written so would never match. */
function isExact(value: string | number | boolean): boolean {
  return typeof value !== 'number' || !Number.isInteger(value) || Number.isSafeInteger(value)
}
