/** A bridge without its receiver, over a store in memory and a clock moved by hand, that can erase, be killed and be started again. */

import { openErasures } from '../../src/app/erasing.ts'
import type { ErasedPerson, Job, Outcome } from '../../src/core/plugin-contract.ts'
import type { Alert, Store, StoreOp } from '../../src/core/ports.ts'
import type { DestinationSettings } from '../../src/core/settings.ts'
import { createSupervisor } from '../../src/dispatcher/supervisor.ts'
import { createPace } from '../../src/http/pace.ts'
import { createIndexer } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { createHandClock, settleAll, type HandClock } from './clock.ts'
import { destination, plugin, settingsTo } from './dispatch-bench.ts'
import { createMemoryLog } from './log.ts'
import { createMemoryStore } from './memory-store.ts'

/** What its lives share. */
export interface ErasureWorld {
  readonly clock: HandClock
  readonly disk: Map<string, Uint8Array>
  readonly destinations: DestinationSettings[]
  readonly sent: { readonly name: string; readonly job: Job }[]
  readonly told: { readonly name: string; readonly person: ErasedPerson; readonly number: number }[]
  readonly alerts: Alert[]
  /** Before each commit: throw to fail it. */
  commit: (ops: readonly StoreOp[]) => void
  /** What a destination does with a batch; absent: all is delivered. */
  send?: (name: string, jobs: readonly Job[]) => readonly Outcome[]
  /** What it says to an erasure. */
  erase?: (name: string) => Outcome | void
  onBevyDeletion: boolean
}

const erasing = { ...plugin, name: 'erasing', erases: true }

/** `told`, `later` (mode `latest`) can forget, `silent` cannot. */
export function createErasureWorld(): ErasureWorld {
  return {
    clock: createHandClock(Date.UTC(2026, 2, 2, 10)),
    disk: new Map(),
    destinations: [
      destination('told', { mode: 'every', plugin: erasing }),
      destination('later', { mode: 'latest', plugin: erasing }),
      destination('silent', { mode: 'every' }),
    ],
    sent: [],
    told: [],
    alerts: [],
    commit() {},
    onBevyDeletion: false,
  }
}

/** One life. */
export type ErasureLife = Awaited<ReturnType<typeof startErasureLife>>

/** Starts one. */
export async function startErasureLife(world: ErasureWorld) {
  const { clock } = world
  const memory = createMemoryStore(world.disk)
  let dead = false
  const never = () => new Promise<never>(() => {})
  memory.before = async (ops) => {
    if (dead) await never()
    world.commit(ops)
  }
  const kill = (): void => void (dead = true)
  const store: Store = {
    ...memory,
    commit: async (ops) => {
      if (dead) return never()
      await memory.commit(ops)
      if (dead) return never()
    },
    scrub: async () => {},
  }
  const log = createMemoryLog()
  const alerts = { raise: (alert: Alert) => void world.alerts.push(alert) }
  const settings = settingsTo(world.destinations, {
    erasure: { onBevyDeletion: world.onBevyDeletion, exports: false },
  })
  const journal = await createJournal(store, { log })
  let noted = (): void => {}
  const indexer = await createIndexer({
    store,
    journal,
    clock,
    log,
    alerts,
    deletions: () => settings.erasure.onBevyDeletion,
    onDeletion: () => noted(),
  })
  const supervisor = createSupervisor({
    store,
    journal,
    index: indexer,
    clock,
    log,
    alerts,
    random: () => 0.5,
    paceOf: () => createPace({ rate: undefined, bucketRate: undefined }, clock),
    createSender: async ({ name, plugin: { erases } }) => ({
      async send(jobs) {
        if (dead) return never()
        for (const job of jobs) world.sent.push({ name, job })
        return world.send?.(name, jobs) ?? jobs.map((job) => ({ state: 'delivered', ref: { for: job.key } }))
      },
      ...(erases === true && {
        async erase(person: ErasedPerson, { number }: { number: number }) {
          if (dead) return never()
          world.told.push({ name, person, number })
          return world.erase?.(name)
        },
      }),
    }),
  })
  await supervisor.apply(settings)
  indexer.start()
  const erasures = openErasures({ store, journal, indexer, clock, log, alerts, settings: () => settings, supervisor })
  noted = () => erasures.noted()
  await erasures.start()
  const append = async (body: string | Uint8Array, encoding?: string): Promise<void> => {
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
    await journal.append({ bytes, receivedAt: clock.now(), ...(encoding === undefined ? {} : { encoding }) })
  }
  return {
    store,
    journal,
    indexer,
    supervisor,
    erasures,
    log,
    append,
    kill,
    /** All is indexed and sent. */
    async idle() {
      await indexer.idle()
      await settleAll()
    },
    async stop() {
      await erasures.close()
      await supervisor.close(0)
      await indexer.stop()
      dead = true
    },
  }
}

/** Words of the person that are in the store, as `key: word`. */
export function tracesInStore({ disk }: Pick<ErasureWorld, 'disk'>, words: readonly string[]): string[] {
  return [...disk].flatMap(([key, bytes]) => {
    const text = Buffer.from(bytes).toString('latin1').toLowerCase()
    return words.filter((word) => text.includes(word.toLowerCase())).map((word) => `${key}: ${word}`)
  })
}
