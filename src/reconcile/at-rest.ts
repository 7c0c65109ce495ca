/** Runs in a store on which no bridge works: asked for, and noted for the next start. */

import type { Clock, Log, Store } from '../core/ports.ts'
import type { ReconcileStatus, RunInput, RunKind, RunStarted } from '../core/reconcile/reports.ts'
import type { BevySettings } from '../core/settings.ts'
import { endRun, readLast, readRun, readTimes, reportOf, saveRun } from './documents.ts'
import { startedOf, toRun } from './inputs.ts'
import { running } from './runs.ts'

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  settings(): BevySettings | undefined
}

/** What can be done with runs there. */
export function createRunsAtRest({ store, clock, log, settings }: Deps) {
  return {
    async begin(kind: RunKind, input: RunInput): Promise<RunStarted> {
      const under = await readRun(store, log)
      if (under !== undefined) throw running(under)
      const lost = (await readTimes(store, log))?.lost
      const run = toRun(kind, input, { now: clock.now(), bevy: settings(), lost })
      await store.commit([saveRun(run)])
      return startedOf(run, false)
    },
    async cancel(): Promise<boolean> {
      const run = await readRun(store, log)
      if (run !== undefined) await store.commit(endRun({ ...run, state: 'cancelled', endedAt: clock.now() }))
      return run !== undefined
    },
    async status(): Promise<ReconcileStatus> {
      const [run, last, times] = await Promise.all([readRun(store, log), readLast(store, log), readTimes(store, log)])
      return {
        access: settings() !== undefined,
        ...(run === undefined ? {} : { run: reportOf(run) }),
        ...(last === undefined ? {} : { last }),
        ...(times?.lost === undefined ? {} : { lost: times.lost }),
        joins: { waiting: 0, fetched: 0, absent: 0 },
      }
    },
  }
}
