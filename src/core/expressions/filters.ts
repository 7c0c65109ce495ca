import type { Filter, Match, ReadPath, ScopeRoot } from './expressions.ts'
import type { Condition } from './filter-conditions.ts'
import { EVERYTHING } from './filter-conditions.ts'
import { because } from './filter-explain.ts'
import type { Decision } from './filter-match.ts'
import { begin, decide } from './filter-match.ts'
import { parseFilter } from './filter-parse.ts'
import { canMatchType } from './filter-types.ts'
import type { Issue, Result } from '../issues.ts'
import { didYouMean } from '../suggest.ts'

export { unknownValues } from './known-values.ts'

/** Named filters of the config, and which of them a route uses. */
export interface FilterOptions {
  /** As written in the config, by name. */
  readonly named?: ReadonlyMap<string, unknown>
  /** Names of those that have to match as well. */
  readonly use?: readonly string[]
}

/**
 * Compiles a filter. Undefined matches everything. Otherwise an object:
 *
 * - names lead into the scope (`event: { status: Published }`, at the top also `event.status: Published`); all have to hold
 * - a scalar is equal; a list is any of; `null` is missing or null, never `""`
 * - a list in the record matches when it contains a match, an object with several conditions in one element
 * - `$eq $neq $in $nin $gt $gte $lt $lte $startsWith $endsWith $exist $before $after $within $not $and $or`
 * - numbers and text compare as text (ids), dates as instants; case counts, save in labels of `answers`
 * - `$exist: true` is the opposite of `null`; `$within: 2d` is at most two days from now, past or to come; `$before` and
 *   `$after` take a date, `now`, `now-2d`
 * - on an event, chapter or user the record does not have, only `null` and `$exist: false` are true, whatever is negated
 *
 * Paths of issues are inside `source`; an unknown name in `use` is an issue without path.
 */
export function compileFilter(source: unknown, options: FilterOptions = {}): Result<Filter> {
  const conditions: Condition[] = []
  const reads = new Set<ScopeRoot>()
  const issues: Issue[] = []
  for (const name of options.use ?? []) {
    if (options.named?.has(name) !== true) {
      issues.push({ path: [], message: `no filter is named "${name}"${didYouMean(name, options.named?.keys() ?? [])}` })
      continue
    }
    const parsed = parseFilter(options.named.get(name))
    conditions.push(parsed.condition)
    for (const root of parsed.reads) reads.add(root)
    const [first] = parsed.issues
    if (first !== undefined)
      issues.push({ path: [], message: `filter "${name}": ${first.path.join('.')} ${first.message}` })
  }
  if (source !== undefined) {
    const parsed = parseFilter(source)
    conditions.push(parsed.condition)
    for (const root of parsed.reads) reads.add(root)
    issues.push(...parsed.issues)
  }
  if (issues.length > 0) return { ok: false, issues }
  return {
    ok: true,
    value: toFilter(conditions.length === 1 ? (conditions[0] ?? EVERYTHING) : { kind: 'all', of: conditions }, reads),
  }
}

function toFilter(condition: Condition, reads: ReadonlySet<ScopeRoot>): Filter {
  return {
    reads,
    paths: pathsIn(condition),
    canMatch: (type) => canMatchType(condition, type),
    match: (scope, now) => toMatch(decide(condition, begin(scope, now))),
    explain(scope, now) {
      const decision = decide(condition, begin(scope, now))
      return { match: toMatch(decision), because: because(condition, begin(scope, now), decision) }
    },
  }
}

/** Of the tests; labels of answers too. */
function pathsIn(condition: Condition, label?: string): ReadPath[] {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return condition.of.flatMap((inner) => pathsIn(inner, label))
    case 'test':
      return [label === undefined ? condition.place.path : ['answers', label]]
    case 'answer':
      return pathsIn(condition.of, condition.label)
    default:
      return pathsIn(condition.of, label)
  }
}

const YES: Match = { state: 'yes' }
const NO: Match = { state: 'no' }

function toMatch(decision: Decision): Match {
  if (typeof decision !== 'boolean') return { state: 'undecided', needs: decision }
  return decision ? YES : NO
}
