/** Which records of its span a replay sends, and how many those are. */

import { BridgeError } from '../core/errors.ts'
import { compileFilter } from '../core/expressions/filters.ts'
import { joinKey } from '../core/records/joins.ts'
import type { IndexReader } from '../core/ports.ts'
import type { ReplayCount } from '../core/dispatch/actions.ts'
import { matchRoutes } from '../core/dispatch/routing.ts'
import type { DestinationSettings, Route } from '../core/settings.ts'
import type { Replay } from './documents.ts'
import type { Scopes } from './scopes.ts'
import type { State } from './task.ts'

/** True for a record that the replay sends, if a route matches it too. */
export type Selects = (state: State, now: number) => boolean

/** Compiles what a replay is limited to. Throws a BridgeError `ERR_REPLAY_FILTER` for a filter that is none. */
export function selectOf(only: Replay['only']): Selects {
  if (only === undefined) return () => true
  const { types, where, event } = only
  const filter = where === undefined ? undefined : compileFilter(where)
  if (filter?.ok === false) {
    const [issue] = filter.issues
    const at = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')} `
    throw new BridgeError('config', 'ERR_REPLAY_FILTER', `the filter cannot be used: ${at}${issue?.message ?? ''}`)
  }
  const eventKey = event === undefined ? undefined : `event:${event}`
  return ({ record, scope }, now) => {
    const { type, key, data } = record
    if (types !== undefined && !types.includes(type)) return false
    if (eventKey !== undefined && key !== eventKey && joinKey(type, data, 'event') !== eventKey) return false
    return filter === undefined || filter.value.match(scope, now).state === 'yes'
  }
}

interface Span {
  readonly from: number
  readonly to: number
  readonly selects: Selects
}

interface Deps {
  readonly settings: Pick<DestinationSettings, 'mode'>
  readonly routes: readonly Route[]
  readonly index: IndexReader
  readonly scopes: Scopes
  now(): number
}

/** Counts what a replay would send; sends nothing. In mode `latest` each record once, however many of its states are in the span. */
export async function countReplay({ from, to, selects }: Span, deps: Deps): Promise<ReplayCount> {
  const { index, scopes, routes, settings } = deps
  const byType: Record<string, number> = Object.create(null)
  const seen = new Set<string>()
  let jobs = 0
  let waits = 0
  const first = Math.max(from, index.first)
  const last = Math.min(to, index.indexed)
  for (let seq = first; seq <= last; seq++) {
    for (const state of (await scopes.ofDelivery(seq)) ?? []) {
      const { key, type } = state.record
      if (!selects(state, deps.now()) || (settings.mode === 'latest' && seen.has(key))) continue
      const match = matchRoutes(routes, state.scope, deps.now()).state
      if (match === 'no') continue
      if (match === 'undecided') waits += 1
      seen.add(key)
      jobs += 1
      byType[type] = (byType[type] ?? 0) + 1
    }
  }
  return { deliveries: Math.max(0, last - first + 1), jobs, waits, byType }
}
