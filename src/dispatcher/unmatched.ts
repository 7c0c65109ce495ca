/** Counts the records that no route matches: shown, never silently gone. */

import type { Clock, IndexReader, Log } from '../core/ports.ts'
import { matchRoutes } from '../core/dispatch/routing.ts'
import type { Route } from '../core/settings.ts'
import type { Scopes } from './scopes.ts'
import type { State } from './task.ts'

interface Deps {
  readonly index: IndexReader
  readonly clock: Clock
  readonly log: Log
  /** Undefined until the first config is applied. */
  routes(): readonly Route[] | undefined
  scopes(): Scopes | undefined
}

/** The count, which begins with the next delivery that is indexed. */
export interface Unmatched {
  readonly counts: Readonly<Record<string, number>>
  /** The states of a delivery were made, for a destination or for this count. */
  built(seq: number, states: readonly State[]): void
  stop(): void
}

/** Types are text from outside: those beyond so many count together. */
const MOST_TYPES = 200
const OTHERS = '(other)'

/** Milliseconds after which it looks itself at what no destination has come to. */
const PATIENCE = 1000

/** Starts it. It looks at what the destinations look at, when they do: making the states twice would cost as much as all else. */
export function countUnmatched({ index, clock, log, routes, scopes }: Deps): Unmatched {
  // `constructor` is a type like any other.
  const counts: Record<string, number> = Object.create(null)
  let next = index.indexed + 1
  let before = next
  let cancel: (() => void) | undefined
  let stopped = false

  const built = (seq: number, states: readonly State[]): void => {
    if (seq !== next) return
    next += 1
    const all = routes()
    if (all === undefined) return
    for (const { record, scope, seed } of states) {
      if (seed === true || matchRoutes(all, scope, clock.now()).state !== 'no') continue
      const name = record.type in counts || Object.keys(counts).length < MOST_TYPES ? record.type : OTHERS
      counts[name] = (counts[name] ?? 0) + 1
    }
  }

  const look = async (): Promise<void> => {
    while (!stopped && next <= index.indexed) {
      const seq = next
      const states = (await scopes()?.ofDelivery(seq)) ?? []
      // Made before, or by somebody else meanwhile.
      built(seq, states)
    }
  }

  const passOver = (error: unknown): void => {
    log.error('unmatched records could not be counted', { seq: next }, error)
    next += 1
  }

  const wait = (): void => {
    if (stopped || next > index.indexed) return
    // Set until it has looked: it never looks twice at once.
    cancel ??= clock.timer(PATIENCE, async () => {
      const moves = next > before
      before = next
      if (!moves) await look().catch(passOver)
      cancel = undefined
      wait()
    })
  }

  const unsubscribe = index.onIndexed(wait)
  return {
    counts,
    built,
    stop() {
      stopped = true
      cancel?.()
      unsubscribe()
    },
  }
}
