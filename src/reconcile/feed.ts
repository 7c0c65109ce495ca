/** Takes fetched records in: judged against the heads, and appended where they tell something new. */

import { coerceError } from '../core/errors.ts'
import type { Clock, IndexReader, Journal, Log } from '../core/ports.ts'
import type { RestContext } from '../core/reconcile/from-rest.ts'
import { judge, type Judged } from '../core/reconcile/judge.ts'
import type { TypeCounts } from '../core/reconcile/reports.ts'
import type { Span } from '../core/reconcile/span.ts'
import type { Json, JsonObject, KnownType, Position } from '../core/types.ts'
import type { Turn } from './one-by-one.ts'

/** What was fetched. */
export interface Fetched {
  readonly type: KnownType
  readonly records: readonly JsonObject[]
  /** From `mark` before the request went out. */
  readonly asOf: Position
  readonly context?: RestContext | undefined
  /** Missing records whose own time lies outside are left out. */
  readonly span?: Span | undefined
  /** `seed`: what is missing, and nothing of it is sent; `none`: nothing, it is only counted. */
  readonly take: 'news' | 'seed' | 'none'
}

export interface Feed {
  /** The end of the journal now: where what is fetched from here on stands in the order. */
  mark(): Position
  /** Takes in what is new. `again` when the store does not take it. */
  take(fetched: Fetched, signal: AbortSignal): Promise<Turn<TypeCounts>>
}

interface Deps {
  readonly journal: Pick<Journal, 'tail' | 'append'>
  readonly index: IndexReader
  readonly clock: Clock
  readonly log: Log
  /** Whether there is room on the disk. */
  storable(): boolean
}

const STORE_WAIT = 15_000

/** Makes it. */
export function createFeed({ journal, index, clock, log, storable }: Deps): Feed {
  return {
    // After the last record of the tail, before the first one of the delivery that comes next.
    mark: () => ({ seq: journal.tail + 1, n: 0 }),
    async take({ type, records, asOf, context, span, take }, signal) {
      // What came before the fetch must be in the heads: over an older head an older state would be put together.
      await indexedUpTo(index, asOf.seq - 1, signal)
      const counts = noCounts()
      const news: JsonObject[] = []
      const usable = records.flatMap((data) => {
        const id = idOf(data['id'])
        if (id === undefined) counts.unusable += 1
        return id === undefined ? [] : [{ data, key: `${type}:${id}` }]
      })
      const heads = await index.heads(usable.map(({ key }) => key))
      const seen = new Set<string>()
      usable.forEach(({ data, key }, at) => {
        // One that moved from page to page, or stands twice in one.
        if (seen.has(key)) return
        seen.add(key)
        const judged: Judged = judge({ type, data, head: heads[at], asOf, span, ...(context && { context }) })
        counts[judged.state] += 1
        if (judged.state === 'missing' && take !== 'none') news.push(judged.data)
        if (judged.state === 'differs' && take === 'news') news.push(judged.data)
      })
      if (news.length === 0) return { state: 'done', value: counts }
      if (!storable()) return { state: 'again', reason: 'the disk is too full', after: STORE_WAIT, ours: true }
      signal.throwIfAborted()
      try {
        const { seq } = await journal.append({
          bytes: new TextEncoder().encode(JSON.stringify([{ type, data: news }])),
          receivedAt: clock.now(),
          contentType: 'application/json',
          asOf,
          ...(take === 'seed' ? { seed: true as const } : {}),
        })
        log.info('fetched records taken in', { seq, type, records: news.length, seed: take === 'seed' })
      } catch (error) {
        const reason = `the store does not take them: ${coerceError(error).message}`
        return { state: 'again', reason, after: STORE_WAIT, ours: true }
      }
      return { state: 'done', value: { ...counts, taken: news.length } }
    },
  }
}

/** Counts of nothing. */
export function noCounts(): Record<keyof TypeCounts, number> {
  return { same: 0, differs: 0, missing: 0, outside: 0, newer: 0, unusable: 0, taken: 0 }
}

async function indexedUpTo(index: IndexReader, seq: number, signal: AbortSignal): Promise<void> {
  if (index.indexed >= seq) return
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      unsubscribe()
      signal.removeEventListener('abort', give)
    }
    const give = (): void => {
      end()
      reject(signal.reason as Error)
    }
    const unsubscribe = index.onIndexed(() => {
      if (index.indexed < seq) return
      end()
      resolve()
    })
    signal.addEventListener('abort', give, { once: true })
    if (signal.aborted) give()
  })
}

function idOf(value: Json | undefined): string | undefined {
  const text = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : ''
  return text === '' ? undefined : text
}
