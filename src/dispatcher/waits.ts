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
  /** The destination is paused: retries wait without time passing for them. */
  freeze(): void
  /** It runs again: frozen retries are due soon, spread over `spread` milliseconds. `random` gives numbers from 0 to 1. */
  thaw(spread: number, random: () => number): void
  /** The frozen retry that was tried longest ago. */
  firstFrozen(): string | undefined
  close(): void
}

interface Armed {
  /** Undefined while frozen. */
  readonly since: number | undefined
  /** Milliseconds that passed before it was frozen. */
  readonly before: number
  readonly cancel: () => void
  readonly needs: readonly string[]
  readonly group: string | undefined
  readonly kind: 'retry' | 'batch' | 'join'
}

/** Jobs of a group whose times are this close, in milliseconds, are due together. */
const TOGETHER = 1000

/** `due` is called with the milliseconds waited in this process: time in which the destination did not run is no wait. */
export function createWaits(deps: { clock: Clock; ledger: Ledger; due(id: string, elapsed: number): void }): Waits {
  const { clock, ledger } = deps
  // In the order in which they were armed: the first frozen one was tried longest ago.
  const armed = new Map<string, Armed>()
  const needed = new Map<string, Set<string>>()
  const groups = new Map<string, Set<string>>()
  let onPurpose = 0
  let frozen = false

  const leave = (index: Map<string, Set<string>>, key: string, id: string): void => {
    const ids = index.get(key)
    ids?.delete(id)
    if (ids?.size === 0) index.delete(key)
  }

  const forget = (id: string): Armed | undefined => {
    const wait = armed.get(id)
    if (wait === undefined) return undefined
    armed.delete(id)
    if (wait.kind !== 'retry') onPurpose -= 1
    for (const key of wait.needs) leave(needed, key, id)
    if (wait.group !== undefined) leave(groups, wait.group, id)
    return wait
  }

  const elapsed = (wait: Armed | undefined): number =>
    wait === undefined ? 0 : wait.before + (wait.since === undefined ? 0 : clock.monotonic() - wait.since)

  const arm = (id: string): void => {
    const exception = ledger.exceptions.get(id)
    if (exception === undefined || exception.kind === 'held') return
    forget(id)?.cancel()
    const { group, kind } = exception
    const left = Math.min(exception.delay, Math.max(0, exception.dueAt - clock.now()))
    const still = frozen && kind === 'retry'
    const cancel = still ? () => {} : clock.timer(left, () => deps.due(id, elapsed(forget(id))))
    const needs = kind === 'join' ? exception.needs : []
    armed.set(id, { since: still ? undefined : clock.monotonic(), before: 0, cancel, needs, group, kind })
    if (kind !== 'retry') onPurpose += 1
    for (const key of needs) needed.set(key, (needed.get(key) ?? new Set()).add(id))
    if (group !== undefined) groups.set(group, (groups.get(group) ?? new Set()).add(id))
  }

  return {
    arm,
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
    freeze() {
      frozen = true
      for (const [id, wait] of armed) {
        if (wait.kind !== 'retry' || wait.since === undefined) continue
        wait.cancel()
        armed.set(id, { ...wait, since: undefined, before: elapsed(wait), cancel: () => {} })
      }
    },
    thaw(spread, random) {
      frozen = false
      const shared = new Map<string, number>()
      for (const [id, wait] of armed) {
        const exception = ledger.exceptions.get(id)
        if (wait.since !== undefined || exception === undefined) continue
        const { group } = wait
        // Those of a group stay one batch.
        const drawn = (group === undefined ? undefined : shared.get(group)) ?? random() * spread
        if (group !== undefined) shared.set(group, drawn)
        const delay = Math.round(Math.min(drawn, Math.max(0, exception.delay - wait.before)))
        const waited = exception.waited + wait.before
        ledger.saveException(id, { ...exception, waited, delay, dueAt: clock.now() + delay })
        arm(id)
      }
    },
    firstFrozen() {
      for (const [id, wait] of armed) if (wait.since === undefined) return id
      return undefined
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
