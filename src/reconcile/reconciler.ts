/** All that is done over Bevy's REST API: missing heads, seeds, reconciles on demand and on a schedule, and the watch for outages. */

import { coerceError, isBridgeError } from '../core/errors.ts'
import type { Alerts, Clock, IndexReader, Journal, Log, Store } from '../core/ports.ts'
import type { ReconcileStatus, RunInput, RunKind, RunStarted } from '../core/reconcile/reports.ts'
import type { RestApi } from '../core/reconcile/rest.ts'
import type { BevySettings } from '../core/settings.ts'
import { keys, readSchedule } from './documents.ts'
import { createFeed } from './feed.ts'
import { startedOf, toRun } from './inputs.ts'
import { createJoinFetcher } from './joins.ts'
import { createOneByOne } from './one-by-one.ts'
import { watchOutages } from './outage-watch.ts'
import { openRuns } from './runs.ts'

export interface Reconciler {
  /** Jobs wait for these heads, which have not arrived. */
  missing(keys: readonly string[]): void
  /** A delivery from Bevy was refused, or stored. */
  note(happening: 'refused' | 'taken'): void
  /** Begins a run. */
  begin(kind: RunKind, input: RunInput): Promise<RunStarted>
  /** Ends the run under way; false when there is none. */
  cancel(): Promise<boolean>
  status(): ReconcileStatus
  /** Takes over changed settings. */
  apply(): void
  /** Ends; what is left of a run goes on with the next start. */
  close(): Promise<void>
}

interface Deps {
  readonly store: Store
  readonly journal: Journal
  readonly index: IndexReader
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  /** Absent: no access. */
  settings(): BevySettings | undefined
  openApi(settings: BevySettings): RestApi
  /** Whether there is room on the disk. */
  storable(): boolean
}

/** Looks of the schedule. Never longer, so that a changed schedule and a clock that jumps are noticed. */
const LOOK = 60_000

/** Opens it, and goes on with a run that was under way. */
export async function openReconciler(deps: Deps): Promise<Reconciler> {
  const { store, journal, index, clock, log, alerts, settings } = deps
  const outages = await watchOutages({ store, clock, log, alerts, access: () => settings() !== undefined })
  const line = createOneByOne({ clock, log, alerts })
  const feed = createFeed({ journal, index, clock, log, storable: deps.storable })
  const joins = createJoinFetcher({ line, feed, index, clock, log, enabled: () => settings()?.joins === true })
  let scheduledAt = await readSchedule(store, log)
  let applied: string | undefined

  const apply = (): void => {
    const wanted = settings()
    const written = wanted && JSON.stringify({ ...wanted, reconcile: undefined, joins: undefined })
    if (written !== applied) line.use(wanted === undefined ? undefined : deps.openApi(wanted))
    applied = written
    joins.wake()
  }
  apply()

  const runs = await openRuns({
    store,
    line,
    feed,
    clock,
    log,
    ended({ kind, dryRun, state, since, until, types, problems }) {
      const whole = types.includes('attendee') && types.includes('event') && Object.keys(problems).length === 0
      if (kind !== 'reconcile' || dryRun || state !== 'done' || !whole) return
      if (until >= (outages.lost?.until ?? Infinity)) outages.covered(since)
    },
  })

  const nextAt = (): number | undefined => {
    const schedule = settings()?.reconcile
    return schedule === undefined ? undefined : (scheduledAt ?? started) + schedule.every
  }
  const started = clock.now()

  const keepSchedule = async (): Promise<void> => {
    const now = clock.now()
    if (settings()?.reconcile !== undefined && scheduledAt === undefined) {
      // It counts from here, however often the bridge is started meanwhile.
      await store.commit([{ op: 'set', key: keys.schedule, value: { v: 1, at: started } }])
      scheduledAt = started
    }
    const next = nextAt()
    // What lies in the future by more than its own length was written by a clock that was wrong.
    const isAhead = scheduledAt !== undefined && scheduledAt > now
    if (next === undefined || runs.current !== undefined || (now < next && !isAhead)) return
    const run = toRun('reconcile', {}, { now, bevy: settings(), lost: outages.lost })
    await runs.begin(run, [{ op: 'set', key: keys.schedule, value: { v: 1, at: now } }])
    scheduledAt = now
  }

  let closed = false
  let looking: Promise<void> = Promise.resolve()
  let cancelLook = (): void => {}
  const plan = (): void => {
    cancelLook = clock.timer(LOOK, () => {
      looking = keepSchedule()
        .catch((error: unknown) => log.warn('the schedule waits', { reason: coerceError(error).message }))
        .finally(() => {
          if (!closed) plan()
        })
    })
  }
  plan()

  return {
    missing: (wanted) => joins.want(wanted),
    note: (happening) => outages.note(happening),
    async begin(kind, input) {
      const run = toRun(kind, input, { now: clock.now(), bevy: settings(), lost: outages.lost })
      await runs.begin(run)
      return startedOf(run, true)
    },
    cancel: () => runs.cancel(),
    status() {
      const { trouble } = line
      const { current, last } = runs
      const next = nextAt()
      return {
        access: settings() !== undefined,
        ...(trouble === undefined ? {} : { trouble }),
        ...(current === undefined ? {} : { run: current }),
        ...(last === undefined ? {} : { last }),
        ...(next === undefined ? {} : { nextAt: next }),
        joins: joins.counts,
        ...(outages.lost === undefined ? {} : { lost: outages.lost }),
      }
    },
    apply,
    async close() {
      closed = true
      cancelLook()
      await looking
      await Promise.all([runs.close(), joins.close()]).catch((error: unknown) => {
        if (!isBridgeError(error)) throw error
      })
      await line.close()
      await outages.close()
    },
  }
}
