import type { DestinationSettings } from '../core/settings.ts'
import type { Cursor, Position } from '../core/types.ts'
import type { Counts, Exception } from './documents.ts'
import type { Health, Paused } from './health.ts'
import type { Jobs } from './jobs.ts'
import type { Ledger } from './ledger.ts'
import type { ReadyQueue } from './queue.ts'
import type { Runner } from './runner.ts'

/** What `status` tells of a destination. */
export interface DispatcherStatus {
  readonly state: 'running' | 'degraded' | 'paused' | 'waiting'
  readonly reason?: string
  /** Who paused it, since when, and when it is tried. */
  readonly paused?: Paused
  /** It has answered since it was opened, or since a person resumed it. */
  readonly answered: boolean
  readonly cursor: Cursor
  readonly counts: Counts
  /** Jobs that wait, by what they wait for; `unknown` counts those whose last send was not answered. */
  readonly exceptions: Readonly<Record<Exception['kind'] | 'unknown', number>>
  /** Since when the oldest of them waits, those that wait on purpose left out; wall clock. */
  readonly oldest?: number | undefined
  readonly dead: number
  readonly inFlight: number
  readonly ready: number
  /** Replays under way: where they have come, and the last delivery of their span. */
  readonly replays: readonly { readonly id: string; readonly position: Position; readonly to: number }[]
  readonly lastError?: { readonly at: number; readonly message: string } | undefined
  readonly lastSuccess?: number | undefined
}

interface Parts {
  readonly settings: DestinationSettings
  readonly ledger: Ledger
  readonly health: Health
  readonly jobs: Jobs
  readonly runner: Runner
  readonly queue: ReadyQueue
}

/** How a running destination stands. */
export function statusOf({ settings, ledger, health, jobs, runner, queue }: Parts): DispatcherStatus {
  const exceptions = { retry: 0, batch: 0, join: 0, held: 0, unknown: 0 }
  let oldest: number | undefined
  for (const exception of ledger.exceptions.values()) {
    exceptions[exception.kind] += 1
    const { kind, since } = exception
    if (kind === 'retry' || kind === 'held') oldest = Math.min(oldest ?? since, since)
    if (exception.unknown) exceptions.unknown += 1
  }
  const full = jobs.exceptions >= settings.maxExceptions
  const { paused } = health
  const running = health.state === 'degraded' ? 'degraded' : 'running'
  return {
    state: paused !== undefined ? 'paused' : full || ledger.failing ? 'waiting' : running,
    ...(full ? { reason: `${settings.maxExceptions} exceptions: reads no further until some settle` } : {}),
    ...(ledger.failing ? { reason: 'the store takes no writes' } : {}),
    ...(paused === undefined ? {} : { reason: paused.reason, paused }),
    answered: health.answered,
    cursor: ledger.window.cursor(),
    counts: ledger.counts,
    exceptions,
    oldest,
    dead: ledger.dead.size,
    inFlight: runner.inFlight,
    ready: queue.size,
    replays: [...ledger.replays].map(([id, { window, to }]) => ({ id, position: window.cursor().position, to })),
    lastError: health.lastError,
    lastSuccess: health.lastSuccess,
  }
}
