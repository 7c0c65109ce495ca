/** Counts the records that no route matches: shown, never silently gone. */

import type { IndexReader, Log } from '../core/ports.ts'
import { matchRoutes } from '../core/dispatch/routing.ts'
import type { Route } from '../core/settings.ts'
import type { Scopes } from './scopes.ts'

interface Deps {
  readonly index: IndexReader
  readonly log: Log
  now(): number
  /** Undefined until the first config is applied. */
  routes(): readonly Route[] | undefined
  scopes(): Scopes | undefined
}

/** Types are text from outside: those beyond so many count together. */
const MOST_TYPES = 200
const OTHERS = '(other)'

/** Starts counting with the next delivery that is indexed. */
export function countUnmatched(deps: Deps): { readonly counts: Readonly<Record<string, number>>; stop(): void } {
  const { index } = deps
  // `constructor` is a type like any other.
  const counts: Record<string, number> = Object.create(null)
  let next = index.indexed + 1
  let running = false

  const look = async (): Promise<void> => {
    for (; next <= index.indexed; next++) {
      const routes = deps.routes()
      const states = (await deps.scopes()?.ofDelivery(next)) ?? []
      for (const { record, scope, seed } of states) {
        if (seed === true) continue
        if (routes === undefined || matchRoutes(routes, scope, deps.now()).state !== 'no') continue
        const name = record.type in counts || Object.keys(counts).length < MOST_TYPES ? record.type : OTHERS
        counts[name] = (counts[name] ?? 0) + 1
      }
    }
  }

  const wake = (): void => {
    if (running) return
    running = true
    look()
      .catch((error: unknown) => {
        deps.log.error('unmatched records could not be counted', { seq: next }, error)
        next += 1
      })
      .finally(() => {
        running = false
        if (next <= index.indexed) wake()
      })
  }

  return { counts, stop: index.onIndexed(wake) }
}
