import { z } from 'zod'
import { compileFilter } from '../../src/core/expressions/filters.ts'
import { readsOf } from '../../src/core/expressions/expressions.ts'
import { DEFAULT_HEALTH } from '../../src/core/dispatch/health.ts'
import {
  DEFAULT_POLICY,
  definePlugin,
  delivered,
  type Job,
  type Outcome,
  type PluginContext,
  type Sender,
} from '../../src/core/plugin-contract.ts'
import type { Alert } from '../../src/core/ports.ts'
import type { DestinationSettings, Route, Settings } from '../../src/core/settings.ts'
import type { Mode } from '../../src/core/types.ts'
import { createPaces } from '../../src/http/pace.ts'
import { createSupervisor, type Supervisor } from '../../src/dispatcher/supervisor.ts'
import { createHandClock, settleAll, type HandClock } from './clock.ts'
import { createFakeIndex, type FakeIndex } from './fake-index.ts'
import { createMemoryLog, type MemoryLog } from './log.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'

/** What a scripted destination does with a batch: outcomes, a throw, or a promise the test settles. */
export type Script = (
  jobs: readonly Job[],
  signal: AbortSignal,
) => Promise<readonly Outcome[] | void> | readonly Outcome[] | void

/** Dispatchers over a hand-filled index, a hand-moved clock and scripted destinations. */
export interface Bench {
  readonly clock: HandClock
  readonly index: FakeIndex
  readonly store: MemoryStore
  readonly log: MemoryLog
  readonly alerts: Alert[]
  readonly supervisor: Supervisor
  /** Batches each destination was sent, in order. */
  readonly sent: Record<string, Job[][]>
  /** What each destination does next; all is delivered where none is set. */
  readonly scripts: Record<string, Script>
  /** Lanes, buckets and erasure of each destination, set before `apply`. */
  readonly senders: Record<string, Pick<Sender, 'lane' | 'bucket' | 'erase'>>
  /** Same, by job: `key@seq` of what arrived. */
  got(name: string): string[]
  apply(destinations: DestinationSettings[], routes?: Route[]): Promise<void>
  /** A second bench on the same store and index, as after a restart. */
  restart(): Promise<Bench>
}

export const plugin = definePlugin({
  name: 'scripted',
  options: z.strictObject({ label: z.string().optional() }),
  create: () => {
    throw new Error('made by the bench')
  },
})

/** Settings of a scripted destination. */
export function destination(name: string, more: Partial<DestinationSettings> & { mode: Mode }): DestinationSettings {
  return {
    ...DEFAULT_POLICY,
    retry: { for: 7 * 86_400_000, delay: 10_000, factor: 2, maxDelay: 3_600_000 },
    name,
    plugin,
    options: {},
    reads: readsOf(more.options),
    start: 'now',
    join: { wait: 15 * 60_000, otherwise: 'keep' },
    health: DEFAULT_HEALTH,
    window: 1000,
    maxExceptions: 1000,
    fingerprint: JSON.stringify([name, more.mode, more.batch, more.options]),
    ...more,
  }
}

/** As much of the settings as the flow asks for: everything goes to these destinations, unless `more` says otherwise. */
export function settingsTo(destinations: readonly DestinationSettings[], more: Partial<Settings> = {}): Settings {
  const names = destinations.map(({ name }) => name)
  return {
    timezone: 'UTC',
    tables: new Map(),
    destinations,
    routes: [route('all', names)],
    hash: 'hash',
    ...more,
  } as unknown as Settings
}

/** A route with a filter as it stands in YAML. */
export function route(name: string, to: string[], when?: unknown): Route {
  const filter = compileFilter(when)
  if (!filter.ok) throw new Error(JSON.stringify(filter.issues))
  return { name, filter: filter.value, to }
}

interface Shared {
  clock: HandClock
  index: FakeIndex
  store: MemoryStore
  log: MemoryLog
  alerts: Alert[]
  sent: Record<string, Job[][]>
  scripts: Record<string, Script>
  senders: Bench['senders']
}

export function createBench(shared?: Shared): Bench {
  const clock = shared?.clock ?? createHandClock()
  const index = shared?.index ?? createFakeIndex(clock.now)
  const store = shared?.store ?? createMemoryStore()
  const log = shared?.log ?? createMemoryLog()
  const alerts: Alert[] = shared?.alerts ?? []
  const sent: Record<string, Job[][]> = shared?.sent ?? {}
  const scripts: Record<string, Script> = shared?.scripts ?? {}
  const senders: Bench['senders'] = shared?.senders ?? {}
  const tables = new Map()
  const paces = createPaces(clock)
  let dead = false

  const supervisor = createSupervisor({
    store: {
      ...store,
      // After a "kill" nothing reaches the store any more.
      commit: (ops) => (dead ? new Promise<void>(() => {}) : store.commit(ops)),
    },
    journal: {
      first: 1,
      get tail() {
        return index.tail
      },
      append: () => Promise.reject(new Error('not here')),
      async read(seq) {
        const delivery = await index.read(seq)
        return delivery === undefined ? undefined : { seq, receivedAt: delivery.receivedAt, bytes: new Uint8Array() }
      },
      onAppend: () => () => {},
    },
    index,
    clock,
    log,
    alerts: { raise: (alert) => void alerts.push(alert) },
    random: () => 0.5,
    paceOf: ({ account, name, plugin: { limits }, rate }) =>
      paces(account ?? name, { rate, bucketRate: limits?.({}).bucketRate }),
    async createSender({ name }) {
      return {
        ...senders[name],
        async send(jobs, { signal }) {
          if (dead) return new Promise<never>(() => {})
          ;(sent[name] ??= []).push([...jobs])
          return (await scripts[name]?.(jobs, signal)) ?? jobs.map(() => delivered())
        },
      }
    },
  })

  const bench: Bench = {
    clock,
    index,
    store,
    log,
    alerts,
    supervisor,
    sent,
    scripts,
    senders,
    got: (name) => (sent[name] ?? []).flat().map((job) => `${job.key}@${job.position.seq}`),
    async apply(destinations, routes) {
      await supervisor.apply(settingsTo(destinations, { tables, ...(routes && { routes }) }))
      await settleAll()
    },
    async restart() {
      dead = true
      return createBench({ clock, index, store, log, alerts, sent, scripts, senders })
    },
  }
  return bench
}

/** For plugins under test that want one. */
export type { PluginContext }
