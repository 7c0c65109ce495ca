/**
 * Faults in the storage worker. The test holds the switch, the worker loads this module and looks at it before each step;
 * they share a few numbers.
 */

import type { DatabaseSync } from 'node:sqlite'
import type { FaultHook } from '../../src/storage/sqlite/failures.ts'
import type { FaultStep } from '../../src/storage/sqlite/protocol.ts'

const STEPS: readonly FaultStep[] = ['open', 'begin', 'write', 'commit', 'read']
const EFFECTS = ['io', 'full', 'damaged', 'too-big', 'exit'] as const
const SLOT = {
  step: 0,
  effect: 1,
  skip: 2,
  times: 3,
  gate: 4,
  atGate: 5,
  opens: 6,
  synchronous: 7,
  wal: 8,
  slow: 9,
  commits: 10,
  never: 11,
  next: 12,
} as const
const NEVER = -1
const ALWAYS = -2
/** SQLite's own limit (https://www.sqlite.org/limits.html). */
const MOST_PAGES = 4_294_967_294

/** What happens: an error as SQLite gives it, a database that really is at its limit, or the end of the worker. */
export type FaultEffect = (typeof EFFECTS)[number]

/** The test's hand on it. */
export interface Faults {
  /** For `openStore`: `{ log, internals: { faults } }`. */
  readonly module: string
  readonly data: SharedArrayBuffer
  /** From now on `effect` at `step`: once, or always; after letting `skip` such steps pass. Once, then always at `next`. */
  arm(
    step: FaultStep,
    effect: FaultEffect,
    options?: { readonly skip?: number; readonly always?: boolean; readonly next?: FaultStep },
  ): void
  disarm(): void
  /** From now on each commit takes so many milliseconds longer. */
  slow(ms: number): void
  /** How often a transaction came to its commit. */
  commits(): number
  /** The next transaction waits before it begins. Resolves with what lets it go on, as soon as it is there. */
  hold(start: () => void): Promise<() => void>
  /** How often the database was opened. */
  opens(): number
  /** `PRAGMA synchronous` and whether the log is a WAL, as seen at the last commit. */
  journal(): { readonly synchronous: number; readonly wal: boolean }
}

/** Makes a switch with nothing armed. */
export function createFaults(): Faults {
  const data = new SharedArrayBuffer(64)
  const slots = new Int32Array(data)
  slots[SLOT.step] = NEVER
  return {
    module: import.meta.url,
    data,
    arm(step, effect, { skip = 0, always = false, next } = {}) {
      slots[SLOT.effect] = EFFECTS.indexOf(effect)
      slots[SLOT.skip] = skip
      slots[SLOT.times] = always ? ALWAYS : 1
      slots[SLOT.next] = next === undefined ? NEVER : STEPS.indexOf(next)
      Atomics.store(slots, SLOT.step, STEPS.indexOf(step))
    },
    disarm: () => void Atomics.store(slots, SLOT.step, NEVER),
    slow: (ms) => void Atomics.store(slots, SLOT.slow, ms),
    commits: () => Atomics.load(slots, SLOT.commits),
    async hold(start) {
      Atomics.store(slots, SLOT.atGate, 0)
      Atomics.store(slots, SLOT.gate, 1)
      start()
      while (Atomics.load(slots, SLOT.atGate) === 0) await new Promise((resolve) => setImmediate(resolve))
      return () => {
        Atomics.store(slots, SLOT.gate, 0)
        Atomics.notify(slots, SLOT.gate)
      }
    },
    opens: () => Atomics.load(slots, SLOT.opens),
    journal: () => ({ synchronous: slots[SLOT.synchronous] ?? 0, wal: slots[SLOT.wal] === 1 }),
  }
}

/** The worker's side. */
export default function makeHook(data: unknown): FaultHook {
  const slots = new Int32Array(data as SharedArrayBuffer)
  let limited: DatabaseSync | undefined
  return (step, db) => {
    if (step === 'begin' && db === limited && Atomics.load(slots, SLOT.step) === NEVER) {
      // As a disk that has room again.
      db.exec(`PRAGMA max_page_count=${MOST_PAGES}`)
      limited = undefined
    }
    if (step === 'open') Atomics.add(slots, SLOT.opens, 1)
    if (step === 'commit') {
      look(slots, db)
      Atomics.add(slots, SLOT.commits, 1)
      const ms = Atomics.load(slots, SLOT.slow)
      // Nobody ever wakes it: a sync that takes its time.
      if (ms > 0) Atomics.wait(slots, SLOT.never, 0, ms)
    }
    if (step === 'begin' && Atomics.load(slots, SLOT.gate) === 1) {
      Atomics.store(slots, SLOT.atGate, 1)
      Atomics.wait(slots, SLOT.gate, 1, 10_000)
    }
    if (Atomics.load(slots, SLOT.step) !== STEPS.indexOf(step)) return
    if (Atomics.sub(slots, SLOT.skip, 1) > 0) return
    if (Atomics.load(slots, SLOT.times) !== ALWAYS) {
      Atomics.store(slots, SLOT.times, ALWAYS)
      Atomics.store(slots, SLOT.step, slots[SLOT.next] ?? NEVER)
    }
    const effect = EFFECTS[slots[SLOT.effect] ?? 0] ?? 'io'
    if (effect === 'full') limited = db
    happen(effect, db)
  }
}

function look(slots: Int32Array, db: DatabaseSync): void {
  slots[SLOT.synchronous] = Number(db.prepare('PRAGMA synchronous').get()?.['synchronous'])
  slots[SLOT.wal] = db.prepare('PRAGMA journal_mode').get()?.['journal_mode'] === 'wal' ? 1 : 0
}

function happen(effect: FaultEffect, db: DatabaseSync): void {
  switch (effect) {
    case 'io':
      throw sqliteError('disk I/O error', 778)
    case 'damaged':
      throw sqliteError('database disk image is malformed', 11)
    case 'too-big':
      throw sqliteError('string or blob too big', 18)
    case 'full': {
      const pages = Number(db.prepare('PRAGMA page_count').get()?.['page_count'])
      db.exec(`PRAGMA max_page_count=${pages}`)
      return
    }
    case 'exit':
      process.exit(3)
  }
}

function sqliteError(message: string, errcode: number): Error {
  return Object.assign(new Error(message), { code: 'ERR_SQLITE_ERROR', errcode })
}
