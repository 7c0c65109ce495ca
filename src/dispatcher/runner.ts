/** Takes batches, sends them and settles what came of it. */

import PQueue from 'p-queue'
import type { Careful } from '../core/dispatch/careful.ts'
import type { Sender } from '../core/plugin-contract.ts'
import type { Clock, Log, Pace } from '../core/ports.ts'
import type { DestinationSettings } from '../core/settings.ts'
import { attempt } from './attempt.ts'
import { createGates, type Ready } from './gates.ts'
import type { Health } from './health.ts'
import type { Jobs } from './jobs.ts'
import type { Ledger } from './ledger.ts'
import type { StagedState } from './plugin-state.ts'
import type { Prepared } from './prepare.ts'
import type { ReadyQueue } from './queue.ts'
import { attemptLine, settleBatch } from './settling.ts'
import type { Task } from './task.ts'

export interface Runner {
  /** Starts what may start now. */
  pump(): void
  /** Starts nothing more. */
  stop(): void
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>
  /** Runs `fn` as one of the sends under way: with concurrency 1, alone. Undefined when none may be under way now. */
  among<T>(fn: () => Promise<T>): Promise<T> | undefined
  readonly inFlight: number
}

interface Deps {
  readonly settings: DestinationSettings
  readonly slot: string
  readonly careful: Careful
  readonly sender: Sender
  readonly state: StagedState
  readonly ledger: Ledger
  readonly jobs: Jobs
  readonly queue: ReadyQueue
  readonly health: Health
  readonly pace: Pace
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  prepare(task: Task): Promise<Prepared>
  random(): number
  /** A job waits for these heads from now on. */
  awaits(heads: readonly string[]): void
  /** Something settled. */
  progressed(): void
}

const STORE_PAUSE = 1000

/** Makes the runner of a destination. */
export function createRunner(deps: Deps): Runner {
  const { settings, careful, sender, jobs, queue, health, ledger, pace, clock, log } = deps
  const lanes = new PQueue({ concurrency: settings.concurrency })
  const gates = createGates({
    sender,
    pace,
    ledger,
    clock,
    back(tasks) {
      queue.unshift(tasks)
      queueMicrotask(pump)
    },
  })
  const settling = { ...deps, gates, bucketOf: ({ job }: Ready) => sender.bucket?.(job) }
  let stopped = false

  const inFlight = (): number => lanes.pending + lanes.size

  const pump = (): void => {
    // A batch is made only when its slot is free: until then it may still grow.
    while (inFlight() < health.slots(settings.concurrency)) {
      const batch = take()
      if (batch === undefined) {
        // All that is left waits: one of them is the probe.
        if (mayStart() && health.probing && queue.size === 0 && inFlight() === 0) jobs.probe()
        return
      }
      void lanes.add(() => occupy(batch))
    }
  }

  const mayStart = (): boolean => !stopped && !ledger.failing

  const take = (): Task[] | undefined => (mayStart() ? queue.take(careful.on ? 1 : undefined) : undefined)

  /** A slot goes on with the next batch by itself as long as there is one and nobody else waits for the slot. */
  const occupy = async (first: readonly Task[]): Promise<void> => {
    for (let batch: readonly Task[] | undefined = first; batch !== undefined;) {
      try {
        await (careful.on ? runCarefully(batch[0] as Task) : run(batch))
      } catch (error) {
        log.error('dispatch failed', { destination: settings.name }, error)
      }
      pump()
      batch = lanes.size === 0 && lanes.pending <= health.slots(settings.concurrency) ? take() : undefined
    }
  }

  const run = async (batch: readonly Task[]): Promise<void> => {
    try {
      const prepared = await prepareAll(batch)
      if (prepared === undefined) return
      const sending = prepared.filter((one) => one.state === 'send')
      for (const one of prepared) if (one.state !== 'send') settleUnsent(one)
      const passed = await gates.enter(sending)
      try {
        if (passed.length > 0) await send(passed)
      } finally {
        gates.leave(passed)
      }
    } finally {
      deps.progressed()
    }
  }

  /** One job, noted beforehand; it ends when what became of it is on disk. */
  const runCarefully = async (task: Task): Promise<void> => {
    let begun = false
    try {
      await careful.turn({ state: 'send', slot: deps.slot, position: task.position }, async () => {
        begun = true
        if (stopped) return queue.unshift([task])
        await run([task])
        await ledger.flushed()
      })
    } catch (error) {
      if (begun) throw error
      log.error('a send could not be noted', { destination: settings.name }, error)
      queue.unshift([task])
      health.hold(STORE_PAUSE)
    }
  }

  const prepareAll = async (batch: readonly Task[]): Promise<Prepared[] | undefined> => {
    try {
      return await Promise.all(batch.map((task) => deps.prepare(task)))
    } catch (error) {
      log.error('store could not be read', { destination: settings.name, jobs: batch.length }, error)
      queue.unshift(batch)
      health.hold(STORE_PAUSE)
      return undefined
    }
  }

  const settleUnsent = (one: Exclude<Prepared, { state: 'send' }>): void => {
    if (one.state === 'skip') return jobs.skipped(one.task, one.reason)
    if (one.state === 'gather') return jobs.gather(one.task, one)
    if (one.state === 'join') jobs.join(one.task, one)
    else {
      const { needs, reason, data } = one
      jobs.bury(one.task, { cause: needs.length > 0 ? 'join' : 'refused', reason, data, needs })
      log.warn('dead letter', { destination: settings.name, key: one.task.key, reason })
    }
    deps.awaits(one.needs)
  }

  const send = async (batch: readonly Ready[]): Promise<void> => {
    const began = clock.monotonic()
    const sent = batch.map(({ job }) => job)
    const result = await attempt(sender, sent, {
      clock,
      timeout: settings.timeout,
      signal: deps.signal,
      stuck: (ms) => log.warn('attempt does not end', { destination: settings.name, jobs: batch.length, ms }),
    })
    const ms = Math.round(clock.monotonic() - began)
    if (result.state === 'destination' || result.state === 'store') {
      putBack(batch)
      if (result.state === 'destination') health.refused(result.error)
      else health.hold(STORE_PAUSE)
      return attemptLine(batch, ms, { state: result.state, reason: result.error.message }, deps)
    }
    // Broken off by our own stop before anything was sent: no attempt.
    const unsent = result.state === 'outcomes' && result.outcomes.every(({ state }) => state === 'retry')
    if (deps.signal.aborted && unsent) return putBack(batch)
    if (result.state === 'bug') deps.state.drop()
    else ledger.stage(deps.state.take())
    settleBatch(batch, result, ms, settling)
  }

  const putBack = (batch: readonly Ready[]): void => {
    deps.state.drop()
    queue.unshift(batch.map(({ task }) => task))
  }

  lanes.addEventListener('next', pump)

  return {
    pump,
    stop() {
      stopped = true
      gates.close()
    },
    idle: () => lanes.onIdle(),
    among(fn) {
      if (stopped || ledger.failing || health.state === 'paused' || health.slots(settings.concurrency) === 0)
        return undefined
      return lanes.add(fn)
    },
    get inFlight() {
      return inFlight()
    },
  }
}
