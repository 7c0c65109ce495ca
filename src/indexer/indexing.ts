/** The loop that indexes: gather some deliveries, decide, commit, go on. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Careful } from '../core/dispatch/careful.ts'
import { isBridgeError, StoreError } from '../core/errors.ts'
import type { Alerts, Clock, Journal, Log, Store } from '../core/ports.ts'
import type { StoredHead } from '../core/records/versions.ts'
import type { Mark } from './documents.ts'
import { MARK, markDocument, readDocument } from './documents.ts'
import type { Evaluated } from './evaluate.ts'
import { evaluate } from './evaluate.ts'
import type { Heads } from './heads.ts'
import type { OpenDelivery } from './open-delivery.ts'
import { leaveClosed, openDelivery, toProblem } from './open-delivery.ts'
import { createPersistence, Stopped } from './persist.ts'
import { createReadAhead } from './read-ahead.ts'

/** The loop. */
export interface Indexing {
  start(): void
  stop(): Promise<void>
  idle(): Promise<void>
  /** Runs `fn` while nothing is being indexed. */
  alone<T>(fn: () => Promise<T>): Promise<T>
}

interface Deps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  readonly maxInflated: number
  readonly heads: Heads
  readonly careful: Careful
  /** Bodies that are not to be opened, by delivery. */
  readonly aside: ReadonlySet<number>
  /** Deliveries are coming in right now. */
  busy(): boolean
  /** People Bevy has deleted are noted, to be erased here too. */
  deletions(): boolean
  /** Told of each failure that is waited out. */
  readonly failed?: ((error: unknown) => void) | undefined
  mark(): Mark
  /** A batch is on disk. */
  committed(evaluated: Evaluated): void
}

/** A batch ends with whichever comes first; entries stay one per delivery. */
const BATCH = { deliveries: 256, characters: 512 * 1024 }
/** While deliveries rush in, indexing waits, looking every `YIELD` milliseconds, for `LONGEST_LAG`, and then catches up. */
const YIELD = 50
const LONGEST_LAG = 10_000
const PAUSE_AFTER_BUG = 10_000
const PAUSE_AFTER_NOTE = 1_000

/** Makes it. Nothing runs before `start`. */
export function createIndexing(deps: Deps): Indexing {
  const { store, journal, clock, log, heads, careful, mark, committed } = deps
  const persistence = createPersistence(deps)
  const { insist } = persistence
  let running: Promise<void> | undefined
  let wakeUp: (() => void) | undefined
  let idlers: (() => void)[] = []
  const others: (() => Promise<void>)[] = []
  /** Since when it waits, monotonic; and up to where waiting is over. */
  let waitsFrom: number | undefined
  let due = 0

  const ahead = createReadAhead((seq) =>
    insist('reading the journal', seq, async () => {
      const delivery = await journal.read(seq)
      if (delivery === undefined) throw new StoreError('ERR_JOURNAL_GAP', `delivery ${seq} is not in the journal`)
      return delivery
    }),
  )

  async function gather(most: typeof BATCH): Promise<OpenDelivery[]> {
    const batch: OpenDelivery[] = []
    let characters = 0
    const { tail } = journal
    for (let seq = mark().seq + 1; seq <= tail; seq++) {
      const stored = await ahead.take(seq, tail)
      const delivery = deps.aside.has(seq) ? leaveClosed(stored) : await openDelivery(stored, deps.maxInflated)
      batch.push(delivery)
      characters += delivery.size
      if (batch.length >= most.deliveries || characters >= most.characters) break
    }
    return batch
  }

  async function headsOf(batch: readonly OpenDelivery[]): Promise<Map<string, StoredHead>> {
    const keys = new Set<string>()
    for (const { records } of batch) for (const item of records) if (item.state === 'usable') keys.add(item.record.key)
    const list = [...keys]
    const found = await insist('reading heads', mark().seq + 1, () => heads.read(list))
    return new Map(found.flatMap((head) => (head === undefined ? [] : [[head.key, head] as const])))
  }

  async function commit(evaluated: Evaluated): Promise<void> {
    let tried = false
    await insist('writing the index', mark().seq + 1, async () => {
      // A commit may have happened though it was reported failed; an entry is never written twice.
      if (tried) {
        const found = await store.get(MARK)
        if (found !== undefined && readDocument(markDocument, MARK, found).seq >= evaluated.mark.seq) return
      }
      tried = true
      await store.commit(evaluated.ops)
    })
  }

  async function index(batch: readonly OpenDelivery[]): Promise<void> {
    let evaluated: Evaluated
    try {
      evaluated = evaluate(batch, await headsOf(batch), mark(), store.capabilities.atomic, deps.deletions())
      await commit(evaluated)
    } catch (error) {
      if (error instanceof Stopped) throw error
      // Something in here cannot be decided about or written. Alone, it is set aside and the others go on.
      const [delivery] = batch
      if (batch.length === 1 && delivery !== undefined && delivery.problem === undefined) {
        log.error('a delivery could not be indexed', { seq: delivery.seq }, error)
        return index([{ ...delivery, records: [], problem: toProblem(error, 'ERR_BODY_UNEXPECTED') }])
      }
      if (batch.length <= 1) throw error
      for (const single of batch) await index([single])
      return
    }
    committed(evaluated)
  }

  /** Receiving goes first: what is in the journal is safe and can wait, a sender cannot. */
  function yielding(): boolean {
    if (mark().seq < due) return false
    if (deps.busy()) {
      waitsFrom ??= clock.monotonic()
      if (clock.monotonic() - waitsFrom < LONGEST_LAG) return true
      due = journal.tail
    }
    waitsFrom = undefined
    return false
  }

  async function run(): Promise<void> {
    while (!persistence.stopped) {
      while (others.length > 0) await others.shift()?.()
      if (mark().seq >= journal.tail) {
        for (const resolve of idlers.splice(0)) resolve()
        await new Promise<void>((resolve) => {
          wakeUp = resolve
        })
        continue
      }
      try {
        if (careful.on) {
          const seq = mark().seq + 1
          await careful.turn({ state: 'body', seq }, async () => index(await gather({ ...BATCH, deliveries: 1 })))
          continue
        }
        if (yielding()) {
          await persistence.pause(YIELD)
          continue
        }
        const batch = await gather(BATCH)
        await index(batch)
        await nextTurn()
      } catch (error) {
        if (error instanceof Stopped) break
        deps.failed?.(error)
        log.error('indexing failed; it is tried again', { seq: mark().seq + 1 }, error)
        // Trouble with the store is waited out inside; what comes out here is a note of careful mode that was not taken.
        await persistence.pause(isBridgeError(error, 'store') ? PAUSE_AFTER_NOTE : PAUSE_AFTER_BUG)
      }
    }
  }

  const wake = () => {
    wakeUp?.()
    wakeUp = undefined
  }
  let unsubscribe: (() => void) | undefined

  return {
    start() {
      if (running !== undefined) return
      unsubscribe = journal.onAppend(wake)
      running = run()
    },
    async alone(fn) {
      const begin = async () => {
        // What was read ahead may be changed now.
        ahead.clear()
        return fn()
      }
      if (running === undefined || persistence.stopped) {
        await running
        return begin()
      }
      return new Promise((resolve, reject) => {
        others.push(() => begin().then(resolve, reject))
        wake()
      })
    },
    async stop() {
      persistence.stop()
      unsubscribe?.()
      wake()
      await running
      for (const other of others.splice(0)) await other()
      for (const resolve of idlers.splice(0)) resolve()
    },
    idle() {
      if (persistence.stopped || mark().seq >= journal.tail) return Promise.resolve()
      return new Promise((resolve) => idlers.push(resolve))
    },
  }
}
