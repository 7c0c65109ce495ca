/** One destination at work: reader → jobs → queue → runner → ledger. */

import { CAREFREE, type Careful } from '../core/dispatch/careful.ts'
import type { ErasedPerson, Sender } from '../core/plugin-contract.ts'
import type { Alerts, Clock, IndexReader, Log, Pace, Store, StoreOp } from '../core/ports.ts'
import type { KeptSet } from '../core/retention/sets.ts'
import type { DestinationSettings, Route } from '../core/settings.ts'
import { statusOf, type DispatcherStatus } from './dispatcher-status.ts'
import { downDocument, keys, parseDocument, pauseDocument, type Down, type Replay } from './documents.ts'
import { createEnding, type Patience } from './ending.ts'
import { createHealth, type Paused } from './health.ts'
import { inspectRecord, type RecordAtDestination } from './inspect.ts'
import { createJobs } from './jobs.ts'
import { keptOfDestination } from './kept.ts'
import { openLedger } from './ledger.ts'
import { createLetters, type Letters } from './letters.ts'
import { openPluginState, type StagedState } from './plugin-state.ts'
import { prepare } from './prepare.ts'
import { createReadyQueue } from './queue.ts'
import { startReader } from './reader.ts'
import { createReplays } from './replays.ts'
import { createRunner } from './runner.ts'
import type { Scopes } from './scopes.ts'
import { tell, type Told } from './telling.ts'

export interface Dispatcher {
  readonly settings: DestinationSettings
  readonly slot: string
  /** Routes that apply to positions read from now on. */
  setRoutes(routes: readonly Route[]): void
  status(): DispatcherStatus
  /** What this destination holds of a record. */
  inspect(key: string): Promise<RecordAtDestination>
  readonly letters: Letters
  /** What retention may remove when it is old. */
  kept(): readonly KeptSet[]
  /** Sends nothing until a person resumes it; resolves once that is on disk. */
  pause(why: string | undefined): Promise<void>
  /** Ends a pause, whoever made it. */
  resume(): Promise<void>
  redrive(deadId: string): Promise<boolean>
  /** Tells the destination to forget a person. `number`: of the attempt, from 1. */
  erase(person: ErasedPerson, number: number): Promise<Told>
  /** Sends the deliveries `from` to `to` again, marked `replay`; resolves with its id once that is on disk. */
  replay(from: number, to: number, only?: Replay['only']): Promise<string>
  /**
   * Reads no more, lets sends end for at most `deadline` milliseconds, then breaks them off, and writes the books. Every call resolves
   * at the same end.
   *
   * @param patience with a store that takes no writes; default `moments`
   */
  close(deadline: number, patience?: Patience): Promise<void>
}

/** Everything a destination needs; `create` makes its sender over its state. */
export interface DispatcherDeps {
  readonly settings: DestinationSettings
  readonly slot: string
  readonly routes: readonly Route[]
  readonly store: Store
  readonly index: IndexReader
  readonly scopes: Scopes
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  /** The pace of its account. */
  readonly pace: Pace
  /** Default: ordinary life. */
  readonly careful?: Careful | undefined
  /** Why nothing is sent until a person has looked at it. */
  readonly aside?: string | undefined
  random(): number
  /** The id of the store for a delivery, part of the ids of its jobs. Default: that of the store. */
  readonly idOf?: ((seq: number) => string) | undefined
  /** Jobs wait for these heads, which have not arrived. */
  readonly missing?: ((keys: readonly string[]) => void) | undefined
  create(state: StagedState): Promise<Sender>
}

/** Opens the books, makes the sender and starts. */
export async function openDispatcher(deps: DispatcherDeps): Promise<Dispatcher> {
  const { settings, slot, store, index, clock, log, alerts } = deps
  let { routes } = deps
  const pump = (): void => runner.pump()

  const ending = createEnding({
    clock,
    stop() {
      unsubscribe()
      unhold()
      reader.stop()
      replays.stop()
      runner.stop()
    },
    idle: () => runner.idle(),
    quiet() {
      jobs.close()
      queue.close()
      health.close()
    },
    flushed: () => ledger.flushed(),
    async close() {
      ledger.abandon()
      await sender.close?.()
    },
  })
  const ledger = await openLedger({ store, slot, name: settings.name, clock, log, alerts, onRecovered: pump })
  const state = await openPluginState(store, slot, () => ledger.flushed())
  const sender = await deps.create(state)
  const queue = createReadyQueue(settings.batch, clock, pump)
  const [byHand, down] = await store.getMany([keys.pause(slot), keys.down(slot)])
  const health = createHealth({
    name: settings.name,
    policy: settings.health,
    clock,
    log,
    alerts,
    aside: deps.aside,
    byHand: byHand === undefined ? undefined : parseDocument(pauseDocument, keys.pause(slot), byHand),
    down: down === undefined ? undefined : parseDocument(downDocument, keys.down(slot), down),
    wake: pump,
    changed(paused) {
      if (paused === undefined) jobs.thaw()
      else jobs.freeze()
      ledger.stage([downOp(slot, paused)])
    },
  })
  const jobs = createJobs({
    mode: settings.mode,
    keepsSent: settings.maxAge !== undefined,
    ledger,
    clock,
    random: deps.random,
    ready(task) {
      queue.push(task)
      // Fresh jobs are sent when the reader has looked at the whole delivery, others when all of this turn are here: full batches.
      if (task.fresh === undefined) queueMicrotask(pump)
    },
    failed: (error) => log.error('dead letter could not be read', { destination: settings.name }, error),
  })
  const runner = createRunner({
    settings,
    slot,
    careful: deps.careful ?? CAREFREE,
    sender,
    state,
    ledger,
    jobs,
    queue,
    health,
    pace: deps.pace,
    clock,
    log,
    signal: ending.signal,
    random: deps.random,
    prepare: (task) =>
      prepare(task, {
        settings,
        index,
        scopes: deps.scopes,
        ledger,
        idOf: deps.idOf ?? (() => store.id),
        slot,
        routes: () => routes,
        now: clock.now,
      }),
    awaits: (heads) => void look(heads),
    progressed() {
      reader.wake()
      replays.progressed()
    },
  })
  /** A head may have come between the look at it and the wait for it. */
  const look = async (wanted: readonly string[]): Promise<void> => {
    try {
      const heads = await index.heads(wanted)
      jobs.arrived(wanted.filter((_key, at) => heads[at] !== undefined))
      const missing = wanted.filter((_key, at) => heads[at] === undefined)
      if (missing.length > 0) deps.missing?.(missing)
    } catch (error) {
      log.error('heads could not be read', { destination: settings.name }, error)
    }
  }
  const reading = { settings, index, scopes: deps.scopes, ledger, jobs, clock, log, routes: () => routes, found: pump }
  const reader = startReader({ ...reading, window: ledger.window })
  const replays = createReplays({ ...reading, start: (span) => startReader({ ...reading, ...span }) })
  // Another destination of the account may have been told to wait.
  const unhold = deps.pace.onHold((ms) => health.hold(ms))
  const unsubscribe = index.onIndexed((_seq, firstSeen) => {
    if (firstSeen.length > 0) jobs.arrived(firstSeen)
    reader.wake()
    replays.progressed()
  })
  const letters = createLetters({ store, slot, ledger, clock, redrive: (id) => jobs.redrive(id) })
  if (health.state === 'paused') jobs.freeze()
  jobs.open()
  replays.open()
  if (health.probing) queueMicrotask(pump)
  void look([...new Set([...ledger.exceptions.values()].flatMap(({ needs }) => needs))].concat(ledger.awaited()))

  return {
    settings,
    slot,
    setRoutes(next) {
      routes = next
    },
    status: () => statusOf({ settings, ledger, health, jobs, runner, queue }),
    inspect: (key) => inspectRecord(ledger, key),
    letters,
    kept: () =>
      keptOfDestination({
        name: settings.name,
        slot,
        store,
        ledger,
        letters,
        paused: () => health.state === 'paused',
      }),
    async pause(why) {
      const at = clock.now()
      ledger.stage([{ op: 'set', key: keys.pause(slot), value: { at, ...(why === undefined ? {} : { why }) } }])
      health.pause(at, why)
      await ledger.flushed()
    },
    async resume() {
      ledger.stage([{ op: 'remove', key: keys.pause(slot) }])
      health.resume()
      await ledger.flushed()
    },
    redrive: (id) => jobs.redrive(id),
    erase: (person, number) =>
      tell(person, number, { settings, sender, state, ledger, runner, clock, log, signal: ending.signal }),
    replay: (from, to, only) => replays.begin(from, to, only),
    close: (deadline, patience = 'moments') => ending.end(deadline, patience),
  }
}

/** Keeps a pause of the bridge's own; one a person has made is kept by itself. */
function downOp(slot: string, paused: Paused | undefined): StoreOp {
  const key = keys.down(slot)
  if (paused?.by !== 'failures' && paused?.by !== 'refused') return { op: 'remove', key }
  const { by, since, reason } = paused
  return { op: 'set', key, value: { at: since, by, reason } satisfies Down }
}
