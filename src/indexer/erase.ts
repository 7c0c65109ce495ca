/** Takes a person out of the journal and all that is derived from it: bodies, index entries, heads, e-mail lookup, quarantine. */

import { createSieve } from '../core/erasure/redact.ts'
import { sizeOf, type Person } from '../core/erasure/person.ts'
import type { IndexGone, Places } from '../core/erasure/places.ts'
import type { Journal, Store } from '../core/ports.ts'
import { createBodyEraser, type Change } from './erase-bodies.ts'
import { headOps, mailOps, quarantineOps, searchDocuments } from './erase-documents.ts'

/** What was done so far. */
export type IndexErased = { -readonly [Count in keyof Omit<IndexGone, 'ownHeads'>]: IndexGone[Count] } & {
  readonly ownHeads: Set<string>
}

/** Searches and removes. */
export interface IndexEraser {
  /**
   * Looks through the deliveries `from` to `to`, and with `all` through heads and quarantine too, and learns of the person. What is
   * learned may make a second look necessary: see `sizeOf`.
   */
  search(person: Person, span: { from: number; to: number; all: boolean }, signal: AbortSignal): Promise<Places>
  /** Removes; each commit is whole, and all of it may be repeated. Nothing else may write the index meanwhile. */
  purge(person: Person, places: Places): Promise<IndexErased>
}

interface Deps {
  readonly store: Store
  readonly journal: Journal
  /** Bodies that are not to be opened. */
  readonly aside: ReadonlySet<number>
  readonly maxInflated: number
}

/** Deliveries read at once, and changed in one commit. */
const PAGE = 16
const BIG = 1024 * 1024
const PAGE_OF_HEADS = 200
/** Bytes of one commit. */
const COMMIT = 4 * 1024 * 1024

/** Makes it. */
export function createIndexEraser(deps: Deps): IndexEraser {
  const { store, journal } = deps
  const bodies = createBodyEraser(deps)

  return {
    async search(person, { from, to, all }, signal) {
      const places: Places = {
        deliveries: new Set(),
        heads: new Set(),
        foreign: new Set(),
        positions: new Set(),
        unopened: 0,
      }
      let known = -1
      let current = createSieve(person)
      const sieve = (text: string): boolean => {
        if (sizeOf(person) !== known) {
          known = sizeOf(person)
          current = createSieve(person)
        }
        return current(text)
      }
      if (all) await searchDocuments(store, person, sieve, places, signal)
      let width = 1
      for (let at = Math.max(from, journal.first); at <= to;) {
        signal.throwIfAborted()
        const seqs = Array.from({ length: Math.min(width, to - at + 1) }, (_, index) => at + index)
        const sizes = await Promise.all(seqs.map((seq) => bodies.search(person, seq, sieve, places)))
        at += seqs.length
        // As when reading ahead: large bodies one by one, so that they do not fill the memory together.
        width = Math.max(...sizes) >= BIG ? 1 : Math.min(width + 1, PAGE)
      }
      return places
    },
    async purge(person, places) {
      const done: IndexErased = {
        bodies: 0,
        records: 0,
        mentions: 0,
        heads: 0,
        emails: 0,
        quarantine: 0,
        ownHeads: new Set(),
      }
      let pending: Change[] = []
      const flush = async (): Promise<void> => {
        const changes = pending
        pending = []
        const ops = changes.flatMap(({ ops: own }) => own)
        if (ops.length === 0) return
        await store.commit(ops)
        for (const { after } of changes) for (const fn of after) fn()
      }
      // Heads go last: an index that is half done still says which they are.
      for (const seq of [...places.deliveries].sort((a, b) => a - b)) {
        pending.push(await bodies.plan(person, seq, done))
        if (pending.reduce((sum, { size }) => sum + size, 0) >= COMMIT || pending.length >= PAGE) await flush()
      }
      await flush()
      const heads = [...new Set([...places.heads, ...person.keys])]
      for (let at = 0; at < heads.length; at += PAGE_OF_HEADS) {
        const ops = await headOps(store, person, heads.slice(at, at + PAGE_OF_HEADS), done)
        if (ops.length > 0) await store.commit(ops)
      }
      const rest = [...(await mailOps(store, person, done)), ...(await quarantineOps(store, person, done))]
      if (rest.length > 0) await store.commit(rest)
      return done
    },
  }
}
