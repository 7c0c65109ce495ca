/**
 * Throws the index away and makes it again from the journal: entries, heads, e-mail lookup, quarantine, mark. A marker in the store says
 * that it is under way: until it is gone nothing else opens the index, and the next rebuild goes on where this one stopped.
 */

import { z } from 'zod'
import type { Clock, Journal, Log, Store } from '../core/ports.ts'
import type { RebuildProgress, RebuildReport } from '../core/dispatch/reports.ts'
import { seqKey } from '../core/keys.ts'
import { entryKey, headDocument, MARK, QUARANTINE, readDocument, REBUILD } from './documents.ts'
import { createIndexer, refuseBehind } from './indexer.ts'

interface Deps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  /** Ends it after the commit under way; the marker stays. */
  readonly signal: AbortSignal
  progress(progress: RebuildProgress): void
}

const marker = z.object({ v: z.literal(1), state: z.enum(['clearing', 'indexing']), startedAt: z.number() })

/** Keys removed in one commit. */
const PAGE = 2_000
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

/**
 * Rebuilds; `finished` is false when the signal ended it before. Moves no cursor and touches nothing that destinations keep. Where the
 * journal was cut, heads, quarantine and e-mail lookup of what is gone stay as they are. Rejects with `ERR_JOURNAL_BEHIND` before
 * anything is touched, and with the error of a delivery that cannot be read or a store that cannot be written: the marker then stays.
 */
export async function rebuildIndex(deps: Deps): Promise<RebuildReport> {
  const { store, journal, clock, signal } = deps
  const began = clock.monotonic()
  const found = await store.get(REBUILD)
  const resumed = found !== undefined
  const before = resumed ? readDocument(marker, REBUILD, found) : undefined
  let removed = 0
  if (before?.state !== 'indexing') {
    if (!resumed) refuseBehind(await store.get(MARK), journal)
    const startedAt = before?.startedAt ?? clock.now()
    await store.commit([{ op: 'set', key: REBUILD, value: { v: 1, state: 'clearing', startedAt } }])
    removed = await clear(deps)
    if (!signal.aborted) {
      await store.commit([{ op: 'set', key: REBUILD, value: { v: 1, state: 'indexing', startedAt } }])
    }
  }
  const counts = signal.aborted ? undefined : await index(deps)
  const finished = counts !== undefined && !signal.aborted
  if (finished) await store.commit([{ op: 'remove', key: REBUILD }])
  return {
    finished,
    resumed,
    removed,
    deliveries: counts?.deliveries ?? 0,
    records: counts?.records ?? { accepted: 0, unchanged: 0, stale: 0, invalid: 0 },
    quarantined: counts?.quarantined ?? { bodies: 0, records: 0 },
    duration: Math.round(clock.monotonic() - began),
  }
}

/** Removes what is derived from deliveries the journal still holds; returns the number of documents. */
async function clear({ store, journal, signal, progress }: Deps): Promise<number> {
  const { first } = journal
  const whole = first === 1
  let removed = 0
  const removeAll = async (prefix: string, start?: string, mayGo?: (keys: string[]) => Promise<string[]>) => {
    for (let after = start; !signal.aborted;) {
      const keys = await store.keys(prefix, { limit: PAGE, ...(after === undefined ? {} : { after }) })
      after = keys.at(-1)
      if (after === undefined) return
      const going = mayGo === undefined ? keys : await mayGo(keys)
      if (going.length > 0) await store.commit(going.map((key) => ({ op: 'remove', key })))
      removed += going.length
      progress({ state: 'clearing', done: removed })
    }
  }
  await store.commit([{ op: 'remove', key: MARK }])
  await removeAll('index', entryKey(first - 1))
  await removeAll(QUARANTINE, seqKey(QUARANTINE, first))
  // A head of a delivery that was cut away could not be made again, nor the addresses it once had.
  await removeAll('head', undefined, whole ? undefined : (keys) => headsSince(store, keys, first))
  if (whole) await removeAll('mail')
  return removed
}

async function headsSince(store: Store, keys: string[], first: number): Promise<string[]> {
  const documents = await store.getMany(keys)
  return keys.filter((key, at) => readDocument(headDocument, key, documents[at]).position.seq >= first)
}

type Counts = Pick<RebuildReport, 'deliveries' | 'records' | 'quarantined'>

async function index({ store, journal, clock, signal, progress }: Deps): Promise<Counts> {
  const trouble = Promise.withResolvers<never>()
  trouble.promise.catch(() => {})
  const indexer = await createIndexer({
    store,
    journal,
    clock,
    // Each delivery was told of when it came.
    log: silent,
    alerts: { raise() {} },
    rebuilding: { failed: trouble.reject },
  })
  const stop = () => void indexer.stop()
  signal.addEventListener('abort', stop, { once: true })
  indexer.onIndexed((seq) => progress({ state: 'indexing', done: seq - journal.first + 1, of: size(journal) }))
  try {
    indexer.start()
    await Promise.race([indexer.idle(), trouble.promise])
  } finally {
    signal.removeEventListener('abort', stop)
    await indexer.stop()
  }
  const { types, quarantined } = indexer.stats()
  const records = { accepted: 0, unchanged: 0, stale: 0, invalid: 0 }
  for (const counts of Object.values(types)) {
    for (const verdict of Object.keys(records) as (keyof typeof records)[]) records[verdict] += counts[verdict]
  }
  return { deliveries: indexer.indexed - journal.first + 1, records, quarantined }
}

function size({ first, tail }: Journal): number {
  return tail - first + 1
}
