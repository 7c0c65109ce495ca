/** The lane of each record: what is in flight, what waits behind it, and who goes next. */

import type { Exception } from './documents.ts'
import type { Ledger } from './ledger.ts'
import { standsAside, taskOf, type Task } from './task.ts'

/** The jobs of one record at one destination. */
export interface Lane {
  active?: Task
  /** Fresh jobs behind the active one; in mode `latest` at most one, the newest. */
  queue: Task[]
  /** Ids of exceptions in order; the first is the one that waits, the others are held by it. */
  chain: string[]
  /** Due, but another job of the record is in flight. */
  late: Task[]
}

export interface Lanes {
  of(key: string): Lane
  all(): Iterable<Lane>
  /** Lets a job go, or makes it wait for the one in flight. */
  start(lane: Lane, task: Task): void
  /** The wait of an exception is over after so many milliseconds: at its time, or early. */
  resume(id: string, elapsed: number, over: boolean): void
  /** The job in flight has ended: the next may go. */
  advance(key: string, lane: Lane): void
  /** Keeps an exception, at the head or the end of the lane's chain. */
  save(lane: Lane, id: string, exception: Exception, first: boolean): void
}

/** Makes them. `ready` takes a job that may go now. */
export function createLanes(ledger: Ledger, ready: (task: Task) => void): Lanes {
  const lanes = new Map<string, Lane>()

  const of = (key: string): Lane => {
    let lane = lanes.get(key)
    if (lane === undefined) lanes.set(key, (lane = { queue: [], chain: [], late: [] }))
    return lane
  }

  const start = (lane: Lane, task: Task): void => {
    if (lane.active === undefined) {
      lane.active = task
      ready(task)
    } else lane.late.push(task)
  }

  /** Its turn has come, but an earlier state of its record is not settled: it is held by that one from now on. */
  const holdBack = (lane: Lane, id: string | undefined): boolean => {
    const exception = id === undefined ? undefined : ledger.exceptions.get(id)
    const [first] = lane.chain
    if (id === undefined || first === undefined || first === id) return false
    if (exception?.kind !== 'batch' || standsAside(exception)) return false
    // An earlier one of the same turn is on its way: this one goes behind it.
    const underWay = lane.active?.exception === first || lane.late.some((task) => task.exception === first)
    if (underWay && ledger.exceptions.get(first)?.kind === 'batch') return false
    ledger.saveException(id, { ...exception, kind: 'held' })
    return true
  }

  const resume = (id: string, elapsed: number, over: boolean): void => {
    const exception = ledger.exceptions.get(id)
    if (exception === undefined) return
    const lane = of(exception.key)
    if (!holdBack(lane, id)) start(lane, taskOf(id, exception, elapsed, over))
  }

  return {
    of,
    all: () => lanes.values(),
    start,
    resume,
    advance(key, lane) {
      delete lane.active
      for (let next = lane.late.shift(); next !== undefined; next = lane.late.shift()) {
        if (!holdBack(lane, next.exception)) return start(lane, next)
      }
      const [first] = lane.chain
      const kind = first === undefined ? undefined : ledger.exceptions.get(first)?.kind
      if (first !== undefined && kind === 'held') return resume(first, 0, true)
      if (kind === 'retry' || kind === 'join') return
      const queued = lane.queue.shift()
      if (queued !== undefined) start(lane, queued)
      else if (first === undefined) lanes.delete(key)
    },
    save(lane, id, exception, first) {
      ledger.saveException(id, exception)
      if (standsAside(exception) || lane.chain.includes(id)) return
      if (first) lane.chain.unshift(id)
      else lane.chain.push(id)
    },
  }
}
