/** Erasures: durable tasks that remove a person from the store and tell the destinations, one after the other. */

import { createPerson, type Wanted } from '../core/erasure/person.ts'
import { orderDocument, ORDERS, type Order } from '../core/erasure/orders.ts'
import type { ErasureInput, ErasurePlan, ErasureReport } from '../core/erasure/report.ts'
import { BridgeError, coerceError } from '../core/errors.ts'
import type { StoreOp } from '../core/ports.ts'
import { parseTask, taskKey, TASKS, type Task } from './documents.ts'
import type { ErasureDeps } from './deps.ts'
import { idOf, newTask, toReport, toWanted } from './tasks.ts'
import { planErasure, purge } from './purging.ts'
import { nextDue, settled, tellDue } from './telling.ts'

export interface Erasures {
  /** What an erasure would find. */
  plan(input: ErasureInput): Promise<ErasurePlan>
  /** Begins one, durable before anything changes; resolves when the person is gone from the store. */
  erase(input: ErasureInput): Promise<ErasureReport>
  /** All that are remembered, the newest first. */
  list(): Promise<ErasureReport[]>
  /** Destinations that were not told need not be any more. Rejects with `ERR_NO_ERASURE`. */
  giveUp(id: string): Promise<ErasureReport>
  /** Goes on with what an earlier life has begun, and with deletions of Bevy. */
  start(): Promise<void>
  /** A deletion of Bevy was noted. */
  noted(): void
  /** Begins nothing more; resolves when what is under way has come to a commit. */
  close(): Promise<void>
}

/** Deletions of Bevy wait so long, so that all records of a person that tell of it make one erasure, and are sent before. */
const GATHER = 60_000
/** After trouble of our own. */
const AGAIN = 30_000
/** Milliseconds the end waits for what is under way. */
const CLOSE_WITHIN = 5_000
/** Ended ones that are remembered. */
const REMEMBERED = 200

/** Makes them. Nothing is done before `start`, `erase` aside. */
export function createErasures(deps: ErasureDeps): Erasures {
  const { store, clock, log } = deps
  const tasks = new Map<string, Task>()
  const closing = new AbortController()
  let cancel = (): void => {}
  let plannedFor = Infinity
  let turn: Promise<unknown> = Promise.resolve()
  let loaded: Promise<void> | undefined

  const load = (): Promise<void> =>
    (loaded ??= (async () => {
      const keys = await store.keys(TASKS)
      const documents = await store.getMany(keys)
      for (const [at, key] of keys.entries()) {
        // One that cannot be read must not keep the others, or the bridge, from going on.
        const task = readable(key, documents[at])
        if (task !== undefined) tasks.set(task.id, task)
      }
    })())

  const readable = (key: string, document: unknown): Task | undefined => {
    try {
      return parseTask(key, document)
    } catch (error) {
      log.error('an erasure cannot be read and is left out', { key }, error)
      return undefined
    }
  }

  const put = async (task: Task, more: readonly StoreOp[] = []): Promise<Task> => {
    await store.commit([...more, { op: 'set', key: taskKey(task.id), value: task }])
    tasks.set(task.id, task)
    return task
  }

  /** One after the other: each needs the bridge to stand still for a moment. */
  const inTurn = <T>(fn: () => Promise<T>): Promise<T> => {
    const run = turn.then(() => {
      closing.signal.throwIfAborted()
      return fn()
    })
    turn = run.catch(() => {})
    return run
  }

  const schedule = (at: number): void => {
    // At rest nobody is told, and the next start goes on.
    if (closing.signal.aborted || deps.tell === undefined || at >= plannedFor) return
    cancel()
    plannedFor = at
    cancel = clock.timer(Math.max(0, at - clock.now()), () => {
      plannedFor = Infinity
      void inTurn(work).catch((error: unknown) => {
        if (closing.signal.aborted) return
        log.error('an erasure failed; it is tried again', { nextInMs: AGAIN, reason: coerceError(error).name }, error)
        schedule(clock.now() + AGAIN)
      })
    })
  }

  const create = (by: Task['by'], wanted: Wanted, exports: boolean): Task => {
    const now = clock.now()
    let at = now
    while (tasks.has(idOf(at))) at++
    return newTask(idOf(at), { at: now, by, wanted, exports })
  }

  /** Takes a task as far as it goes now. */
  const advance = async (task: Task): Promise<Task> => {
    let current = task
    if (current.state === 'waiting' || current.state === 'purging') {
      current = await purge(current, deps, closing.signal)
      tasks.set(current.id, current)
      const { bodies = 0, records = 0 } = current.counts
      log.warn('a person was erased', { erasure: current.id, by: current.by, bodies, records })
      // Not only at the end: a destination may be paused for months.
      current = await scrub(current)
    }
    if (current.state === 'telling' && deps.tell !== undefined) {
      current = await tellDue(current, deps, () => closing.signal.aborted)
      tasks.set(current.id, current)
    }
    return finish(current)
  }

  const finish = async (task: Task): Promise<Task> => {
    if (task.state === 'telling' && nextDue(task) === undefined) {
      const { who: _who, ...rest } = task
      const done = await scrub(
        await put({ ...rest, state: 'done', endedAt: clock.now(), scrubbed: false }, forgetOld()),
      )
      log.info('an erasure is done', { erasure: task.id, scrubbed: done.scrubbed })
      return done
    }
    return task.scrubbed || task.state === 'waiting' || task.state === 'purging' ? task : scrub(task)
  }

  const forgetOld = (): StoreOp[] => {
    const ended = [...tasks.values()].filter(({ state }) => state === 'done').sort((a, b) => a.at - b.at)
    return ended.slice(0, Math.max(0, ended.length - REMEMBERED + 1)).map(({ id }): StoreOp => {
      tasks.delete(id)
      return { op: 'remove', key: taskKey(id) }
    })
  }

  const scrub = async (task: Task): Promise<Task> => {
    try {
      await store.scrub?.()
      return await put({ ...task, scrubbed: true })
    } catch (error) {
      log.warn('what was removed is still on the disk; tried again', {
        erasure: task.id,
        reason: coerceError(error).message,
      })
      return task
    }
  }

  /** Deletions of Bevy that have waited long enough become tasks; the note goes with the same commit. */
  const takeOrders = async (): Promise<void> => {
    const keys = await store.keys(ORDERS)
    const documents = await store.getMany(keys)
    for (const [at, key] of keys.entries()) {
      const parsed = orderDocument.safeParse(documents[at])
      if (!parsed.success) {
        log.error('a noted deletion cannot be read and is left out', { key })
        continue
      }
      const order: Order = parsed.data
      // A clock that was set back must not keep it waiting.
      const due = Math.min(order.at, clock.now()) + GATHER
      if (due > clock.now()) {
        schedule(due)
        continue
      }
      const { user, key: record } = order
      const wanted = { users: user === undefined ? [] : [user], emails: [], keys: record === undefined ? [] : [record] }
      const task = create('bevy', { ...wanted, sparesDeleted: true }, deps.settings().exports)
      await put(task, [{ op: 'remove', key }])
    }
  }

  const work = async (): Promise<void> => {
    await load()
    await takeOrders()
    for (const task of [...tasks.values()].sort((a, b) => a.at - b.at)) {
      closing.signal.throwIfAborted()
      if (task.state === 'done' && task.scrubbed) continue
      const due = task.state === 'telling' ? nextDue(task) : undefined
      const after = due !== undefined && due > clock.now() && task.scrubbed ? task : await advance(task)
      const next = after.scrubbed ? nextDue(after) : clock.now() + AGAIN
      if (next !== undefined && after.state !== 'done') schedule(next)
      else if (!after.scrubbed) schedule(clock.now() + AGAIN)
    }
  }

  const report = (task: Task): ErasureReport => toReport(task, deps.tell !== undefined)

  return {
    plan: (input) => planErasure(createPerson(toWanted(input)), deps, closing.signal),
    async erase(input) {
      const wanted = toWanted(input)
      await load()
      const task = await put(create('hand', wanted, input.exports ?? deps.settings().exports))
      return inTurn(async () => {
        try {
          const after = await advance(tasks.get(task.id) ?? task)
          schedule(after.scrubbed ? (nextDue(after) ?? Infinity) : clock.now() + AGAIN)
          return report(after)
        } catch (error) {
          // It is on disk: whoever asked hears of the trouble, and it goes on all the same.
          schedule(clock.now() + AGAIN)
          throw error
        }
      })
    },
    async list() {
      await load()
      return [...tasks.values()].sort((a, b) => b.at - a.at).map(report)
    },
    async giveUp(id) {
      await load()
      return inTurn(async () => {
        const task = tasks.get(id)
        if (task === undefined) throw new BridgeError('config', 'ERR_NO_ERASURE', `there is no erasure ${id}`)
        if (task.state !== 'telling') return report(task)
        const destinations = task.destinations.map((one) =>
          one.state === 'pending' ? settled(one, 'given up', one.reason) : one,
        )
        log.warn('an erasure was given up', { erasure: id })
        return report(await finish(await put({ ...task, destinations })))
      })
    },
    async start() {
      await load()
      const open = [...tasks.values()].filter(({ state, scrubbed }) => state !== 'done' || !scrubbed)
      const noted = await store.keys(ORDERS, { limit: 1 })
      if (open.length > 0 || noted.length > 0) schedule(clock.now())
    },
    noted: () => schedule(clock.now() + GATHER),
    async close() {
      closing.abort(new Error('the bridge stops'))
      cancel()
      // A plugin that does not end must not hold the end of the process; what it was told is told again.
      let cancelWait = (): void => {}
      const patience = new Promise<void>((resolve) => (cancelWait = clock.timer(CLOSE_WITHIN, resolve)))
      await Promise.race([turn, patience])
      cancelWait()
    },
  }
}
