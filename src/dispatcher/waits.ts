/** Timers of the exceptions, which of them wait for which head, and which go together. */

import type { Clock } from '../core/ports.ts'
import type { Ledger } from './ledger.ts'

export interface Waits {
  /** Starts the wait of an exception; after a restart what is left of it, never more than its length. */
  arm(id: string): void
  /** Ends a wait early; returns the milliseconds that had passed. */
  cancel(id: string): number
  /** Ids of exceptions that wait for one of these heads. */
  awaiting(keys: readonly string[]): string[]
  /** Others of its group that are due with it: they are sent in one batch. */
  together(id: string): string[]
  /** Exceptions that wait on purpose now: for a head, or for a schedule. */
  readonly onPurpose: number
  close(): void
}

interface Armed {
  readonly since: number
  readonly cancel: () => void
  readonly needs: readonly string[]
  readonly group: string | undefined
  readonly onPurpose: boolean
}

/** Jobs of a group whose times are this close, in milliseconds, are due together. */
const TOGETHER = 1000

/** `due` is called with the milliseconds waited in this process: time in which the destination did not run is no wait. */
export function createWaits(deps: { clock: Clock; ledger: Ledger; due(id: string, elapsed: number): void }): Waits {
  const { clock, ledger } = deps
  const armed = new Map<string, Armed>()
  const needed = new Map<string, Set<string>>()
  const groups = new Map<string, Set<string>>()
  let onPurpose = 0

  const leave = (index: Map<string, Set<string>>, key: string, id: string): void => {
    const ids = index.get(key)
    ids?.delete(id)
    if (ids?.size === 0) index.delete(key)
  }

  const forget = (id: string): Armed | undefined => {
    const wait = armed.get(id)
    if (wait === undefined) return undefined
    armed.delete(id)
    if (wait.onPurpose) onPurpose -= 1
    for (const key of wait.needs) leave(needed, key, id)
    if (wait.group !== undefined) leave(groups, wait.group, id)
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
      const { group, kind } = exception
      const purpose = kind === 'join' || kind === 'batch'
      armed.set(id, { since: clock.monotonic(), cancel, needs, group, onPurpose: purpose })
      if (purpose) onPurpose += 1
      for (const key of needs) needed.set(key, (needed.get(key) ?? new Set()).add(id))
      if (group !== undefined) groups.set(group, (groups.get(group) ?? new Set()).add(id))
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
    together(id) {
      const exception = ledger.exceptions.get(id)
      if (exception?.group === undefined) return []
      const until = exception.dueAt + TOGETHER
      return [...(groups.get(exception.group) ?? [])].filter(
        (other) => (ledger.exceptions.get(other)?.dueAt ?? Infinity) <= until,
      )
    },
    get onPurpose() {
      return onPurpose
    },
    close() {
      for (const wait of armed.values()) wait.cancel()
      armed.clear()
      needed.clear()
      groups.clear()
      onPurpose = 0
    },
  }
}
