/** Whether a record had to go to a destination, told afterwards: joined records may have been in any of their states when it was read. */

import { joinKeys } from '../records/joins.ts'
import { comparePositions } from '../positions.ts'
import { matchRoutes } from '../dispatch/routing.ts'
import { buildScope } from '../expressions/scopes.ts'
import type { DestinationSettings, Route } from '../settings.ts'
import type { Matches } from './facts.ts'
import type { Head, IndexedRecord } from '../types.ts'

/** What is needed to tell. */
export interface MatchGround {
  readonly destinations: readonly DestinationSettings[]
  readonly routes: readonly Route[]
  readonly timezone: string
  /** All accepted states of each record, in order. */
  readonly states: ReadonlyMap<string, readonly Head[]>
  /** Wall clock at the end. */
  readonly until: number
}

/** More combinations of joined states than this are not looked at: then `maybe`. */
const MOST_COMBINATIONS = 200

/** Makes the function that tells, for each destination in order. */
export function createMatcher(ground: MatchGround): (record: IndexedRecord, receivedAt: number) => Matches[] {
  const { destinations, states, timezone, until } = ground
  const routesTo = destinations.map(({ name }) => ground.routes.filter(({ to }) => to.includes(name)))
  return (record, receivedAt) => {
    const combinations = combine(record, states)
    const absent = heads(record, states, (list) =>
      list.filter((head) => comparePositions(head.position, record.position) < 0),
    )
    return destinations.map(({ join, maxAge }, index) => {
      const routes = routesTo[index] ?? []
      const match = (known: ReadonlyMap<string, Head>, now: number) => {
        const { before, ...rest } = record
        const delivery = { seq: record.position.seq, receivedAt }
        const scope = buildScope({ record: rest, ...(before && { before }), heads: known, delivery, timezone })
        return matchRoutes(routes, scope, now).state
      }
      if (routes.length === 0) return 'no'
      if (combinations === undefined || maxAge !== undefined) return 'maybe'
      const found = new Set(combinations.flatMap((known) => [match(known, receivedAt), match(known, until)]))
      const [only] = found
      if (found.size > 1 || only === undefined || only === 'undecided') return 'maybe'
      if (match(absent, receivedAt) !== 'undecided') return only
      if (only === 'no') return 'no'
      return join.otherwise === 'keep' ? 'late' : 'maybe'
    })
  }
}

/** Every way the joined records may have stood; undefined when there are too many. */
function combine(
  record: IndexedRecord,
  states: ReadonlyMap<string, readonly Head[]>,
): ReadonlyMap<string, Head>[] | undefined {
  let all: Map<string, Head>[] = [new Map()]
  for (const key of keysBehind(record, states)) {
    const list = states.get(key)
    if (list === undefined) continue
    if (all.length * list.length > MOST_COMBINATIONS) return undefined
    all = all.flatMap((known) => list.map((head) => new Map(known).set(key, head)))
  }
  return all
}

/** The newest of what is left of each joined record's states. */
function heads(
  record: IndexedRecord,
  states: ReadonlyMap<string, readonly Head[]>,
  keep: (list: readonly Head[]) => readonly Head[],
): Map<string, Head> {
  const known = new Map<string, Head>()
  for (const key of keysBehind(record, states)) {
    const newest = keep(states.get(key) ?? []).at(-1)
    if (newest !== undefined) known.set(key, newest)
  }
  return known
}

/** What a record refers to, and what the states of that refer to: a chapter may be named only by the event. */
function keysBehind(record: IndexedRecord, states: ReadonlyMap<string, readonly Head[]>): Set<string> {
  const keys = new Set(Object.values(joinKeys(record.type, record.data)))
  for (const key of keys) {
    for (const { type, data } of states.get(key) ?? []) {
      for (const behind of Object.values(joinKeys(type, data))) keys.add(behind)
    }
  }
  keys.delete(record.key)
  return keys
}
