/** Puts together what the store, the sinks and the files say, for the ledger. */

import { parseInstant } from '../core/records/instants.ts'
import type { IndexReader, Journal } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'
import { markOf } from '../core/torture/facts.ts'
import type {
  Acknowledgment,
  LedgerBooks,
  LedgerDelivery,
  LedgerFacts,
  LedgerRecord,
  OpenJob,
  Take,
} from '../core/torture/facts.ts'
import { createMatcher } from '../core/torture/match.ts'
import type { Head, JsonObject, Position } from '../core/types.ts'
import { digestOf } from './post.ts'
import { isTable, type Row } from './rows.ts'
import type { Taken } from './sinks.ts'

/** A store at rest. */
export interface StoreReader {
  readonly journal: Pick<Journal, 'first' | 'tail' | 'read'>
  readonly index: IndexReader
  readonly books: readonly {
    readonly name: string
    readonly cursor: LedgerBooks['cursor']
    open(): Promise<{ readonly waiting: readonly OpenJob[]; readonly dead: readonly OpenJob[] }>
  }[]
  close(): Promise<void>
}

/** What there is to put together. */
export interface Evidence {
  readonly settings: Settings
  readonly reader: StoreReader
  readonly acknowledged: readonly Acknowledgment[]
  readonly taken: readonly Taken[]
  readonly rows: readonly Row[]
  /** As they stood when a life ended. */
  readonly booksAt: ReadonlyMap<number, ReadonlyMap<string, LedgerBooks>>
  /** Wall clock now. */
  readonly now: number
}

/** Reads the whole journal twice. */
export async function gatherFacts(evidence: Evidence): Promise<LedgerFacts> {
  const { settings, reader, acknowledged, booksAt } = evidence
  const { destinations } = settings
  const history = await readHistory(reader)
  const matcher = createMatcher({ ...settings, states: history.states, until: evidence.now })
  const deliveries: LedgerDelivery[] = []
  const positions = new Map<string, Position>()
  const unsure = new Set<string>()
  for (let { first: seq } = reader.journal; seq <= reader.journal.tail; seq++) {
    const stored = await reader.journal.read(seq)
    if (stored === undefined) continue
    const indexed = await reader.index.read(seq)
    const records = indexed?.records.map((record): LedgerRecord => {
      const { position, key, verdict, data } = record
      positions.set(`${seq}/${markOf(data)}`, position)
      const matches = verdict === 'accepted' ? matcher(record, indexed.receivedAt) : []
      matches.forEach((match, index) => {
        if (match === 'maybe' || match === 'late')
          unsure.add(`${destinations[index]?.name} ${position.seq}.${position.n}`)
      })
      return { position, key, verdict, matches }
    })
    const setAside = records?.length === 0 && parse(stored.bytes).length > 0
    deliveries.push({ seq, digest: digestOf(stored.bytes), records, setAside })
  }
  const books = await readBooks(reader)
  const positionOf = ({ seq, n, mark }: { seq: number; n?: number | undefined; mark?: number | undefined }): Position =>
    n === undefined ? (positions.get(`${seq}/${mark}`) ?? { seq, n: 0 }) : { seq, n }
  const keys = [...history.newest.keys()]
  const heads = await reader.index.heads(keys)
  return {
    acknowledged,
    deliveries,
    heads: keys.map((key, index) => ({
      key,
      expected: history.newest.get(key)?.position as Position,
      found: heads[index]?.position,
    })),
    destinations: destinations.map(({ name, mode, options }) => ({
      name,
      mode,
      showsNewest: isTable(options),
      books: books.get(name) ?? NO_BOOKS,
      booksAt: new Map(
        [...booksAt].flatMap(([life, all]) => (all.has(name) ? [[life, all.get(name) as LedgerBooks]] : [])),
      ),
    })),
    takes: [
      ...evidence.taken.map((one): Take => ({ ...one, position: positionOf(one) })),
      ...evidence.rows.map(({ destination, aside, ...row }): Take => {
        const position = positionOf(row)
        // It may have waited for a joined record, died and been redriven: late, and rightly so.
        const late = unsure.has(`${destination} ${position.seq}.${position.n}`)
        return { destination, position, life: 0, delivered: true, aside: aside || late, left: false }
      }),
    ],
  }
}

const NO_BOOKS: LedgerBooks = { cursor: { position: { seq: 0, n: 0 }, done: [] }, waiting: [], dead: [] }

/** The books of all destinations, by name. */
export async function readBooks({ books }: Pick<StoreReader, 'books'>): Promise<Map<string, LedgerBooks>> {
  return new Map(
    await Promise.all(books.map(async ({ name, cursor, open }) => [name, { cursor, ...(await open()) }] as const)),
  )
}

interface Newest {
  readonly position: Position
  readonly mark: number | undefined
  readonly version: number | undefined
}

/** The accepted states of each record; and, from the bodies alone and without the index, which state of each is the newest. */
async function readHistory({ journal, index }: StoreReader) {
  const states = new Map<string, Head[]>()
  const newest = new Map<string, Newest>()
  for (let { first: seq } = journal; seq <= journal.tail; seq++) {
    const stored = await journal.read(seq)
    if (stored === undefined) continue
    const indexed = await index.read(seq)
    // Of what was set aside nothing is known to the index; that it was is counted.
    const envelopes = indexed?.records.length === 0 ? [] : parse(stored.bytes)
    let n = 0
    for (const { type, data } of envelopes) {
      for (const record of data) {
        const key = `${type}:${String(record['id'])}`
        const after = newer(newest.get(key), type, record, { seq, n: ++n })
        if (after !== undefined) newest.set(key, after)
      }
    }
    // Only these are joined to others.
    for (const record of indexed?.records ?? []) {
      if (record.verdict !== 'accepted' || !['event', 'chapter', 'user'].includes(record.type)) continue
      const list = states.get(record.key)
      if (list === undefined) states.set(record.key, [record])
      else list.push(record)
    }
  }
  return { states, newest }
}

/** Nothing for a body that is in quarantine. */
function parse(bytes: Uint8Array): { type: string; data: JsonObject[] }[] {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as { type: string; data: JsonObject[] }[]
  } catch {
    return []
  }
}

/** Undefined when the state before stays the newest. */
function newer(before: Newest | undefined, type: string, data: JsonObject, position: Position): Newest | undefined {
  const text = data['updated_ts']
  const version = type === 'event' && typeof text === 'string' ? parseInstant(text)?.micros : undefined
  const mark = markOf(data)
  if (before?.mark === mark) return undefined
  if (version !== undefined && before?.version !== undefined && version < before.version) return undefined
  return { position, mark, version }
}
