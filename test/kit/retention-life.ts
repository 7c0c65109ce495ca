/** A bridge without its receiver that forgets what is old, over a store in memory and a clock moved by hand; it can be killed and started again. */

import { openRetention, readKept } from '../../src/app/retaining.ts'
import type { Job, Outcome } from '../../src/core/plugin-contract.ts'
import type { Alert, Recovery, Store, StoreOp } from '../../src/core/ports.ts'
import type { RetentionSettings } from '../../src/core/retention/rules.ts'
import type { DestinationSettings, Settings } from '../../src/core/settings.ts'
import { createSupervisor } from '../../src/dispatcher/supervisor.ts'
import { createPace } from '../../src/http/pace.ts'
import { createIndexer } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { createHandClock, settleAll, type HandClock } from './clock.ts'
import { destination, settingsTo } from './dispatch-bench.ts'
import { createMemoryLog } from './log.ts'
import { createMemoryStore } from './memory-store.ts'

export const DAY = 86_400_000

/** What its lives share. */
export interface RetentionWorld {
  readonly clock: HandClock
  readonly disk: Map<string, Uint8Array>
  destinations: DestinationSettings[]
  retention: RetentionSettings
  readonly sent: { readonly name: string; readonly job: Job }[]
  readonly alerts: Alert[]
  readonly recovered: Recovery[]
  /** Before each commit: throw to fail it, return false to end the life there. */
  commit: (ops: readonly StoreOp[]) => boolean | void
  /** Called after each commit: return false to end the life there. */
  committed: (ops: readonly StoreOp[]) => boolean | void
  /** What a destination does with a batch; absent: all is delivered. */
  send?: ((name: string, jobs: readonly Job[]) => readonly Outcome[]) | undefined
}

const FOREVER = {}

/** One destination `log` in mode `every`, deliveries kept for 90 days. */
export function createRetentionWorld(): RetentionWorld {
  return {
    clock: createHandClock(Date.UTC(2026, 2, 2, 10)),
    disk: new Map(),
    destinations: [destination('log', { mode: 'every' })],
    retention: {
      journal: { age: 90 * DAY },
      heads: FOREVER,
      sent: FOREVER,
      dead: FOREVER,
      quarantine: { age: 90 * DAY },
    },
    sent: [],
    alerts: [],
    recovered: [],
    commit() {},
    committed() {},
  }
}

/** One life. */
export type RetentionLife = Awaited<ReturnType<typeof startRetentionLife>>

/** Starts one. `atomic: false`: a driver that writes one key after the other, so that a life can end between two. */
export async function startRetentionLife(world: RetentionWorld, { atomic = true }: { readonly atomic?: boolean } = {}) {
  const { clock } = world
  const memory = createMemoryStore(world.disk)
  let dead = false
  const never = () => new Promise<never>(() => {})
  const commitOnce = async (ops: readonly StoreOp[]): Promise<void> => {
    if (dead) return never()
    if (world.commit(ops) === false) dead = true
    if (dead) return never()
    await memory.commit(ops)
    if (world.committed(ops) === false) dead = true
    if (dead) return never()
  }
  const store: Store = {
    ...memory,
    capabilities: { atomic, durable: true },
    async commit(ops) {
      const expects = ops.filter(({ op }) => op === 'expect')
      if (atomic) return commitOnce(ops)
      await memory.commit(expects)
      for (const op of ops) if (op.op !== 'expect') await commitOnce([op])
    },
  }
  const log = createMemoryLog()
  const alerts = {
    raise: (alert: Alert) => void world.alerts.push(alert),
    recovered: (over: Recovery) => void world.recovered.push(over),
  }
  const settings = (): Settings => settingsTo(world.destinations, { retention: world.retention })
  const journal = await createJournal(store, { log })
  const indexer = await createIndexer({ store, journal, clock, log, alerts })
  const supervisor = createSupervisor({
    store,
    journal,
    index: indexer,
    clock,
    log,
    alerts,
    random: () => 0.5,
    paceOf: () => createPace({ rate: undefined, bucketRate: undefined }, clock),
    createSender: async ({ name }) => ({
      async send(jobs) {
        if (dead) return never()
        for (const job of jobs) world.sent.push({ name, job })
        return world.send?.(name, jobs) ?? jobs.map((job) => ({ state: 'delivered', ref: { for: job.key } }))
      },
    }),
  })
  await supervisor.apply(settings())
  indexer.start()
  const keeping = { store, journal, indexer, clock, log, settings }
  const retention = openRetention({ ...keeping, alerts, supervisor, busy: () => false })

  const append = async (body: unknown): Promise<number> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    return (await journal.append({ bytes: new TextEncoder().encode(text), receivedAt: clock.now() })).seq
  }
  const idle = async (): Promise<void> => {
    await indexer.idle()
    await settleAll()
  }
  return {
    store,
    journal,
    indexer,
    supervisor,
    retention,
    log,
    settings,
    append,
    idle,
    kept: () => readKept(keeping),
    get dead() {
      return dead
    },
    /** One run of retention, with the time it takes; undefined when the life ended in it. */
    async reclaim() {
      let done = false
      const run = retention.run().finally(() => (done = true))
      // Its rests are timers of this clock.
      for (let round = 0; !done && !dead && round < 10_000; round++) await clock.advance(50)
      return dead ? undefined : run
    },
    apply: () => supervisor.apply(settings()),
    /** Clean. */
    async stop() {
      await retention.close()
      await supervisor.close(0)
      await indexer.stop()
      dead = true
    },
    kill: () => void (dead = true),
  }
}

/** A delivery of one record. */
export const delivery = (type: string, id: number, more: Record<string, unknown> = {}) => [
  { type, data: [{ id, ...more }] },
]

/** Deliveries that are whole on the disk: journal and index. */
export function onDisk({ disk }: Pick<RetentionWorld, 'disk'>, prefix: 'journal' | 'index'): number[] {
  return [...disk.keys()]
    .filter((key) => key.startsWith(`${prefix}:`))
    .map((key) => Number(key.slice(-13)))
    .sort((a, b) => a - b)
}
