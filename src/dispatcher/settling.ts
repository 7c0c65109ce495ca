/** From the result of an attempt to what becomes of each job, and the one line that tells it. */

import { formatPosition } from '../core/positions.ts'
import type { Outcome } from '../core/plugin-contract.ts'
import type { Clock, Log, Pace } from '../core/ports.ts'
import { settle, type Decision } from '../core/dispatch/settle.ts'
import type { DestinationSettings } from '../core/settings.ts'
import type { AttemptResult } from './attempt.ts'
import type { Gates, Ready } from './gates.ts'
import type { Health } from './health.ts'
import { withAttempt } from './history.ts'
import type { Jobs } from './jobs.ts'
import type { ReadyQueue } from './queue.ts'

/** A result that says something of each job. */
export type Answered = Exclude<AttemptResult, { state: 'destination' | 'store' }>

interface Deps {
  readonly settings: DestinationSettings
  readonly jobs: Jobs
  readonly queue: ReadyQueue
  readonly health: Health
  readonly gates: Gates
  readonly pace: Pace
  readonly clock: Clock
  readonly log: Log
  /** In which bucket a job is. */
  bucketOf(ready: Ready): string | undefined
  random(): number
}

/** Settles the jobs of a batch. */
export function settleBatch(batch: readonly Ready[], result: Answered, ms: number, deps: Deps): void {
  const { settings, health } = deps
  const bug = result.state === 'bug' ? result.error : undefined
  const outcomes: readonly Outcome[] =
    result.state === 'outcomes'
      ? result.outcomes
      : batch.map(() => ({ state: 'retry', reason: `bug in plugin ${settings.plugin.name}: ${result.error.message}` }))
  const wholeBatchRejected = outcomes.every((outcome) => outcome.state === 'reject')
  // A scheduled batch that fails is tried again as one.
  const shared = deps.random()
  const paused = health.state === 'paused'
  const tally = new Map<string, number>()
  batch.forEach((ready, index) => {
    const decision = settle({
      outcome: outcomes[index] as Outcome,
      paused,
      attempts: ready.job.attempt,
      waited: ready.task.waited,
      alone: batch.length === 1,
      wholeBatchRejected,
      policy: settings.retry,
      random: ready.task.group === undefined ? deps.random() : shared,
    })
    tally.set(decision.state, (tally.get(decision.state) ?? 0) + 1)
    settleJob(tried(ready, outcomes[index] as Outcome, deps), decision, bug !== undefined && batch.length > 1, deps)
  })
  const reasonOf = (said: readonly Outcome[]): string | undefined =>
    said.map((outcome) => ('reason' in outcome ? outcome.reason : undefined)).find(Boolean)
  const reason = reasonOf(outcomes)
  health.tried({
    delivered: tally.has('delivered'),
    answered: outcomes.some(({ state }) => state === 'reject'),
    failed: outcomes.some(({ state }) => state === 'retry' || state === 'unknown'),
    only: batch.length === 1 ? (batch[0]?.task.key ?? null) : null,
    // Why something was skipped is no trouble.
    reason: reasonOf(outcomes.filter(({ state }) => state !== 'skip')),
    after: longestWait(outcomes),
  })
  attemptLine(batch, ms, { ...Object.fromEntries(tally), ...(reason === undefined ? {} : { reason }) }, deps, bug)
}

/** The job with this attempt behind it; one that failed is remembered. */
function tried({ task, job }: Ready, outcome: Outcome, { clock }: Deps): Ready {
  const { attempt } = job
  if (outcome.state === 'delivered' || outcome.state === 'skip') return { job, task: { ...task, attempts: attempt } }
  const history = withAttempt(task.history, { at: clock.now(), reason: outcome.reason })
  return { job, task: { ...task, attempts: attempt, history } }
}

function longestWait(outcomes: readonly Outcome[]): number | undefined {
  const waits = outcomes.flatMap((outcome) => (outcome.state === 'retry' ? (outcome.after ?? []) : []))
  return waits.length === 0 ? undefined : Math.max(...waits)
}

function settleJob(ready: Ready, decision: Decision, spoilt: boolean, deps: Deps): void {
  const { jobs, health, pace } = deps
  const { job, task } = ready
  switch (decision.state) {
    case 'delivered':
      deps.gates.delivered(job)
      // A plugin that leaves no new ref keeps the one it left before.
      return jobs.delivered(task, { at: job.position, ref: decision.ref ?? job.ref, left: job.left })
    case 'skipped':
      return jobs.skipped(task, decision.reason)
    case 'single':
      return deps.queue.push({ ...task, single: true })
    case 'dead': {
      const { cause, reason } = decision
      return jobs.bury(task, { cause, reason, data: job.data })
    }
    case 'retry': {
      // A bug on one record must not take its neighbours with it next time.
      jobs.retry({ ...task, single: task.single || spoilt }, decision)
      if (decision.hold === 'account') pace.hold(decision.delay)
      const bucket = decision.hold === 'bucket' ? deps.bucketOf(ready) : undefined
      if (bucket !== undefined) pace.hold(decision.delay, bucket)
      else if (decision.hold === 'bucket') health.hold(decision.delay)
    }
  }
}

/** The one line of an attempt. */
export function attemptLine(
  batch: readonly Ready[],
  ms: number,
  facts: Readonly<Record<string, string | number>>,
  { settings, log }: Pick<Deps, 'settings' | 'log'>,
  bug?: Error,
): void {
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
