/** Timers of the exceptions, and which of them wait for which head. */

import type { Clock } from '../core/ports.ts'
import type { Ledger } from './ledger.ts'

export interface Waits {
  /** Starts the wait of an exception; after a restart what is left of it, never more than its length. */
  arm(id: string): void
  /** Ends a wait early; returns the milliseconds that had passed. */
  cancel(id: string): number
  /** Ids of exceptions that wait for one of these heads. */
  awaiting(keys: readonly string[]): string[]
  /** Exceptions that wait for a head now. */
  readonly joins: number
  close(): void
}

interface Armed {
  readonly since: number
  readonly cancel: () => void
  readonly needs: readonly string[]
}

/** `due` is called with the milliseconds waited in this process: time in which the destination did not run is no wait. */
export function createWaits(deps: { clock: Clock; ledger: Ledger; due(id: string, elapsed: number): void }): Waits {
  const { clock, ledger } = deps
  const armed = new Map<string, Armed>()
  const needed = new Map<string, Set<string>>()
  let joins = 0

  const forget = (id: string): Armed | undefined => {
    const wait = armed.get(id)
    if (wait === undefined) return undefined
    armed.delete(id)
    if (wait.needs.length > 0) joins -= 1
    for (const key of wait.needs) {
      const ids = needed.get(key)
      ids?.delete(id)
      if (ids?.size === 0) needed.delete(key)
    }
    return wait
  }

  const elapsed = (wait: Armed | undefined): number => (wait === undefined ? 0 : clock.monotonic() - wait.since)

  return {
    arm(id) {
      const exception = ledger.exceptions.get(id)
      if (exception === undefined || exception.kind === 'held') return
      forget(id)?.cancel()
      const left = Math.min(exception.delay, Math.max(0, exception.dueAt - clock.now()))
      const cancel = clock.timer(left, () => deps.due(id, elapsed(forget(id))))
      const needs = exception.kind === 'join' ? exception.needs : []
      armed.set(id, { since: clock.monotonic(), cancel, needs })
      if (needs.length > 0) joins += 1
      for (const key of needs) needed.set(key, (needed.get(key) ?? new Set()).add(id))
    },
    cancel(id) {
      const wait = forget(id)
      wait?.cancel()
      return elapsed(wait)
    },
    awaiting(keys) {
      const found = new Set<string>()
      for (const key of keys) for (const id of needed.get(key) ?? []) found.add(id)
      return [...found]
    },
    get joins() {
      return joins
    },
    close() {
      for (const wait of armed.values()) wait.cancel()
      armed.clear()
      needed.clear()
      joins = 0
    },
  }
}
