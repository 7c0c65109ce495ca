/** Heads in memory, in front of the store. */

import type { Store } from '../core/ports.ts'
import { createWeightedCache } from '../core/weighted-cache.ts'
import type { StoredHead } from '../core/records/versions.ts'
import { headDocument, headKey, readDocument } from './documents.ts'
import type { ChangedHead } from './evaluate.ts'

/** Reads heads and keeps those used last. */
export interface Heads {
  /** By key, in order; undefined where none has arrived. Rejects with what the store rejects. */
  read(keys: readonly string[]): Promise<(StoredHead | undefined)[]>
  /** Takes over what was committed. */
  committed(heads: ReadonlyMap<string, ChangedHead>): void
  /** These are gone from the store. */
  dropped(keys: readonly string[]): void
  /** Forgets what was read: the store was changed past it. */
  clear(): void
}

const PAGE = 500
/** A parsed object takes about this many bytes for each character of its JSON, and this many more by itself. */
const BYTES_PER_CHARACTER = 4
const BYTES_PER_HEAD = 500
/** That there is none is worth knowing too: most records refer to some head that never came. */
const BYTES_PER_ABSENCE = 200

/** Makes it; `limit` is in bytes of memory, roughly. */
export function createHeads(store: Store, limit: number): Heads {
  const cache = createWeightedCache<string, StoredHead | 'absent'>(limit)
  let commits = 0

  const keep = (head: StoredHead, size: number) =>
    cache.set(head.key, head, BYTES_PER_HEAD + size * BYTES_PER_CHARACTER)

  async function load(keys: readonly string[], found: Map<string, StoredHead>): Promise<void> {
    const then = commits
    const documents = await store.getMany(keys.map(headKey))
    for (const [index, key] of keys.entries()) {
      if (documents[index] === undefined) {
        if (then === commits) cache.set(key, 'absent', BYTES_PER_ABSENCE)
        continue
      }
      const { v: _, asOf, since, ...facts } = readDocument(headDocument, headKey(key), documents[index])
      const head = { ...facts, key, ...(asOf === undefined ? {} : { asOf }), ...(since === undefined ? {} : { since }) }
      found.set(key, head)
      // Read before a commit that ended meanwhile, it may be an older state than the one kept since.
      if (then === commits) keep(head, JSON.stringify(head.data).length)
    }
  }

  return {
    async read(keys) {
      const found = new Map<string, StoredHead>()
      const missing: string[] = []
      for (const key of new Set(keys)) {
        const head = cache.get(key)
        if (head === undefined) missing.push(key)
        else if (head !== 'absent') found.set(key, head)
      }
      for (let at = 0; at < missing.length; at += PAGE) await load(missing.slice(at, at + PAGE), found)
      return keys.map((key) => found.get(key))
    },
    dropped(keys) {
      commits++
      for (const key of keys) cache.delete(key)
    },
    clear() {
      commits++
      cache.clear()
    },
    committed(heads) {
      commits++
      for (const { head, size } of heads.values()) keep(head, size)
    },
  }
}
