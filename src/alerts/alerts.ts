/** Alerts at work: what is raised goes to the log at once, and to people when the tracker says so. */

import { conditionsOf, type Observation } from '../core/alerts/conditions.ts'
import { alertCause } from '../core/alerts/causes.ts'
import type { AlertMessage } from '../core/alerts/text.ts'
import { alertKey, track, type Episode, type TrackerInput, type TrackerState } from '../core/alerts/tracker.ts'
import { maskEmails } from '../core/mask-emails.ts'
import type { Alerts, Clock, Log, Store, StoreOp } from '../core/ports.ts'
import { redact } from '../core/redact.ts'
import type { AlertSettings, ChannelSettings } from '../core/settings.ts'
import type { Channel } from './channel.ts'
import { keys, readQueued, readTracker, type Queued } from './documents.ts'
import { createLogAlerts } from './log-alerts.ts'
import { createOutbox, toQueued } from './outbox.ts'

/** The alerts of a running bridge. */
export interface BridgeAlerts extends Alerts {
  recovered: NonNullable<Alerts['recovered']>
  /** A look at the whole bridge, at intervals. */
  observe(look: Observation): void
  /** Takes over settings; a channel that was given up gets another chance. */
  apply(settings: AlertSettings): void
  /** Troubles under way. */
  open(): readonly Episode[]
  /** Resolves when all that was raised is on disk, or that failed. */
  flushed(): Promise<void>
  close(): Promise<void>
}

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  secrets(): readonly string[]
  createChannel(name: string, settings: ChannelSettings): Channel
  /** For the metrics. */
  count?: { raised(cause: string): void; sent(channel: string, result: string): void }
}

const TICK = 15_000
const STORE_PATIENCE = 5_000
/** Troubles that no look finds, and that a start would have met again. */
const ENDS_WITH_PROCESS = new Set(['store', 'store:flush', 'config:refused', 'bevy-api'])
/** Longest text of one alert. */
const MAX_TEXT = 1500

/** Reads what is left of an earlier life and goes on with it. */
export async function createAlerts(settings: AlertSettings, deps: Deps): Promise<BridgeAlerts> {
  const { store, clock, log } = deps
  let current = settings
  let state = await readTracker(store, log)
  const inLog = createLogAlerts({ log, clock })
  const started = clock.now()
  const startedMonotonic = clock.monotonic()
  /** Changes that are not on disk. */
  let pending = new Map<string, StoreOp>()
  let writing: Promise<void> = Promise.resolve()
  let closed = false

  const outbox = createOutbox({
    clock,
    log,
    create: deps.createChannel,
    settled(queued) {
      pending.set(keys.queued(queued), { op: 'remove', key: keys.queued(queued) })
      void write()
    },
    count: (channel, result) => deps.count?.sent(channel, result),
  })

  const clean = (text: string): string => {
    const safe = maskEmails(redact(text, deps.secrets()).slice(0, MAX_TEXT + 400))
    return safe.length > MAX_TEXT ? `${safe.slice(0, MAX_TEXT)}…` : safe
  }

  const write = (): Promise<void> => {
    writing = writing.then(async () => {
      if (pending.size === 0) return
      const ops = pending
      pending = new Map()
      try {
        await store.commit([...ops.values()])
      } catch (error) {
        // Most likely the very trouble people are told of: what is newer stays, the next tick tries again.
        pending = new Map([...ops, ...pending])
        log.warn('alerts could not be kept', { changes: ops.size, reason: (error as Error).message })
      }
    })
    return writing
  }

  const step = (input: TrackerInput): void => {
    if (closed) return
    const before = state
    // The grace counts on the clock that never jumps.
    const graceLeft = current.rules.grace - (clock.monotonic() - startedMonotonic)
    const now = clock.now()
    const { state: after, messages } = track(before, input, now, now + Math.max(0, graceLeft), current.rules)
    state = after
    const urgent = note(before, after)
    const queued = toQueued(messages, channelsFor)
    for (const one of queued) pending.set(keys.queued(one), { op: 'set', key: keys.queued(one), value: one })
    for (const message of messages) if (message.state === 'recovered') tellEnd(message)
    // On disk first, so that a restart repeats nothing; but a store that hangs must not keep them from people.
    if (queued.length > 0) void within(write(), STORE_PATIENCE, clock).then(() => outbox.push(queued))
    else if (urgent || input.kind === 'tick') void write()
  }

  /** Which documents have changed; true when more than a count has. */
  const note = (before: TrackerState, after: TrackerState): boolean => {
    let urgent = false
    for (const [key, episode] of after.episodes) {
      const known = before.episodes.get(key)
      if (known === episode) continue
      urgent ||= known === undefined || known.over !== episode.over || known.notices !== episode.notices
      const name = keys.episode(key)
      pending.set(name, { op: 'set', key: name, value: episode })
    }
    for (const key of before.episodes.keys()) {
      if (after.episodes.has(key)) continue
      pending.set(keys.episode(key), { op: 'remove', key: keys.episode(key) })
    }
    if (after.told.length !== before.told.length || after.told.at(-1) !== before.told.at(-1)) {
      const { told, cappedAt } = after
      pending.set(keys.told, {
        op: 'set',
        key: keys.told,
        value: { told, ...(cappedAt === undefined ? {} : { cappedAt }) },
      })
    }
    return urgent
  }

  const channelsFor = ({ cause, subject }: AlertMessage): readonly string[] => {
    const all = Object.keys(current.channels)
    const key = alertCause(cause).notify
    const own =
      key === undefined || !Object.hasOwn(current.notify, subject) ? undefined : current.notify[subject]?.[key]
    return own === undefined ? all : own.filter((name) => all.includes(name))
  }

  const tellEnd = ({ title, text, cause, subject }: AlertMessage): void =>
    log.info(`alert over: ${title}`, { cause, subject, text })

  let cancelTick = (): void => {}
  const tick = (): void => {
    cancelTick = clock.timer(TICK, () => {
      step({ kind: 'tick' })
      tick()
    })
  }

  outbox.apply(current.channels)
  const left: Queued[] = await readQueued(store, log)
  outbox.push(left)
  tick()

  return {
    raise(alert) {
      inLog.raise(alert)
      deps.count?.raised(alert.cause)
      const { cause, subject, message } = alert
      step({ kind: 'raise', cause, subject: clean(subject).slice(0, 100), message: clean(message) })
    },
    recovered({ cause, subject }) {
      step({ kind: 'recover', cause, subject: clean(subject).slice(0, 100) })
    },
    observe(look) {
      const seen = conditionsOf(look, current.rules)
      // What was open before the start gets the time of the grace to show itself again.
      if (clock.monotonic() - startedMonotonic < current.rules.grace) {
        return step({ ...seen, watched: new Set() })
      }
      for (const alert of seen.raised) {
        const known = state.episodes.get(alertKey(alert.cause, alert.subject))
        if (known?.over === false) continue
        inLog.raise(alert)
        deps.count?.raised(alert.cause)
      }
      step(seen)
      for (const { cause, subject, over, last } of state.episodes.values()) {
        // Of an earlier life, and not seen again in this one.
        if (!over && last < started && ENDS_WITH_PROCESS.has(cause)) step({ kind: 'recover', cause, subject })
      }
    },
    apply(next) {
      current = next
      outbox.apply(next.channels)
    },
    open: () => [...state.episodes.values()].filter(({ over }) => !over),
    async flushed() {
      await write()
    },
    async close() {
      closed = true
      cancelTick()
      await outbox.close()
      await write()
    },
  }
}

async function within(work: Promise<unknown>, ms: number, clock: Clock): Promise<void> {
  let cancel = (): void => {}
  const late = new Promise<void>((resolve) => (cancel = clock.timer(ms, resolve)))
  await Promise.race([work, late])
  cancel()
}
