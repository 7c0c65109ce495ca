/** One run at a time through Bevy's lists. What is left of it is on disk after each request, so that it goes on after any end. */

import { BridgeError, coerceError } from '../core/errors.ts'
import { pause } from '../core/pause.ts'
import type { Clock, Log, Store, StoreOp } from '../core/ports.ts'
import { afterStep, nextStep, type Step } from '../core/reconcile/plan.ts'
import type { RunReport, TypeCounts } from '../core/reconcile/reports.ts'
import type { RestAnswer, RestApi, RestPage } from '../core/reconcile/rest.ts'
import { endRun, readLast, readRun, reportOf, saveRun, type Run } from './documents.ts'
import { noCounts, type Feed } from './feed.ts'
import type { OneByOne, Turn } from './one-by-one.ts'

export interface Runs {
  /** Begins one; resolves once that is on disk. `more` is committed with it. Rejects with ERR_RECONCILE_RUNNING while one is under way. */
  begin(run: Run, more?: readonly StoreOp[]): Promise<void>
  /** Ends the one under way; false when there is none. */
  cancel(): Promise<boolean>
  readonly current: RunReport | undefined
  readonly last: RunReport | undefined
  /** Stops; what is left goes on with the next start. */
  close(): Promise<void>
}

interface Deps {
  readonly store: Store
  readonly line: OneByOne
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
  /** A run is through. */
  ended(run: RunReport): void
}

const STORE_PAUSE = 15_000
const TYPE_OF = { events: 'event', attendees: 'attendee', chapter: 'chapter', members: 'chaptermember' } as const
const MOST_PROBLEMS = 20

/** Opens what was under way and goes on with it. */
export async function openRuns(deps: Deps): Promise<Runs> {
  const { store, line, clock, log } = deps
  const closing = new AbortController()
  let last = await readLast(store, log)
  let current = await readRun(store, log)
  let cancelling = new AbortController()
  let working: Promise<void> = Promise.resolve()

  /** Until the store takes it: going on without would do the same again after a restart. */
  const commit = async (ops: readonly StoreOp[], signal: AbortSignal): Promise<void> => {
    for (;;) {
      try {
        return await store.commit(ops)
      } catch (error) {
        log.warn('how far a run has come could not be kept', { reason: coerceError(error).message })
        await pause(STORE_PAUSE, { clock, signal })
        signal.throwIfAborted()
      }
    }
  }

  const end = async (run: Run, state: 'done' | 'cancelled'): Promise<void> => {
    const ended: Run = { ...run, state, endedAt: clock.now() }
    await commit(endRun(ended), closing.signal)
    last = reportOf(ended)
    current = undefined
    log.info('run ended', { run: run.id, kind: run.kind, state, requests: run.requests, taken: takenOf(ended) })
    deps.ended(last)
  }

  const work = async (): Promise<void> => {
    const signal = AbortSignal.any([closing.signal, cancelling.signal])
    try {
      for (;;) {
        const run = current
        const step = run === undefined ? undefined : nextStep(run.todo)
        if (run === undefined) return
        if (step === undefined) return await end(run, 'done')
        current = await advance(run, step, signal)
        await commit([saveRun(current)], signal)
      }
    } catch (error) {
      if (closing.signal.aborted) return
      if (cancelling.signal.aborted && current !== undefined) return await end(current, 'cancelled')
      log.error('a run failed; it goes on after a restart', {}, error)
    }
  }

  const advance = async (run: Run, step: Step, signal: AbortSignal): Promise<Run> => {
    const done = await line.run((api, either) => perform(run, step, api, either), signal)
    const { page, counts, problem } = done.state === 'done' ? done.value : { problem: done.reason }
    const type = TYPE_OF[step.state]
    return {
      ...run,
      requests: run.requests + 1,
      counts: counts === undefined ? run.counts : { ...run.counts, [type]: sum(run.counts[type], counts) },
      problems: problem === undefined ? run.problems : withProblem(run.problems, problem),
      todo: afterStep(run.todo, step, page, { types: run.types, span: run }),
    }
  }

  interface Performed {
    readonly page?: RestPage
    readonly counts?: TypeCounts
    readonly problem?: string
  }

  const perform = async (run: Run, step: Step, api: RestApi, signal: AbortSignal): Promise<Turn<Performed>> => {
    const asOf = deps.feed.mark()
    const answer = await ask(step, api, signal)
    if (answer.state === 'again' || answer.state === 'refused') return answer
    if (answer.state === 'odd') return { state: 'done', value: { problem: answer.reason } }
    if (answer.state === 'none') return { state: 'done', value: {} }
    const page = answer.value
    const type = TYPE_OF[step.state]
    // Events are listed for what hangs on them, too.
    if (!run.types.includes(type)) return { state: 'done', value: { page } }
    const taken = await deps.feed.take(
      {
        type,
        records: page.records,
        asOf,
        span: run,
        context: {
          ...(step.state === 'attendees' ? { event: step.event } : {}),
          ...(step.state === 'members' ? { chapter: step.chapter } : {}),
        },
        take: run.dryRun ? 'none' : run.kind === 'seed' ? 'seed' : 'news',
      },
      signal,
    )
    return taken.state === 'done' ? { state: 'done', value: { page, counts: taken.value } } : taken
  }

  if (current !== undefined) {
    log.info('run goes on', { run: current.id, kind: current.kind, requests: current.requests })
    working = work()
  }

  let beginning = false
  return {
    async begin(run, more = []) {
      if (current !== undefined || beginning) throw running(current ?? run)
      beginning = true
      try {
        await store.commit([saveRun(run), ...more])
        await working
        current = run
        cancelling = new AbortController()
        log.info('run began', { run: run.id, kind: run.kind, dryRun: run.dryRun, types: run.types.join(' ') })
        working = work()
      } finally {
        beginning = false
      }
    },
    async cancel() {
      if (current === undefined) return false
      cancelling.abort(new Error('the run was cancelled'))
      await working
      // One that had failed.
      if (current !== undefined) await end(current, 'cancelled')
      return true
    },
    get current() {
      return current === undefined ? undefined : reportOf(current)
    },
    get last() {
      return last
    },
    async close() {
      closing.abort(new Error('the bridge stops'))
      await working
    },
  }
}

/** The page of a step; a single record is a page of one. */
async function ask(step: Step, api: RestApi, signal: AbortSignal): Promise<RestAnswer<RestPage>> {
  if (step.state !== 'chapter') return api.page(step, step.query, signal)
  const answer = await api.record('chapter', step.chapter, signal)
  return answer.state === 'found' ? { state: 'found', value: { records: [answer.value] } } : answer
}

function sum(before: TypeCounts | undefined, more: TypeCounts): TypeCounts {
  const names = Object.keys(more) as (keyof TypeCounts)[]
  return { ...noCounts(), ...Object.fromEntries(names.map((name) => [name, (before?.[name] ?? 0) + more[name]])) }
}

function withProblem(problems: Readonly<Record<string, number>>, problem: string): Readonly<Record<string, number>> {
  const name = Object.hasOwn(problems, problem) || Object.keys(problems).length < MOST_PROBLEMS ? problem : 'others'
  return { ...problems, [name]: (problems[name] ?? 0) + 1 }
}

function takenOf({ counts }: Run): number {
  return Object.values(counts).reduce((all, { taken }) => all + taken, 0)
}

/** What another run is told. */
export function running({ id, kind }: Pick<RunReport, 'id' | 'kind'>): BridgeError {
  const message = `the ${kind} ${id} is under way; \`bevy-bridge ${kind} --cancel\` ends it`
  return new BridgeError('config', 'ERR_RECONCILE_RUNNING', message)
}
