/** What destinations keep, in the hands of retention: who needs the journal, and what may go when it is old. */

import type { Store, StoreOp } from '../core/ports.ts'
import { PAGE, readPage } from '../core/retention/page.ts'
import type { Holder } from '../core/retention/rules.ts'
import type { KeptItem, KeptSet } from '../core/retention/sets.ts'
import {
  cursorDocument,
  discardedDocument,
  exceptionDocument,
  keys,
  parseDocument,
  replayDocument,
  sentDocument,
} from './documents.ts'
import type { Ledger } from './ledger.ts'
import type { Letters } from './letters.ts'
import { readRegistry } from './names.ts'

/** Why retention discards a dead letter. */
const TOO_OLD = 'older than retention.dead allows'

/**
 * Who needs the journal, and from where. Read from the store, which knows of no settled job that a crash could undo. What cannot be read
 * needs all of it.
 */
export async function readHolders(store: Store, configured: ReadonlySet<string>): Promise<Holder[]> {
  const holders: Holder[] = []
  for (const [name, { slot }] of await readRegistry(store)) {
    const add = (seq: number, by: Holder['by']): void =>
      void holders.push({ seq, by: configured.has(name) ? by : 'orphan', name })
    const cursor = cursorDocument.safeParse(await store.get(keys.cursor(slot)))
    add(cursor.success ? cursor.data.position.seq : 0, 'cursor')
    for (const [by, prefix, schema] of [
      ['waiting', keys.exceptions(slot), exceptionDocument],
      ['replay', keys.replays(slot), replayDocument],
    ] as const) {
      const found = (await store.getMany(await store.keys(prefix))).filter((document) => document !== undefined)
      const lowest = found.reduce<number>((least, document) => {
        const parsed = schema.safeParse(document)
        if (!parsed.success) return 0
        // One that was redriven has a copy of its record.
        return 'copy' in parsed.data ? least : Math.min(least, parsed.data.position.seq)
      }, Infinity)
      if (lowest !== Infinity) add(lowest, by)
    }
  }
  return holders
}

interface Parts {
  readonly name: string
  readonly slot: string
  readonly store: Store
  readonly ledger: Ledger
  readonly letters: Letters
  /** Nothing is sent just now: what was sent before may be asked for by all that waits. */
  paused(): boolean
}

/** Of a destination that runs. */
export function keptOfDestination(parts: Parts): readonly KeptSet[] {
  return [sentSet(parts), deadSet(parts), discardedSet(parts)]
}

function sentSet({ name, slot, store, ledger, paused }: Parts): KeptSet {
  return {
    part: 'sent',
    name: `sent ${name}`,
    page: (after) =>
      readPage(store, `sent:${slot}`, after, (document, key) => parseDocument(sentDocument, key, document).at),
    async remove(items) {
      if (paused()) return 0
      const needed = new Set([...ledger.exceptions.values()].map(({ key }) => keys.sent(slot, key)))
      const old = new Map(items.map(({ key, at }) => [key, at]))
      const names = [...old.keys()].filter(
        (key) => !needed.has(key) && !ledger.dead.has(key.slice(key.lastIndexOf(':') + 1)),
      )
      const newest = Math.max(...old.values())
      const count = await ledger.forgetSent(names, ({ at }) => at <= newest)
      await ledger.flushed()
      return count
    },
  }
}

function deadSet({ name, letters }: Parts): KeptSet {
  return {
    part: 'dead',
    name: `dead ${name}`,
    async page(after) {
      const ids = letters.ids().filter((id) => after === undefined || id > after)
      const page = ids.slice(0, PAGE)
      const found = await Promise.all(page.map((id) => letters.read(id)))
      const items = page.flatMap((key, at): KeptItem[] => {
        const letter = found[at]
        return letter === undefined ? [] : [{ key, at: letter.at, size: JSON.stringify(letter).length }]
      })
      return { items, next: ids.length > PAGE ? page.at(-1) : undefined }
    },
    async remove(items) {
      let count = 0
      for (const { key } of items) if (await letters.discard(key, TOO_OLD)) count++
      await letters.flushed()
      return count
    },
  }
}

/** Lines only: which dead letters a person, or retention, has given up. */
function discardedSet({ name, slot, store, ledger }: Parts): KeptSet {
  return {
    part: 'dead',
    name: `discarded ${name}`,
    page: (after) =>
      readPage(
        store,
        keys.discarded(slot),
        after,
        (document, key) => parseDocument(discardedDocument, key, document).at,
      ),
    async remove(items) {
      ledger.stage(items.map(({ key }): StoreOp => ({ op: 'remove', key })))
      await ledger.flushed()
      return items.length
    },
  }
}
