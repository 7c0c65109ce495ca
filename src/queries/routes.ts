import type { Scope } from '../core/expressions/expressions.ts'
import type { RouteExplanation } from '../core/dispatch/reports.ts'
import type { Route } from '../core/settings.ts'

/** Every route with the condition that decided. */
export function explainRoutes(routes: readonly Route[], scope: Scope, now: number): RouteExplanation[] {
  return routes.map(({ name, filter, to }) => {
    const { match, because } = filter.explain(scope, now)
    return {
      name,
      match: match.state,
      because,
      ...(match.state === 'undecided' ? { needs: match.needs } : {}),
      to,
    }
  })
}
