/** A bridge without its receiver, over a store in memory and a clock moved by hand, that can be killed and started again. */

import { createIndexer } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import type { Answer } from '../../src/core/bevy/sending.ts'
import type { Job, Outcome } from '../../src/core/plugin-contract.ts'
import type { Store, StoreOp } from '../../src/core/ports.ts'
import type { DestinationSettings, Route } from '../../src/core/settings.ts'
import { createPace } from '../../src/http/pace.ts'
import { createSupervisor } from '../../src/dispatcher/supervisor.ts'
import type { HandClock } from './clock.ts'
import { settingsTo } from './dispatch-bench.ts'
import { createMemoryLog } from './log.ts'
import { createMemoryStore } from './memory-store.ts'

/** What its lives share. */
export interface World {
  readonly clock: HandClock
  /** What is on the disk. */
  readonly disk: Map<string, Uint8Array>
  readonly destinations: readonly DestinationSettings[]
  readonly routes: readonly Route[]
  random(): number
  /** Before each commit: throw to fail it, await to slow it. */
  commit(ops: readonly StoreOp[]): void | Promise<void>
  /** What a destination does with a batch. */
  send(destination: string, jobs: readonly Job[]): Promise<readonly Outcome[]>
}

/** One life. */
export interface HandLife {
  /** A POST of Bevy, answered by the receiver's table: 200 when it is stored, else the connection is closed. */
  post(body: string): Promise<Answer>
  /** As SIGKILL: from now on nothing of it reaches the disk or a destination, and open connections are reset. */
  kill(): void
  /** As SIGTERM. */
  stop(): Promise<void>
}

/** Starts one. */
export async function startLife(world: World): Promise<HandLife> {
  const { clock } = world
  const memory = createMemoryStore(world.disk)
  const killed = Promise.withResolvers<Answer>()
  let dead = false
  const never = () => new Promise<never>(() => {})
  const ifAlive = <T>(promise: Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      promise.then(
        (value) => void (dead || resolve(value)),
        (error: unknown) => void (dead || reject(error)),
      )
    })
  memory.before = async (ops) => {
    await world.commit(ops)
    if (dead) await never()
  }
  const store: Store = { ...memory, commit: (ops) => (dead ? never() : ifAlive(memory.commit(ops))) }
  const log = createMemoryLog()
  const alerts = { raise() {} }
  const journal = await createJournal(store, { log })
  const indexer = await createIndexer({ store, journal, clock, log, alerts })
  const supervisor = createSupervisor({
    store,
    journal,
    index: indexer,
    clock,
    log,
    alerts,
    random: () => world.random(),
    paceOf: () => createPace({ rate: undefined, bucketRate: undefined }, clock),
    createSender: async ({ name }) => ({
      send: (jobs) => (dead ? never() : ifAlive(world.send(name, jobs))),
    }),
  })
  const { destinations, routes } = world
  await supervisor.apply(settingsTo(destinations, { routes }))
  indexer.start()
  let closing = false
  return {
    async post(body) {
      if (dead || closing) return { failed: 'connect' }
      const stored = journal.append({ bytes: new TextEncoder().encode(body), receivedAt: clock.now() }).then(
        (): Answer => ({ status: 200 }),
        (): Answer => ({ failed: 'reset' }),
      )
      return Promise.race([stored, killed.promise])
    },
    kill() {
      dead = true
      killed.resolve({ failed: 'reset' })
    },
    async stop() {
      closing = true
      await supervisor.close(5_000)
      await indexer.stop()
      dead = true
      killed.resolve({ failed: 'reset' })
    },
  }
}
