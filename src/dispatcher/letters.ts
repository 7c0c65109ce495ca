/** Dead letters of a destination in the hands of a person: while it runs, and from a store in which nothing runs. */

import type { Clock, Store } from '../core/ports.ts'
import { discardedDocument, keys, parseDocument, type Dead, type Discarded, type Exception } from './documents.ts'
import type { Ledger } from './ledger.ts'
import { idOf } from './ledger-read.ts'

export interface Letters {
  ids(): readonly string[]
  read(id: string): Promise<Dead | undefined>
  /** Makes a job of it again. False when there is none of that id. */
  redrive(id: string): Promise<boolean>
  /** Gives it up for good; a line with the reason is kept. False when there is none of that id. */
  discard(id: string, why: string): Promise<boolean>
  /** Lines of those that were discarded. */
  discarded(): Promise<readonly (Discarded & { readonly id: string })[]>
  /** Resolves when all of it is on disk. */
  flushed(): Promise<void>
}

interface Deps {
  readonly store: Store
  readonly slot: string
  readonly ledger: Ledger
  readonly clock: Clock
  redrive(id: string): Promise<boolean>
}

/** Makes them. */
export function createLetters({ store, slot, ledger, clock, redrive }: Deps): Letters {
  return {
    ids: () => [...ledger.dead].sort(),
    read: (id) => ledger.readDead(id),
    redrive,
    async discard(id, why) {
      const dead = await ledger.readDead(id)
      if (dead === undefined || !ledger.dead.has(id)) return false
      const { key, position, reason } = dead
      const value: Discarded = { key, position, reason, at: clock.now(), why }
      ledger.exhume(id)
      ledger.counts.skipped['discarded'] = (ledger.counts.skipped['discarded'] ?? 0) + 1
      ledger.stage([{ op: 'set', key: `${keys.discarded(slot)}:${id}`, value }])
      return true
    },
    async discarded() {
      const found = await store.keys(keys.discarded(slot))
      const documents = await store.getMany(found)
      return found.map((key, at) => ({ id: idOf(key), ...parseDocument(discardedDocument, key, documents[at]) }))
    },
    flushed: () => ledger.flushed(),
  }
}

/**
 * Makes an exception of a dead letter. `waits`: it is one now; `head`: mode `latest`, another exception of its record will send
 * the newest state anyway; `none`: there is no such letter.
 */
export async function redriveLetter(ledger: Ledger, id: string, now: number): Promise<'waits' | 'head' | 'none'> {
  const dead = await ledger.readDead(id)
  if (dead === undefined || !ledger.dead.has(id)) return 'none'
  ledger.exhume(id)
  const { cause: _cause, at: _at, data, ...rest } = dead
  if (ledger.exceptions.has(id)) return 'head'
  const exception: Exception = {
    ...rest,
    kind: 'retry',
    attempts: 0,
    waited: 0,
    delay: 0,
    dueAt: now,
    redriven: true,
    ...(data === null ? {} : { copy: data }),
  }
  ledger.saveException(id, exception)
  return 'waits'
}
