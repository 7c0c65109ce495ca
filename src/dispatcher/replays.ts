/** Replays of one destination: finite readers with cursors of their own, kept across restarts. */

import { startOf } from '../core/positions.ts'
import type { Clock } from '../core/ports.ts'
import { createWindow, type Window } from '../core/dispatch/window.ts'
import type { Replay } from './documents.ts'
import type { Ledger } from './ledger.ts'
import type { Reader } from './reader.ts'
import { selectOf } from './replay-select.ts'
import type { State } from './task.ts'

export interface Replays {
  /** Goes on with those read from disk. */
  open(): void
  /** Starts one; resolves with its id when it is on disk. Rejects with ERR_REPLAY_FILTER. */
  begin(from: number, to: number, only?: Replay['only']): Promise<string>
  /** Something settled. */
  progressed(): void
  stop(): void
}

interface Deps {
  readonly ledger: Ledger
  readonly clock: Clock
  start(span: {
    window: Window
    replay: { id: string; to: number; selects(state: State): boolean; ended(): void }
  }): Reader
}

/** Makes them. */
export function createReplays({ ledger, clock, start }: Deps): Replays {
  const readers = new Map<string, Reader>()
  const ended = new Set<string>()

  const progressed = (): void => {
    for (const [id, reader] of readers) {
      reader.wake()
      if (!ended.has(id) || (ledger.replays.get(id)?.window.size ?? 0) > 0) continue
      readers.delete(id)
      ended.delete(id)
      ledger.endReplay(id)
    }
  }

  const run = (id: string): void => {
    const span = ledger.replays.get(id)
    if (span === undefined) return
    const selects = selectOf(span.only)
    const replay = {
      id,
      to: span.to,
      selects: (state: State) => selects(state, clock.now()),
      ended() {
        ended.add(id)
        progressed()
      },
    }
    readers.set(id, start({ window: span.window, replay }))
  }

  return {
    open() {
      for (const id of ledger.replays.keys()) run(id)
    },
    async begin(from, to, only) {
      selectOf(only)
      const startedAt = clock.now()
      let id = `r${startedAt.toString(36)}`
      while (ledger.replays.has(id)) id += 'x'
      const window = createWindow({ position: startOf(from), done: [] })
      ledger.replays.set(id, { window, to, startedAt, ...(only === undefined ? {} : { only }) })
      ledger.touch()
      await ledger.flushed()
      run(id)
      return id
    },
    progressed,
    stop() {
      for (const reader of readers.values()) reader.stop()
    },
  }
}
