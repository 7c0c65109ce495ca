/** Journal, index and reconciler over one store, a fake of Bevy's REST API, and a clock moved by hand. */

import { startFakeBevy, type FakeBevy } from '../../src/bevy-api/bevy.fake.ts'
import { createRestApi } from '../../src/bevy-api/rest-api.ts'
import { systemClock } from '../../src/clock.ts'
import type { Alert, Journal, Store } from '../../src/core/ports.ts'
import type { RunReport } from '../../src/core/reconcile/reports.ts'
import type { RestApi } from '../../src/core/reconcile/rest.ts'
import type { BevySettings } from '../../src/core/settings.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { createIndexer, type Indexer } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { openReconciler, type Reconciler } from '../../src/reconcile/reconciler.ts'
import { envelope } from './bodies.ts'
import { createHandClock, settleAll, type HandClock } from './clock.ts'
import { createMemoryLog, type MemoryLog } from './log.ts'
import { createMemoryStore, type MemoryStore } from './memory-store.ts'

export interface Reconciling {
  readonly fake: FakeBevy
  readonly store: MemoryStore
  readonly journal: Journal
  readonly indexer: Indexer
  readonly reconciler: Reconciler
  readonly clock: HandClock
  readonly log: MemoryLog
  readonly alerts: (Alert | { recovered: string })[]
  /** Changes the settings and applies them. */
  apply(settings: BevySettings | undefined): void
  /** Runs between the judgement of what was fetched and its way into the journal. */
  racing: (() => Promise<void>) | undefined
  /** A webhook comes. */
  webhook(type: string, ...data: JsonObject[]): Promise<void>
  /** Resolves when this is so; the clock stands still. */
  until(what: () => boolean): Promise<void>
  /** Resolves with the run that ends; the clock moves on while nothing else does. */
  ended(): Promise<RunReport>
  /** `key verdict` of all that was indexed, in order. */
  verdicts(): Promise<string[]>
  headOf(key: string): Promise<JsonObject | undefined>
  /** The end of the process: no commit comes through any more. Then another life on the same store. */
  kill(): Promise<Reconciling>
  /** A clean stop, then another life. */
  restart(): Promise<Reconciling>
  close(): Promise<void>
}

export const ACCESS = {
  token: 'bevy-key-0123456789',
  rate: { limit: 1000, per: 1 },
  pageSize: 2,
  joins: true,
  allowHttp: true,
  allowPrivateNetworks: true,
} as const

interface Options {
  readonly settings?: Partial<BevySettings> | 'none'
  readonly store?: MemoryStore
  readonly fake?: FakeBevy
  readonly clock?: HandClock
  /** In place of the one over HTTP. */
  readonly api?: RestApi
}

export async function openReconciling(options: Options = {}): Promise<Reconciling> {
  const { clock = createHandClock(), fake = await startFakeBevy() } = options
  const memory = createMemoryStore(options.store?.data)
  let dead = false
  const store: MemoryStore = Object.assign(memory, {
    commit: (
      (commit) => (ops: Parameters<Store['commit']>[0]) =>
        dead ? new Promise<void>(() => {}) : commit(ops)
    )(memory.commit.bind(memory)),
  })
  const log = createMemoryLog()
  const alerts: Reconciling['alerts'] = []
  let settings: BevySettings | undefined =
    options.settings === 'none' ? undefined : { api: fake.api, ...ACCESS, ...options.settings }
  const journal = await createJournal(store, { log })
  const indexer = await createIndexer({ store, journal, clock, log, alerts: { raise() {} } })
  indexer.start()
  const reconciler = await openReconciler({
    store,
    journal: {
      ...journal,
      get tail() {
        return journal.tail
      },
      get first() {
        return journal.first
      },
      async append(delivery) {
        await bench.racing?.()
        return journal.append(delivery)
      },
    },
    index: indexer,
    clock,
    log,
    alerts: {
      raise: (alert) => void alerts.push(alert),
      recovered: ({ cause }) => void alerts.push({ recovered: cause }),
    },
    settings: () => settings,
    storable: () => true,
    openApi(given) {
      if (options.api !== undefined) return options.api
      const { allowHttp, allowPrivateNetworks } = given
      // Its deadlines are real ones: the requests are.
      const http = createHttpClient({
        allowHttp,
        allowPrivateNetworks,
        userAgent: 'test/1',
        secrets: () => [],
        clock: systemClock,
        log,
      })
      return createRestApi(given, http)
    },
  })

  const next = (): Promise<Reconciling> =>
    openReconciling({
      ...options,
      store,
      fake,
      clock,
      ...(settings === undefined ? { settings: 'none' } : { settings }),
    })

  const bench: Reconciling = {
    fake,
    store,
    journal,
    indexer,
    reconciler,
    clock,
    log,
    alerts,
    racing: undefined,
    apply(changed) {
      settings = changed
      reconciler.apply()
    },
    async webhook(type, ...data) {
      await journal.append({ bytes: envelope(type, ...data), receivedAt: clock.now() })
      reconciler.note('taken')
      await indexer.idle()
    },
    async until(what) {
      for (let rounds = 0; !what(); rounds++) {
        if (rounds > 20_000) throw new Error('it never came to this')
        await new Promise<void>((resolve) => setImmediate(resolve))
      }
    },
    async ended() {
      await bench.until(() => reconciler.status().run === undefined && reconciler.status().last !== undefined)
      await indexer.idle()
      return reconciler.status().last as RunReport
    },
    async verdicts() {
      await indexer.idle()
      const found: string[] = []
      for (let seq = journal.first; seq <= journal.tail; seq++) {
        for (const { key, verdict } of (await indexer.read(seq))?.records ?? []) found.push(`${key} ${verdict}`)
      }
      return found
    },
    async headOf(key) {
      await indexer.idle()
      return (await indexer.heads([key]))[0]?.data
    },
    async kill() {
      dead = true
      void reconciler.close()
      void indexer.stop()
      await settleAll()
      return next()
    },
    async restart() {
      await reconciler.close()
      await indexer.stop()
      return next()
    },
    async close() {
      dead = false
      await reconciler.close()
      await indexer.stop()
      await fake.close()
    },
  }
  return bench
}
