/**
 * The books of one destination: cursor, exceptions, dead letters, sent states and counts. What settles counts at once in
 * memory; all changes of a moment go to the store in one commit, and while one fails the next waits.
 */

import { createWindow, type Window } from '../core/dispatch/window.ts'
import type { Alerts, Clock, Log, Store, StoreOp } from '../core/ports.ts'
import {
  deadDocument,
  keys,
  parseDocument,
  sentDocument,
  type Counts,
  type Dead,
  type Exception,
  type Sent,
} from './documents.ts'
import { readLedger, type RunningReplay } from './ledger-read.ts'

export interface Ledger {
  readonly window: Window
  readonly counts: Counts
  /** Replays under way, by id. */
  readonly replays: Map<string, RunningReplay>
  readonly exceptions: ReadonlyMap<string, Exception>
  /** Ids of dead letters. */
  readonly dead: ReadonlySet<string>
  /** The last flush failed; nothing may be sent until one succeeds. */
  readonly failing: boolean
  saveException(id: string, exception: Exception): void
  dropException(id: string): void
  bury(id: string, dead: Dead): void
  /** Removes a dead letter. */
  exhume(id: string): void
  /** Ids of dead letters of reason `join` that wait for one of these heads. */
  deadAwaiting(heads: readonly string[]): string[]
  /** All heads such letters wait for. */
  awaited(): string[]
  readDead(id: string): Promise<Dead | undefined>
  /** What was last sent of a record; asks the store only when this destination keeps such states. */
  sent(key: string): Promise<Sent | undefined>
  noteSent(key: string, sent: Sent): void
  /** Forgets the sent states under these keys of the store, where `mayGo` and nothing newer was noted; resolves with how many. */
  forgetSent(names: readonly string[], mayGo: (sent: Sent) => boolean): Promise<number>
  /** Forgets a replay that has ended. */
  endReplay(id: string): void
  /** Adds ops to the next flush. */
  stage(ops: readonly StoreOp[]): void
  /** Something settled: flush soon. */
  touch(): void
  /** The cursor moved over records of others: no hurry, a restart would only look at them again. */
  touchLater(): void
  /** Resolves when all changes so far are on disk. */
  flushed(): Promise<void>
  /** Gives up waiting for a store that fails; what was not flushed is decided again after the restart. */
  abandon(): void
}

interface Deps {
  readonly store: Store
  readonly slot: string
  readonly name: string
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  /** Called when flushing works again. */
  onRecovered(): void
}

const MOST_SENT_CACHED = 20_000
const LATER = 1000
const RETRY_AFTER = [250, 1000, 5000, 15_000]

/** Reads the books. Rejects with ERR_STORE_DOCUMENT when the cursor cannot be read: a damaged cursor is never "new". */
export async function openLedger(deps: Deps): Promise<Ledger> {
  const { store, slot } = deps
  const { cursor, exceptions, dead, awaiting, replays } = await readLedger(store, slot)
  const window = createWindow({ position: cursor.position, done: cursor.done })
  const { counts } = cursor
  let { keepsSent } = cursor

  let pending = new Map<string, StoreOp>()
  let flushing = new Map<string, StoreOp>()
  let dirty = false
  let running: Promise<void> | undefined
  let failing = false
  let abandoned = false
  const sentCache = new Map<string, Sent | undefined>()
  let noted: Set<string> | undefined

  const put = (op: StoreOp): void => {
    pending.set(op.key, op)
    touch()
  }

  const touch = (): void => {
    dirty = true
    running ??= run().finally(() => {
      running = undefined
    })
  }

  let cancelLater: (() => void) | undefined
  const touchLater = (): void => {
    cancelLater ??= deps.clock.timer(LATER, () => {
      cancelLater = undefined
      touch()
    })
  }

  const run = async (): Promise<void> => {
    // What settles in the same turn belongs to the same flush.
    await Promise.resolve()
    for (let failures = 0; dirty && !abandoned;) {
      dirty = false
      for (const [key, op] of pending) flushing.set(key, op)
      pending = new Map()
      const { position, done } = window.cursor()
      const document = { position, done, counts: { ...counts, skipped: { ...counts.skipped } }, keepsSent }
      try {
        const spans = [...replays].map(([id, { window: span, ...replay }]): StoreOp => {
          return { op: 'set', key: `${keys.replays(slot)}:${id}`, value: { ...span.cursor(), ...replay } }
        })
        const cursorOp: StoreOp = { op: 'set', key: keys.cursor(slot), value: document }
        await store.commit([...flushing.values(), ...spans, cursorOp])
        flushing = new Map()
        if (failing) {
          failing = false
          deps.log.info('flush works again', { destination: deps.name, failures })
          deps.alerts.recovered?.({ cause: 'store:flush', subject: deps.name })
          deps.onRecovered()
        }
        failures = 0
      } catch (error) {
        failing = true
        dirty = true
        const wait = RETRY_AFTER[Math.min(failures, RETRY_AFTER.length - 1)] ?? 15_000
        failures += 1
        deps.log.error('flush failed', { destination: deps.name, failures, nextInMs: wait }, error)
        deps.alerts.raise({
          cause: 'store:flush',
          subject: deps.name,
          message: `what ${deps.name} has sent cannot be recorded; sending waits until the store takes writes again`,
        })
        await new Promise<void>((resolve) => deps.clock.timer(wait, resolve))
      }
    }
  }

  return {
    window,
    counts,
    replays,
    exceptions,
    dead,
    get failing() {
      return failing
    },
    saveException(id, exception) {
      exceptions.set(id, exception)
      put({ op: 'set', key: `${keys.exceptions(slot)}:${id}`, value: exception })
    },
    dropException(id) {
      if (exceptions.delete(id)) put({ op: 'remove', key: `${keys.exceptions(slot)}:${id}` })
    },
    bury(id, letter) {
      dead.add(id)
      counts.dead += 1
      put({ op: 'set', key: `${keys.dead(slot)}:${id}`, value: letter })
      deps.alerts.raise({
        cause: 'dead',
        subject: deps.name,
        message: `${deps.name} gave up a job (${letter.reason}); it is kept until a person sends it again or discards it`,
      })
      if (letter.needs.length === 0) return
      awaiting.set(id, letter.needs)
      put({ op: 'set', key: `${keys.awaiting(slot)}:${id}`, value: { needs: letter.needs } })
    },
    exhume(id) {
      if (dead.delete(id)) put({ op: 'remove', key: `${keys.dead(slot)}:${id}` })
      if (awaiting.delete(id)) put({ op: 'remove', key: `${keys.awaiting(slot)}:${id}` })
    },
    deadAwaiting(heads) {
      if (awaiting.size === 0) return []
      return [...awaiting].filter(([, needs]) => needs.some((key) => heads.includes(key))).map(([id]) => id)
    },
    awaited: () => [...new Set([...awaiting.values()].flat())],
    async readDead(id) {
      const key = `${keys.dead(slot)}:${id}`
      const op = pending.get(key) ?? flushing.get(key)
      const value = op?.op === 'set' ? op.value : await store.get(key)
      return value === undefined || !dead.has(id) ? undefined : parseDocument(deadDocument, key, value)
    },
    async sent(key) {
      if (!keepsSent) return undefined
      if (sentCache.has(key)) return sentCache.get(key)
      const name = keys.sent(slot, key)
      const op = pending.get(name) ?? flushing.get(name)
      const value = op?.op === 'set' ? op.value : await store.get(name)
      const found = value === undefined ? undefined : (parseDocument(sentDocument, name, value) as Sent)
      remember(sentCache, key, found)
      return found
    },
    noteSent(key, sent) {
      keepsSent = true
      remember(sentCache, key, sent)
      const name = keys.sent(slot, key)
      noted?.add(name)
      put({ op: 'set', key: name, value: sent })
    },
    async forgetSent(names, mayGo) {
      const since = (noted = new Set())
      const documents = await store.getMany(names)
      let count = 0
      for (const [at, name] of names.entries()) {
        const document = documents[at]
        // Only what is on disk and not about to be written over.
        if (document === undefined || since.has(name) || pending.has(name) || flushing.has(name)) continue
        if (!mayGo(parseDocument(sentDocument, name, document) as Sent)) continue
        put({ op: 'remove', key: name })
        count++
      }
      return count
    },
    endReplay(id) {
      if (replays.delete(id)) put({ op: 'remove', key: `${keys.replays(slot)}:${id}` })
    },
    stage(ops) {
      for (const op of ops) put(op)
    },
    touch,
    touchLater,
    async flushed() {
      if (cancelLater !== undefined) touch()
      while (running !== undefined) await running
    },
    abandon() {
      cancelLater?.()
      abandoned = true
    },
  }
}

function remember(cache: Map<string, Sent | undefined>, key: string, sent: Sent | undefined): void {
  cache.delete(key)
  cache.set(key, sent)
  if (cache.size > MOST_SENT_CACHED) cache.delete(cache.keys().next().value as string)
}
