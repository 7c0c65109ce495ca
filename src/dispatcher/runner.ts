/** Takes batches, sends them and settles what came of it. */

import PQueue from 'p-queue'
import { formatPosition } from '../core/positions.ts'
import type { Outcome, Sender } from '../core/plugin-contract.ts'
import type { Clock, Log } from '../core/ports.ts'
import { settle } from '../core/settle.ts'
import type { DestinationSettings } from '../core/settings.ts'
import { attempt, type AttemptResult } from './attempt.ts'
import type { Health } from './health.ts'
import type { Jobs } from './jobs.ts'
import type { Ledger } from './ledger.ts'
import type { StagedState } from './plugin-state.ts'
import type { Prepared } from './prepare.ts'
import type { ReadyQueue } from './queue.ts'
import type { Task } from './task.ts'

type Ready = Extract<Prepared, { state: 'send' }>

export interface Runner {
  /** Starts what may start now. */
  pump(): void
  /** Starts nothing more. */
  stop(): void
  /** Resolves when nothing is in flight. */
  idle(): Promise<void>
  readonly inFlight: number
}

interface Deps {
  readonly settings: DestinationSettings
  readonly sender: Sender
  readonly state: StagedState
  readonly ledger: Ledger
  readonly jobs: Jobs
  readonly queue: ReadyQueue
  readonly health: Health
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
  const { settings, jobs, queue, health, ledger, clock, log } = deps
  const lanes = new PQueue({ concurrency: settings.concurrency })
  let stopped = false

  const pump = (): void => {
    // A batch is made only when its slot is free: until then it may still grow.
    while (!stopped && !ledger.failing && lanes.pending + lanes.size < health.slots(settings.concurrency)) {
      const batch = queue.take()
      if (batch === undefined) return
      void lanes
        .add(() => run(batch))
        .catch((error: unknown) => log.error('dispatch failed', { destination: settings.name }, error))
    }
  }

  const run = async (batch: readonly Task[]): Promise<void> => {
    try {
      const prepared = await prepareAll(batch)
      if (prepared === undefined) return
      const sending = prepared.filter((one) => one.state === 'send')
      for (const one of prepared) if (one.state !== 'send') settleUnsent(one)
      if (sending.length > 0) await send(sending)
    } finally {
      deps.progressed()
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

  const settleUnsent = (one: Exclude<Prepared, Ready>): void => {
    if (one.state === 'skip') return jobs.skipped(one.task, one.reason)
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
    const result = await attempt(
      deps.sender,
      batch.map(({ job }) => job),
      {
        clock,
        timeout: settings.timeout,
        signal: deps.signal,
        stuck: (ms) => log.warn('attempt does not end', { destination: settings.name, jobs: batch.length, ms }),
      },
    )
    const ms = Math.round(clock.monotonic() - began)
    if (result.state === 'destination' || result.state === 'store') {
      deps.state.drop()
      queue.unshift(batch.map(({ task }) => task))
      if (result.state === 'destination') health.pause(result.error)
      else health.hold(STORE_PAUSE)
      line(batch, ms, { state: result.state, reason: result.error.message })
      return
    }
    if (deps.signal.aborted && result.state === 'outcomes' && result.outcomes.every(({ state }) => state === 'retry')) {
      // Broken off by our own stop before anything was sent: no attempt.
      deps.state.drop()
      queue.unshift(batch.map(({ task }) => task))
      return
    }
    if (result.state === 'bug') deps.state.drop()
    else ledger.stage(deps.state.take())
    apply(batch, result, ms)
  }

  const apply = (
    batch: readonly Ready[],
    result: Exclude<AttemptResult, { state: 'destination' | 'store' }>,
    ms: number,
  ): void => {
    const outcomes: readonly Outcome[] =
      result.state === 'outcomes'
        ? result.outcomes
        : batch.map(() => ({
            state: 'retry',
            reason: `bug in plugin ${settings.plugin.name}: ${result.error.message}`,
          }))
    const wholeBatchRejected = outcomes.every((outcome) => outcome.state === 'reject')
    const tally = new Map<string, number>()
    batch.forEach(({ task, job }, index) => {
      const outcome = outcomes[index] as Outcome
      const decision = settle({
        outcome,
        attempts: job.attempt,
        waited: task.waited,
        alone: batch.length === 1,
        wholeBatchRejected,
        policy: settings.retry,
        random: deps.random(),
      })
      tally.set(decision.state, (tally.get(decision.state) ?? 0) + 1)
      if (decision.state === 'delivered') jobs.delivered(task, job.position, decision.ref)
      else if (decision.state === 'skipped') jobs.skipped(task, decision.reason)
      else if (decision.state === 'single') queue.push({ ...task, single: true, attempts: job.attempt })
      else if (decision.state === 'dead') {
        jobs.bury(
          { ...task, attempts: job.attempt },
          { cause: decision.cause, reason: decision.reason, data: job.data },
        )
      } else {
        // A bug on one record must not take its neighbours with it next time.
        const single = task.single || (result.state === 'bug' && batch.length > 1)
        jobs.retry({ ...task, attempts: job.attempt, single }, decision)
        if (decision.hold !== 'job') health.hold(decision.delay)
      }
    })
    const failed = outcomes.find((outcome) => outcome.state !== 'delivered')
    health.tried({
      delivered: tally.has('delivered'),
      answered: result.state === 'outcomes' && outcomes.some(({ state }) => state !== 'retry' && state !== 'unknown'),
      reason: failed === undefined || !('reason' in failed) ? undefined : failed.reason,
    })
    line(
      batch,
      ms,
      {
        ...Object.fromEntries(tally),
        ...(failed !== undefined && 'reason' in failed ? { reason: failed.reason } : {}),
      },
      result.state === 'bug' ? result.error : undefined,
    )
  }

  /** The one line of an attempt. */
  const line = (batch: readonly Ready[], ms: number, facts: Record<string, string | number>, bug?: Error): void => {
    const [first] = batch
    if (first === undefined) return
    const { job } = first
    const all = {
      destination: settings.name,
      jobs: batch.length,
      first: formatPosition(job.position),
      key: job.key,
      attempt: Math.max(...batch.map((one) => one.job.attempt)),
      ms,
      ...facts,
    }
    if (bug !== undefined) log.error('attempt', all, bug)
    else if (Object.keys(facts).every((fact) => fact === 'delivered' || fact === 'skipped')) log.info('attempt', all)
    else log.warn('attempt', all)
  }

  lanes.addEventListener('next', pump)

  return {
    pump,
    stop() {
      stopped = true
    },
    idle: () => lanes.onIdle(),
    get inFlight() {
      return lanes.pending + lanes.size
    },
  }
}
