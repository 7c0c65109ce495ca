import type { Scope } from '../expressions/expressions.ts'
import type { Route } from '../settings.ts'

/** What the routes to one destination say of a record. One `yes` is enough; `undecided` names the heads it waits for. */
export type RouteMatch =
  | { readonly state: 'yes'; readonly routes: readonly string[] }
  | { readonly state: 'no' }
  | { readonly state: 'undecided'; readonly needs: readonly string[]; readonly routes: readonly string[] }

const NO: RouteMatch = { state: 'no' }

/** Matches a record against routes. `routes` of an undecided match are those that could still say yes. */
export function matchRoutes(routes: readonly Route[], scope: Scope, now: number): RouteMatch {
  const yes: string[] = []
  const maybe: string[] = []
  const needs = new Set<string>()
  for (const route of routes) {
    const match = route.filter.match(scope, now)
    if (match.state === 'yes') yes.push(route.name)
    else if (match.state === 'undecided') {
      maybe.push(route.name)
      for (const key of match.needs) needs.add(key)
    }
  }
  if (yes.length > 0) return { state: 'yes', routes: yes }
  if (maybe.length > 0) return { state: 'undecided', needs: [...needs], routes: maybe }
  return NO
}
