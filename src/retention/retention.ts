/** Retention at work: looks every few minutes for what is too old or too much and needed by nobody, and removes it a little at a time. */

import { coerceError } from '../core/errors.ts'
import { holderText } from '../core/retention/text.ts'
import { timeOf } from '../core/retention/marks.ts'
import {
  createCensus,
  lowestHolder,
  overdue,
  type Census,
  type Holder,
  type KeptPart,
} from '../core/retention/rules.ts'
import type { KeptReport } from '../core/retention/report.ts'
import { cutSome, measure } from './cutting.ts'
import type { RetentionDeps } from './deps.ts'
import { readKept } from './documents.ts'
import { isUnbounded, passThrough } from './passing.ts'

/** What one run removed. */
export interface Reclaimed {
  readonly deliveries: number
  readonly heads: number
  readonly sent: number
  readonly dead: number
  readonly quarantine: number
  /** Bytes the file became shorter by. */
  readonly returned: number
}

export interface Retention {
  /** Begins to look, first after a minute. */
  start(): void
  /** Looks now, and removes; resolves when all is done, or after `close`. Rejects with what the store rejects. */
  run(): Promise<Reclaimed>
  /** The config has changed: all is looked at again. */
  apply(): void
  /** Ends after the commit under way. */
  close(): Promise<void>
}

const FIRST = 60_000
const EVERY = 10 * 60_000
/** Between two looks at what is not the journal. */
const ROUND = 24 * 3_600_000
/** Milliseconds between two commits; while deliveries rush in, more. */
const REST = 50
const REST_BUSY = 500
/** Free bytes the file may keep for what comes next, and how many go back to the disk at once. */
const SPARE = 16 * 1024 * 1024
const RETURNED = 1024 * 1024
/** Longer overdue than this, people are told who holds the journal. */
const TOLERATED = 24 * 3_600_000
/** A wall clock may run ahead of the monotonic one by so much before it is no longer believed: a jump must not age everything. */
const SKEW = 3_600_000

/** Makes it. */
export function createRetention(deps: RetentionDeps): Retention {
  const { store, journal, clock, log, alerts, settings } = deps
  const begun = { wall: clock.now(), monotonic: clock.monotonic() }
  const censuses = new Map<KeptPart, Census>()
  let cancel = (): void => {}
  let wake = (): void => {}
  let closed = false
  let running: Promise<Reclaimed> | undefined
  let lastRound = -Infinity

  const now = (): number => Math.min(clock.now(), begun.wall + (clock.monotonic() - begun.monotonic) + SKEW)

  /** False when it is to end. */
  const rest = async (): Promise<boolean> => {
    if (closed) return false
    await new Promise<void>((resolve) => {
      const stop = clock.timer(deps.busy() ? REST_BUSY : REST, resolve)
      wake = () => {
        stop()
        resolve()
      }
    })
    return !closed
  }

  const cutJournal = async (): Promise<number> => {
    const keep = settings().journal
    while ((await journal.sweep?.()) === true || (await deps.entries.sweep(journal.first)))
      if (!(await rest())) return 0
    if (isUnbounded(keep)) return 0
    if (keep.size !== undefined) while (await measure(deps)) if (!(await rest())) return 0
    let cut = 0
    for (let more = true; more && !closed;) {
      // Anew each time: others may have begun to need something.
      const holders = await holdersOf(deps)
      const step = await cutSome(deps, holders, now())
      cut += step.cut
      more = step.more && (await rest())
    }
    return cut
  }

  const passSets = async (): Promise<Record<Exclude<KeptPart, 'journal'>, number>> => {
    const removed = { heads: 0, sent: 0, dead: 0, quarantine: 0 }
    if (clock.monotonic() - lastRound < ROUND) return removed
    const { marks } = await readKept(store)
    const found = new Map<KeptPart, Census>()
    for (const set of deps.sets((seq) => timeOf(marks, seq))) {
      const keep = settings()[set.part]
      if (isUnbounded(keep)) continue
      const census = found.get(set.part) ?? createCensus()
      found.set(set.part, census)
      removed[set.part] += await passThrough(set, { keep, now: now(), before: censuses.get(set.part), census, rest })
      if (closed) return removed
    }
    let again = false
    for (const [part, census] of found) {
      // That it is too much is known only now: it goes with the next run, not in a day.
      if (!censuses.has(part) && census.cutoff(settings()[part].size) > -Infinity) again = true
      censuses.set(part, census)
    }
    lastRound = again ? -Infinity : clock.monotonic()
    return removed
  }

  const giveBack = async (): Promise<number> => {
    const before = await store.shrink?.(0)
    if (before === undefined) return 0
    let left = before
    while (left.free > SPARE && !closed) {
      left = (await store.shrink?.(Math.min(RETURNED, left.free - SPARE))) ?? left
      if (!(await rest())) break
    }
    return Math.max(0, before.bytes - left.bytes)
  }

  /** An orphan is told of by itself. */
  const tellOfHolder = async (): Promise<void> => {
    const { held } = await reportKept(deps)
    if (held === undefined || held.overdue <= TOLERATED || held.by === 'orphan') {
      return alerts.recovered?.({ cause: 'journal:held', subject: 'journal' })
    }
    const message = `The journal is kept longer than retention.journal says: ${holderText(held)}`
    alerts.raise({ cause: 'journal:held', subject: 'journal', message })
  }

  const runNow = async (): Promise<Reclaimed> => {
    const deliveries = await cutJournal()
    const removed = await passSets()
    const returned = await giveBack()
    await tellOfHolder()
    const all = { deliveries, ...removed, returned }
    if (Object.values(all).some((count) => count > 0)) log.info('reclaimed', { ...all, first: journal.first })
    return all
  }

  const run = (): Promise<Reclaimed> => (running ??= runNow().finally(() => (running = undefined)))

  const plan = (ms: number): void => {
    cancel = clock.timer(ms, () => {
      run()
        .catch((error: unknown) =>
          log.warn('retention failed; it is tried again', { reason: coerceError(error).message }),
        )
        .finally(() => {
          if (!closed) plan(EVERY)
        })
    })
  }

  return {
    start: () => plan(FIRST),
    run,
    apply() {
      censuses.clear()
      lastRound = -Infinity
    },
    async close() {
      closed = true
      cancel()
      wake()
      await running?.catch(() => {})
    },
  }
}

/** What nobody has indexed is needed, and so is the newest that is: the index stands on it. */
async function holdersOf({ holders, indexed }: Pick<RetentionDeps, 'holders' | 'indexed'>): Promise<Holder[]> {
  return [...(await holders()), { seq: indexed(), by: 'index', name: '' }]
}

/** How far back the journal goes, how large the store is, and who holds what. */
export async function reportKept(
  deps: Pick<RetentionDeps, 'store' | 'journal' | 'clock' | 'settings' | 'holders' | 'indexed'>,
): Promise<KeptReport> {
  const { store, journal, clock, settings } = deps
  const [oldest] = (await journal.survey?.(journal.first, 1)) ?? []
  const file = await store.shrink?.(0)
  const late = overdue(oldest?.receivedAt, settings().journal, clock.now())
  const holder = late > 0 ? lowestHolder(await holdersOf(deps)) : undefined
  // One that lies further on holds nothing yet: it is only that nobody has come by.
  const holds = holder !== undefined && holder.seq <= journal.first && journal.first < journal.tail
  return {
    ...(oldest === undefined ? {} : { since: oldest.receivedAt }),
    ...(file === undefined ? {} : { file }),
    ...(holds ? { held: { ...holder, overdue: late } } : {}),
  }
}
