/** Reads the index in order behind the cursor, and finds the jobs of one destination. */

import type { Clock, IndexReader, Log } from '../core/ports.ts'
import { startOf } from '../core/positions.ts'
import { matchRoutes, type RouteMatch } from '../core/dispatch/routing.ts'
import type { DestinationSettings, Route } from '../core/settings.ts'
import type { Window } from '../core/dispatch/window.ts'
import type { Jobs } from './jobs.ts'
import type { Ledger } from './ledger.ts'
import type { Scopes } from './scopes.ts'
import { HEAVY, type State, type Task } from './task.ts'

export interface Reader {
  /** Something changed that may let it read on. */
  wake(): void
  stop(): void
}

interface Deps {
  readonly settings: DestinationSettings
  readonly index: IndexReader
  readonly scopes: Scopes
  readonly ledger: Ledger
  readonly jobs: Jobs
  readonly clock: Clock
  readonly log: Log
  /** Where it reads: the destination's own window, or that of a replay. */
  readonly window: Window
  /** A replay ends after this delivery. */
  readonly replay?: { readonly id: string; readonly to: number; selects(state: State): boolean; ended(): void }
  routes(): readonly Route[]
  /** Jobs were found: send. */
  found(): void
}

const STORE_PAUSE = 1000
const NO: RouteMatch = { state: 'no' }

/** Starts reading. */
export function startReader(deps: Deps): Reader {
  const { settings, index, ledger, jobs, clock, window, replay } = deps
  const replayed = new Set<string>()
  let stopped = false
  let wakeUp: (() => void) | undefined

  const wake = (): void => {
    wakeUp?.()
    wakeUp = undefined
  }

  const mayRead = (): boolean => window.size < settings.window && jobs.exceptions < settings.maxExceptions

  const until = async (ready: () => boolean): Promise<void> => {
    while (!stopped && !ready()) {
      await new Promise<void>((resolve) => {
        wakeUp = resolve
      })
    }
  }

  const readOn = async (): Promise<void> => {
    while (replay === undefined || window.next.seq <= replay.to) {
      await until(() => mayRead() && Math.max(window.next.seq, index.first) <= index.indexed)
      if (stopped) return
      const seq = Math.max(window.next.seq, index.first)
      const states = (await deps.scopes.ofDelivery(seq)) ?? []
      // What retention has cut away, this destination was told of before.
      window.enter(startOf(seq))
      for (const state of states) {
        if (state.record.position.n < window.next.n) continue
        await until(mayRead)
        if (stopped) return
        // What fills heads is history: only a person who asks for a replay has it sent.
        const passed = replay === undefined ? state.seed === true : !replay.selects(state)
        look(state, passed ? NO : await matched(state))
      }
      window.enter(startOf(seq + 1))
      ledger.touchLater()
      deps.found()
    }
    stopped = true
    replay?.ended()
  }

  /**
   * Where leaving is told, a state that matches no longer makes its record due when it was sent here, or when the state before
   * it matched and may still be on its way.
   */
  const matched = (state: State): RouteMatch | Promise<RouteMatch> => {
    const match = matchRoutes(deps.routes(), state.scope, clock.now())
    return match.state === 'no' && settings.onLeave === 'send' ? leaving(state) : match
  }

  const leaving = async ({ record, receivedAt }: State): Promise<RouteMatch> => {
    const due = (routes: readonly string[]): RouteMatch => ({ state: 'undecided', needs: [], routes })
    const sent = await ledger.sent(record.key)
    if (sent !== undefined) return sent.left === true ? NO : due([])
    const { before, ...old } = record
    if (before === undefined) return NO
    const { scope } = await deps.scopes.of({ ...old, data: before }, receivedAt)
    const match = matchRoutes(deps.routes(), scope, clock.now())
    return match.state === 'yes' ? due(match.routes) : NO
  }

  const look = (state: State, match: RouteMatch): void => {
    const { record } = state
    const fresh = window.pass(record.position, match.state !== 'no')
    if (match.state === 'no' || !fresh) return
    if (replay !== undefined && settings.mode === 'latest') {
      // A replay in mode `latest` sends the head of a record once, however many of its states the span holds.
      if (replayed.has(record.key)) return window.settle(record.position)
      replayed.add(record.key)
    }
    const task = taskFor(state, match.routes, match.state === 'yes', clock.now())
    jobs.add(replay === undefined ? task : { ...task, replay: replay.id, window })
    if (window.size >= settings.window) deps.found()
  }

  const loop = async (): Promise<void> => {
    while (!stopped) {
      try {
        await readOn()
      } catch (error) {
        deps.log.error('index could not be read', { destination: settings.name, seq: window.next.seq }, error)
        await new Promise<void>((resolve) => clock.timer(STORE_PAUSE, resolve))
      }
    }
  }
  void loop()

  return {
    wake,
    stop() {
      stopped = true
      wake()
    },
  }
}

function taskFor(state: State, routes: readonly string[], matched: boolean, now: number): Task {
  const { record } = state
  return {
    key: record.key,
    type: record.type,
    recordId: record.id,
    position: record.position,
    opens: [record.position],
    routes,
    matched,
    attempts: 0,
    waited: 0,
    since: now,
    single: false,
    redriven: false,
    ...(state.size > HEAVY ? {} : { fresh: state }),
  }
}
