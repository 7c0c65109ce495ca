import { compileFilter, unknownValues } from '../core/expressions/filters.ts'
import type { Filter } from '../core/expressions/expressions.ts'
import type { Issue } from '../core/issues.ts'
import type { Route } from '../core/settings.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Mode } from '../core/types.ts'
import { childOf, isBroken, keyPlaceAt, placeAt, toPlain } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Path, Problem } from './problem.ts'

/** What filters and routes came to. `routes` holds those without problems. */
export interface CheckedRoutes {
  readonly routes: readonly Route[]
  /** Names of destinations some route sends to. */
  readonly fed: ReadonlySet<string>
  readonly problems: readonly Problem[]
  readonly warnings: readonly Problem[]
}

interface Findings {
  readonly tree: Located
  readonly problems: Problem[]
  readonly warnings: Problem[]
}

/** Compiles filters and routes, and checks every name in them. */
export function checkRoutes(tree: Located, modes: ReadonlyMap<string, Mode>): CheckedRoutes {
  const found: Findings = { tree, problems: [], warnings: [] }
  const { named, unusable } = namedFilters(found)
  const destinations = childOf(tree, 'destinations')
  const known = destinations?.kind === 'map' ? [...destinations.entries.keys()] : []
  const routes: Route[] = []
  const names = new Set<string>()
  const used = new Set<string>()
  const fed = new Set<string>()
  const list = childOf(tree, 'routes')
  for (const [index, node] of list?.kind === 'list' ? list.items.entries() : []) {
    const path = ['routes', index]
    const name = textOf(childOf(node, 'name'))
    if (name !== undefined && names.has(name))
      complain(found, [...path, 'name'], `"${name}" is the name of an earlier route`)
    if (name !== undefined) names.add(name)
    const use = wordsOf(childOf(node, 'use'))
    for (const [at, filter] of use) {
      used.add(filter)
      if (named.has(filter) || unusable.has(filter)) continue
      const candidates = [...named.keys(), ...unusable]
      complain(found, [...path, 'use', at], `there is no filter "${filter}"${didYouMean(filter, candidates)}`)
    }
    const good = use.map(([, filter]) => filter).filter((filter) => named.has(filter))
    const filter = compile(found, childOf(node, 'when'), [...path, 'when'], named, good)
    const to = wordsOf(childOf(node, 'to'))
    for (const [position, [at, destination]] of to.entries()) {
      fed.add(destination)
      checkTarget(found, [...path, 'to', at], destination, known, filter, modes)
      if (to.slice(0, position).some(([, earlier]) => earlier === destination)) {
        complain(found, [...path, 'to', at], `"${destination}" is named twice`)
      }
    }
    if (name !== undefined && filter !== undefined) routes.push({ name, filter, to: to.map(([, word]) => word) })
  }
  for (const name of named.keys()) {
    if (!used.has(name)) warn(found, ['filters', name], 'no route uses this filter')
  }
  return { routes, fed, problems: found.problems, warnings: found.warnings }
}

function complain(found: Findings, path: Path, message: string): void {
  if (!isBroken(found.tree, path)) found.problems.push(problemAt(placeAt(found.tree, path), path, message))
}

function warn(found: Findings, path: Path, message: string): void {
  found.warnings.push(problemAt(keyPlaceAt(found.tree, path), path, message))
}

/** Filters by name that compile, and the names of those that do not: using one of these is no second problem. */
function namedFilters(found: Findings): { named: ReadonlyMap<string, unknown>; unusable: ReadonlySet<string> } {
  const named = new Map<string, unknown>()
  const unusable = new Set<string>()
  const section = childOf(found.tree, 'filters')
  for (const [name, { node }] of section?.kind === 'map' ? section.entries : []) {
    const filter = compile(found, node, ['filters', name], new Map(), [])
    if (filter === undefined) unusable.add(name)
    else named.set(name, toPlain(node))
  }
  return { named, unusable }
}

function compile(
  found: Findings,
  node: Located | undefined,
  path: Path,
  named: ReadonlyMap<string, unknown>,
  use: string[],
): Filter | undefined {
  if (node !== undefined && isBroken(found.tree, path)) return undefined
  const source = node === undefined ? undefined : toPlain(node)
  const result = compileFilter(source, { named, use })
  if (!result.ok) {
    for (const issue of result.issues) complain(found, [...path, ...issue.path], issue.message)
    return undefined
  }
  if (source !== undefined) {
    const odd: readonly Issue[] = unknownValues(source)
    for (const issue of odd) {
      const at = [...path, ...issue.path]
      found.warnings.push(problemAt(placeAt(found.tree, at), at, issue.message))
    }
  }
  return result.value
}

function checkTarget(
  found: Findings,
  path: Path,
  name: string,
  known: readonly string[],
  filter: Filter | undefined,
  modes: ReadonlyMap<string, Mode>,
): void {
  if (!known.includes(name)) {
    complain(found, path, `there is no destination "${name}"${didYouMean(name, known)}`)
    return
  }
  const root = (['before', 'changed'] as const).find((special) => filter?.reads.has(special))
  if (root === undefined || modes.get(name) !== 'latest') return
  const message = `"${name}" is sent only the latest state (mode latest), this route looks at ${root}: set mode: every there`
  complain(found, path, message)
}

function textOf(node: Located | undefined): string | undefined {
  if (node?.kind !== 'scalar' || node.broken === true) return undefined
  if (typeof node.value === 'string') return node.value
  return node.text
}

/** The words of a list, with where they stand. */
function wordsOf(node: Located | undefined): (readonly [number, string])[] {
  if (node?.kind !== 'list') return []
  return node.items.flatMap((item, index) => {
    const word = textOf(item)
    return word === undefined ? [] : [[index, word] as const]
  })
}
