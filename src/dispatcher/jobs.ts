/**
 * The job table: which job of a key may go now, and what becomes of the others. Two jobs of one key are never in flight at
 * once. Lanes are changed here and nowhere else.
 *
 * Mode `every`: a failing job holds the later states of its key, each as an exception of its own, in order.
 * Mode `latest`: one exception per key; a newer state renews it and keeps its due time.
 */

import { comparePositions } from '../core/positions.ts'
import type { Clock } from '../core/ports.ts'
import type { Json, JsonObject, Mode, Position } from '../core/types.ts'
import { recordId, stateId, type Dead, type Exception } from './documents.ts'
import { createLanes, type Lane } from './lanes.ts'
import { redriveLetter } from './letters.ts'
import type { Ledger } from './ledger.ts'
import { exceptionOf, standsAside, type Task } from './task.ts'
import { createWaits } from './waits.ts'

export interface Jobs {
  /** A job the reader has found. */
  add(task: Task): void
  delivered(task: Task, sent: { at: Position; ref: Json | undefined; left: boolean }): void
  skipped(task: Task, reason: string): void
  retry(task: Task, wait: { delay: number; reason: string; unknown: boolean }): void
  /** Waits for its schedule. */
  gather(task: Task, slot: { delay: number; group: string }): void
  /** Waits for heads. */
  join(task: Task, wait: { delay: number; needs: readonly string[]; matched: boolean }): void
  bury(task: Task, why: { cause: Dead['cause']; reason: string; data: JsonObject | null; needs?: string[] }): void
  /** Heads seen for the first time: jobs that wait for them go on, dead letters of reason `join` are redriven. */
  arrived(keys: readonly string[]): void
  /** Sends a dead letter again. False when there is none of that id. */
  redrive(id: string): Promise<boolean>
  /** Exceptions that count against `maxExceptions`. */
  readonly exceptions: number
  /** Starts the waits read from disk. */
  open(): void
  /** The destination is paused: no time passes for retries. */
  freeze(): void
  /** It runs again: they are due within seconds. */
  thaw(): void
  /** Lets the retry go that was tried longest ago, to see whether the destination is back. False when none waits. */
  probe(): boolean
  /** Stops all timers. */
  close(): void
}

interface Deps {
  readonly mode: Mode
  /** Keep what was sent of each record: mode `latest` needs it, and so does `maxAge`. */
  readonly keepsSent: boolean
  readonly ledger: Ledger
  readonly clock: Clock
  random(): number
  /** Takes a job that may go now. */
  ready(task: Task): void
  /** Takes an error of the store met while a dead letter was redriven. */
  failed(error: unknown): void
}

/** Makes the job table of a destination. */
export function createJobs(deps: Deps): Jobs {
  const { mode, keepsSent, ledger, clock, ready } = deps
  const lanes = createLanes(ledger, ready)
  const waits = createWaits({ clock, ledger, due })

  const idFor = (task: Task): string => {
    if (task.exception !== undefined) return task.exception
    const id = mode === 'latest' ? recordId(task.key) : stateId(task.position)
    return task.replay === undefined ? id : `${id}-${task.replay}`
  }

  function due(id: string, elapsed: number): void {
    const others = waits.together(id).map((other) => [other, waits.cancel(other)] as const)
    // Whose timer goes off first is rounding; what came first goes first.
    for (const [one, waited] of [[id, elapsed] as const, ...others].sort(([a], [b]) => inOrder(a, b))) {
      lanes.resume(one, waited, true)
    }
  }

  const inOrder = (a: string, b: string): number => {
    const [first, second] = [ledger.exceptions.get(a), ledger.exceptions.get(b)]
    return first === undefined || second === undefined ? 0 : comparePositions(first.position, second.position)
  }

  const close = (task: Task): void => {
    for (const position of task.opens) (task.window ?? ledger.window).settle(position)
    ledger.touch()
  }

  const finish = (task: Task): void => {
    const lane = lanes.of(task.key)
    close(task)
    if (task.exception !== undefined) {
      ledger.dropException(task.exception)
      lane.chain = lane.chain.filter((id) => id !== task.exception)
    }
    lanes.advance(task.key, lane)
  }

  const hold = (lane: Lane, task: Task): void => {
    const reason = 'waits for an earlier state of its record'
    lanes.save(lane, idFor(task), exceptionOf(task, { kind: 'held', delay: 0, now: clock.now(), reason }), false)
    close(task)
  }

  /** The job becomes an exception that waits; in mode `latest` a newer state behind it takes its place. */
  const suspend = (task: Task, make: (task: Task) => Exception): void => {
    const lane = lanes.of(task.key)
    const newer = mode === 'latest' && !standsAside(task) ? lane.queue.shift() : undefined
    const waiting: Task = newer === undefined ? task : { ...newer, since: task.since }
    const id = idFor(task)
    const exception = make(waiting)
    // Those that gather stand in order behind each other; what failed goes before all that came after it.
    lanes.save(lane, id, exception, exception.kind !== 'batch')
    close(task)
    if (newer !== undefined) close(newer)
    if (!standsAside(task) && exception.kind !== 'batch') for (const queued of lane.queue.splice(0)) hold(lane, queued)
    waits.arm(id)
    lanes.advance(task.key, lane)
  }

  const skipBehind = (lane: Lane, at: Position): void => {
    const [queued] = lane.queue
    if (mode !== 'latest' || queued === undefined || comparePositions(queued.position, at) > 0) return
    lane.queue.shift()
    close(queued)
    count(ledger.counts.skipped, 'superseded')
  }

  const redrive = async (id: string): Promise<boolean> => {
    const done = await redriveLetter(ledger, id, clock.now())
    if (done === 'waits') waits.arm(id)
    return done !== 'none'
  }

  return {
    add(task) {
      const lane = lanes.of(task.key)
      if (standsAside(task)) return lanes.start(lane, task)
      const [waiting] = lane.chain
      const exception = waiting === undefined ? undefined : ledger.exceptions.get(waiting)
      if (mode === 'every') {
        if (exception !== undefined && exception.kind !== 'batch') hold(lane, task)
        else if (lane.active === undefined) lanes.start(lane, task)
        else lane.queue.push(task)
        return
      }
      if (lane.active !== undefined) {
        const [older] = lane.queue
        lane.queue = [older === undefined ? task : { ...task, opens: [...older.opens, ...task.opens] }]
      } else if (waiting !== undefined && (exception?.kind === 'retry' || exception?.kind === 'batch')) {
        const { position, routes, matched } = task
        const renewed = { ...exception, position, routes: [...routes], matched, attempts: 0, waited: 0, history: [] }
        ledger.saveException(waiting, renewed)
        close(task)
      } else {
        if (waiting !== undefined) {
          waits.cancel(waiting)
          ledger.dropException(waiting)
          lane.chain = []
        }
        lanes.start(lane, task)
      }
    },
    delivered(task, { at, ref, left }) {
      ledger.counts.sent += 1
      if (mode === 'latest' || ((keepsSent || ref !== undefined) && !standsAside(task))) {
        const more = { ...(ref === undefined ? {} : { ref }), ...(left ? { left } : {}) }
        ledger.noteSent(task.key, { position: at, at: clock.now(), ...more })
      }
      if (mode === 'latest') {
        const id = recordId(task.key)
        if (ledger.dead.has(id)) {
          ledger.exhume(id)
          count(ledger.counts.skipped, 'superseded')
        }
        skipBehind(lanes.of(task.key), at)
      }
      finish(task)
    },
    skipped(task, reason) {
      count(ledger.counts.skipped, reason)
      finish(task)
    },
    retry(task, { delay, reason, unknown }) {
      ledger.counts.retries += 1
      if (unknown) ledger.counts.unknown += 1
      suspend(task, (waiting) => exceptionOf(waiting, { kind: 'retry', delay, now: clock.now(), reason, unknown }))
    },
    gather(task, { delay, group }) {
      const reason = 'waits for its schedule'
      suspend(task, (waiting) => exceptionOf(waiting, { kind: 'batch', delay, now: clock.now(), reason, group }))
    },
    join(task, { delay, needs, matched }) {
      suspend(task, (waiting) =>
        exceptionOf(waiting === task ? { ...task, matched } : waiting, {
          kind: 'join',
          delay,
          now: clock.now(),
          reason: 'waits for a joined record',
          needs: [...needs],
        }),
      )
    },
    bury(task, { cause, reason, data, needs = [] }) {
      const exception = exceptionOf(task, { kind: 'retry', delay: 0, now: clock.now(), reason, needs })
      ledger.bury(idFor(task), { ...exception, cause, at: clock.now(), data })
      finish(task)
    },
    arrived(keys) {
      for (const id of waits.awaiting(keys)) lanes.resume(id, waits.cancel(id), false)
      for (const id of ledger.deadAwaiting(keys)) void redrive(id).catch(deps.failed)
    },
    redrive,
    get exceptions() {
      return ledger.exceptions.size - waits.onPurpose
    },
    open() {
      for (const [id, exception] of [...ledger.exceptions].sort(([, a], [, b]) =>
        comparePositions(a.position, b.position),
      )) {
        if (!standsAside(exception)) lanes.of(exception.key).chain.push(id)
        if (exception.kind !== 'held') waits.arm(id)
      }
      // A held state whose holder was settled in the same flush that failed to free it would wait for ever.
      for (const lane of lanes.all()) {
        const [first] = lane.chain
        if (first !== undefined && ledger.exceptions.get(first)?.kind === 'held') lanes.resume(first, 0, true)
      }
    },
    freeze: () => waits.freeze(),
    thaw: () => waits.thaw(THAW, deps.random),
    probe() {
      const id = waits.firstFrozen()
      if (id !== undefined) due(id, waits.cancel(id))
      return id !== undefined
    },
    close: () => waits.close(),
  }
}

const MOST_REASONS = 50
/** Milliseconds over which retries are spread when a pause ends. */
const THAW = 10_000

function count(counts: Record<string, number>, reason: string): void {
  const known = reason.slice(0, 60)
  const name = known in counts || Object.keys(counts).length < MOST_REASONS ? known : 'other'
  counts[name] = (counts[name] ?? 0) + 1
}
