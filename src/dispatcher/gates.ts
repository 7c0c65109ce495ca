/**
 * Two gates before a send: the lane (two jobs of one lane are never in flight in different batches) and the bucket (a full one
 * must not take the slots of the others). What may not pass waits here, outside the slots.
 */

import type { Job, Sender } from '../core/plugin-contract.ts'
import { comparePositions } from '../core/positions.ts'
import type { Clock, Pace } from '../core/ports.ts'
import type { Ledger } from './ledger.ts'
import type { Task } from './task.ts'

/** A job with the task it was made of. */
export interface Ready {
  readonly task: Task
  readonly job: Job
}

export interface Gates {
  /** Those of a batch that may go now. */
  enter(batch: readonly Ready[]): Promise<Ready[]>
  /** The batch is no longer in flight; what waited for its lanes comes back. */
  leave(batch: readonly Ready[]): void
  /** A job of a lane was delivered. */
  delivered(job: Job): void
  close(): void
}

interface Deps {
  readonly sender: Sender
  readonly pace: Pace
  readonly ledger: Ledger
  readonly clock: Clock
  /** Puts tasks back into the queue. */
  back(tasks: readonly Task[]): void
}

/** Makes the gates of a destination. */
export function createGates({ sender, pace, ledger, clock, back }: Deps): Gates {
  const inFlight = new Map<string, Task[]>()
  const parked = new Map<string, Task[]>()
  const timers = new Set<() => void>()

  const park = (bucket: string, task: Task, ms: number): void => {
    const waiting = parked.get(bucket)
    if (waiting !== undefined) return void waiting.push(task)
    parked.set(bucket, [task])
    const cancel = clock.timer(Math.ceil(ms), () => {
      timers.delete(cancel)
      const tasks = parked.get(bucket) ?? []
      parked.delete(bucket)
      back(tasks)
    })
    timers.add(cancel)
  }

  const passesBucket = ({ task, job }: Ready): boolean => {
    const bucket = sender.bucket?.(job)
    if (bucket === undefined) return true
    const wait = pace.wait(bucket)
    // Those that wait already go first.
    if (wait === 0 && !parked.has(bucket)) return true
    park(bucket, task, wait)
    return false
  }

  return {
    async enter(batch) {
      const through = batch.filter(passesBucket)
      if (sender.lane === undefined) return through
      const own = new Set<string>()
      const passed: Ready[] = []
      for (const { task, job } of through) {
        const lane = sender.lane(job)
        const others = lane === undefined || own.has(lane) ? undefined : inFlight.get(lane)
        if (others !== undefined) {
          others.push(task)
          continue
        }
        if (lane !== undefined && !own.has(lane)) {
          own.add(lane)
          inFlight.set(lane, [])
        }
        passed.push({ task, job })
      }
      return Promise.all(passed.map(async ({ task, job }) => ({ task, job: await withLane(job) })))
    },
    leave(batch) {
      for (const { job } of batch) {
        const lane = sender.lane?.(job)
        const waiting = lane === undefined ? undefined : inFlight.get(lane)
        if (lane !== undefined) inFlight.delete(lane)
        if (waiting !== undefined && waiting.length > 0) back(waiting)
      }
    },
    delivered(job) {
      const lane = sender.lane?.(job)
      if (lane === undefined) return
      if (job.laneAt !== undefined && comparePositions(job.laneAt, job.position) > 0) return
      ledger.noteSent(laneKey(lane), { position: job.position, at: clock.now() })
    },
    close() {
      for (const cancel of timers) cancel()
      timers.clear()
    },
  }

  async function withLane(job: Job): Promise<Job> {
    const lane = sender.lane?.(job)
    const last = lane === undefined ? undefined : await ledger.sent(laneKey(lane))
    return last === undefined ? job : { ...job, laneAt: last.position }
  }
}

/** Kept beside what was sent of records; no record key begins so. */
function laneKey(lane: string): string {
  return `:lane:${lane}`
}
