/** Makes the index: reads the journal behind its writers, decides about each record, keeps heads and verdicts. */

import { CAREFREE, type Careful } from '../core/dispatch/careful.ts'
import { StoreError } from '../core/errors.ts'
import type { Alerts, Clock, IndexReader, Journal, Log, Store } from '../core/ports.ts'
import type { KeptSet } from '../core/retention/sets.ts'
import type { Head, Position } from '../core/types.ts'
import { createDeliveries } from './deliveries.ts'
import type { Mark, Quarantined } from './documents.ts'
import { MARK, markDocument, readDocument, REBUILD } from './documents.ts'
import type { Evaluated } from './evaluate.ts'
import { createIndexEraser, type IndexEraser } from './erase.ts'
import { createHeads } from './heads.ts'
import { keptOfIndex } from './kept.ts'
import type { Sighting } from './lookups.ts'
import { findByMail, hasEntry, readAside, readHistory, readQuarantine } from './lookups.ts'
import { createIndexing } from './indexing.ts'
import { report } from './report.ts'
import type { IndexStats } from './tallies.ts'
import { toStats } from './tallies.ts'

/** What the indexer needs. Sizes in bytes. */
export interface IndexerDeps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  /** Default: ordinary life. */
  readonly careful?: Careful | undefined
  /** Deliveries are coming in right now: indexing leaves them more room. Default: never. */
  readonly busy?: (() => boolean) | undefined
  /** It is being made anew. `failed` is told of what would otherwise be tried again for ever. */
  readonly rebuilding?: { failed(error: unknown): void } | undefined
  /** People Bevy has deleted are noted with the index, to be erased here too. Default: no. */
  readonly deletions?: (() => boolean) | undefined
  /** Such a note was committed. */
  readonly onDeletion?: (() => void) | undefined
  /** The most a compressed body may have when inflated; default 64 MB, as much as the receiver takes of a plain one. */
  readonly maxInflated?: number | undefined
  /** Memory for deliveries, so that several destinations read one once; default 32 MB. */
  readonly deliveryCache?: number | undefined
  /** Memory for heads; default 32 MB. */
  readonly headCache?: number | undefined
}

/** The index: written by a loop of its own, read by everyone. Reading works without `start`. */
export interface Indexer extends IndexReader {
  /** Begins to index, where it stopped. */
  start(): void
  /** Ends after the commit under way; what is left is indexed after the next start. */
  stop(): Promise<void>
  /** Resolves when all of the journal is indexed, or after `stop`. */
  idle(): Promise<void>
  stats(): IndexStats
  /** The head of a record by its key, `type:id`. */
  findByKey(key: string): Promise<Head | undefined>
  /** Keys of the records that had this e-mail address in some accepted state. */
  findByMail(email: string): Promise<string[]>
  /** Where a record was seen, the newest first. Searches the whole index of a key it does not know: stop when you have enough. */
  history(key: string, options?: { readonly limit?: number }): AsyncGenerator<Sighting>
  /** Takes a person out of it; `alone` around `purge`. */
  readonly eraser: IndexEraser
  /** Runs `fn` while nothing is being indexed; what was read before is forgotten afterwards. */
  alone<T>(fn: () => Promise<T>): Promise<T>
  /** What retention may remove beside deliveries; `timeOf`: the latest time at which a delivery that was cut away can have come. */
  kept(timeOf: (seq: number) => number): readonly KeptSet[]
  /** What is in quarantine after a position, the oldest first; 100 unless told otherwise. */
  readQuarantine(options?: { readonly after?: Position; readonly limit?: number }): Promise<Quarantined[]>
}

const MB = 1024 * 1024

/**
 * Opens the index; writes nothing before `start`. Rejects with `ERR_JOURNAL_BEHIND` when it reaches further than the journal (a
 * backup of one without the other), `ERR_INDEX_DAMAGED` when mark and entries do not agree, `ERR_INDEX_UNFINISHED` when a rebuild
 * was not finished, and with what the store rejects.
 */
export async function createIndexer(deps: IndexerDeps): Promise<Indexer> {
  const { store, journal, log, alerts } = deps
  const maxInflated = deps.maxInflated ?? 64 * MB
  const heads = createHeads(store, deps.headCache ?? 32 * MB)
  const deliveries = createDeliveries(store, journal, deps.deliveryCache ?? 32 * MB, maxInflated)
  const listeners = new Set<(seq: number, firstSeen: readonly string[]) => void>()
  if (deps.rebuilding === undefined) await refuseUnfinished(store)
  let mark = await openMark(store, journal)
  const aside = await readAside(store)

  function committed(evaluated: Evaluated): void {
    mark = evaluated.mark
    heads.committed(evaluated.heads)
    for (const { indexed, size } of evaluated.deliveries) deliveries.keep(indexed, size)
    if (evaluated.deletions) deps.onDeletion?.()
    try {
      report(evaluated, log, alerts)
    } catch (error) {
      log.error('a report of the index failed', { seq: mark.seq }, error)
    }
    for (const { indexed, firstSeen } of evaluated.deliveries) {
      for (const listener of listeners) {
        try {
          listener(indexed.seq, firstSeen)
        } catch (error) {
          log.error('a listener of the index failed', { seq: indexed.seq }, error)
        }
      }
    }
  }

  const { careful = CAREFREE, busy = () => false } = deps
  const indexing = createIndexing({
    ...deps,
    failed: deps.rebuilding?.failed,
    careful,
    aside,
    busy: () => busy() || deliveries.outrun(),
    deletions: () => deps.deletions?.() === true,
    maxInflated,
    heads,
    mark: () => mark,
    committed,
  })

  return {
    start: indexing.start,
    stop: indexing.stop,
    idle: indexing.idle,
    get indexed() {
      return mark.seq
    },
    get first() {
      return journal.first
    },
    async read(seq) {
      if (!Number.isInteger(seq) || seq < journal.first || seq > mark.seq) return undefined
      return deliveries.read(seq, mark.seq)
    },
    heads: (keys) => heads.read(keys),
    onIndexed(fn) {
      listeners.add(fn)
      return () => void listeners.delete(fn)
    },
    stats: () => toStats(mark),
    async findByKey(key) {
      return (await heads.read([key]))[0]
    },
    findByMail: (email) => findByMail(store, email),
    async *history(key, { limit = Infinity } = {}) {
      const [head] = await heads.read([key])
      let left = limit
      if (left <= 0) return
      for await (const sighting of readHistory(
        store,
        key,
        Math.max((head?.since ?? head?.position)?.seq ?? 0, journal.first),
        mark.seq,
      )) {
        yield sighting
        if (--left <= 0) return
      }
    },
    eraser: createIndexEraser({ store, journal, aside, maxInflated }),
    alone: (fn) =>
      indexing.alone(async () => {
        try {
          return await fn()
        } finally {
          heads.clear()
          deliveries.clear()
        }
      }),
    kept: (timeOf) => keptOfIndex({ store, journal, still: indexing.alone, dropped: heads.dropped }, timeOf),
    readQuarantine: (options = {}) => readQuarantine(store, options),
  }
}

/** Reads the mark; that of a new index when there is none. */
export async function readMark(store: Store, journal: Journal): Promise<Mark> {
  const found = await store.get(MARK)
  if (found !== undefined) return readDocument(markDocument, MARK, found)
  return { v: 1, seq: journal.first - 1, types: [], bodies: 0, records: 0 }
}

async function openMark(store: Store, journal: Journal): Promise<Mark> {
  const mark = await readMark(store, journal)
  refuseBehind(mark, journal)
  // Without atomic commits a kill may leave an entry behind the mark; it is written again.
  const ahead = store.capabilities.atomic && (await hasEntry(store, mark.seq + 1))
  const behind = mark.seq >= journal.first && !(await hasEntry(store, mark.seq))
  if (ahead || behind) {
    const what = ahead ? `delivery ${mark.seq + 1} is indexed though the mark` : 'the entry is missing where the mark'
    throw new StoreError('ERR_INDEX_DAMAGED', `${what} stands at ${mark.seq}: make the index again with rebuild`)
  }
  return mark
}

/** Throws `ERR_JOURNAL_BEHIND` when a mark lies past the journal's tail; one that cannot be read says nothing. */
export function refuseBehind(found: unknown, { tail }: Pick<Journal, 'tail'>): void {
  const mark = markDocument.safeParse(found)
  if (!mark.success || mark.data.seq <= tail) return
  const { seq } = mark.data
  throw new StoreError(
    'ERR_JOURNAL_BEHIND',
    `deliveries up to ${seq} were indexed, but the journal ends at ${tail}: ` +
      `deliveries ${tail + 1} to ${seq} are missing, restore a newer backup`,
  )
}

async function refuseUnfinished(store: Store): Promise<void> {
  if ((await store.get(REBUILD)) === undefined) return
  throw new StoreError(
    'ERR_INDEX_UNFINISHED',
    'the index is being made again and that was not finished: run `bevy-bridge rebuild`, which goes on where it stopped',
  )
}
