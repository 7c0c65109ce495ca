import { brotliDecompressSync, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib'
import type { StorageSettings } from '../../src/core/settings.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { entryKey, quarantineKey, type Entry, type Quarantined } from '../../src/indexer/documents.ts'
import { createIndexer } from '../../src/indexer/indexer.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { openStore } from '../../src/storage/open.ts'
import { createHandClock } from './clock.ts'
import type { HostileBody } from './hostile-bodies.ts'
import { createMemoryLog } from './log.ts'

/** What became of bodies, counted. */
export interface Ledger {
  readonly deliveries: number
  readonly records: number
  readonly accepted: number
  /** By code. */
  readonly quarantined: Readonly<Record<string, number>>
}

const PAGE = 500
/** Refused for their size alone: an oracle without limits would take them. */
const LIMITS = new Set(['ERR_BODY_TOO_DEEP', 'ERR_BODY_TOO_MANY', 'ERR_BODY_TOO_BIG'])

/**
 * Opens a store nobody runs on and holds it against what was sent, `bodyOf(n)` under `seqs[n]`: each body is in the journal byte for
 * byte; what an independent reading finds in it is there record for record, indexed or in quarantine whole, and nothing else
 * is. Throws at the first difference. Every `thorough`-th delivery is also read as the destinations read it.
 */
export async function checkLedger(
  storage: StorageSettings,
  seqs: Uint32Array,
  bodyOf: (n: number) => HostileBody,
  thorough = 1,
): Promise<Ledger> {
  const log = createMemoryLog()
  const store = await openStore(storage, { log })
  try {
    const journal = await createJournal(store, { log })
    const clock = createHandClock()
    const indexer = await createIndexer({ store, journal, clock, log, alerts: { raise() {} } })
    const quarantined: Record<string, number> = {}
    let records = 0
    let accepted = 0
    const check = async (n: number, seq: number, document: unknown): Promise<void> => {
      const sent = bodyOf(n)
      const fail = (what: string): never => {
        throw new Error(`body ${n}, delivery ${seq}: ${what}: ${Buffer.from(sent.bytes.subarray(0, 300)).toString()}`)
      }
      const stored = await journal.read(seq)
      if (stored === undefined || Buffer.compare(stored.bytes, sent.bytes) !== 0)
        return fail('not in the journal as sent')
      const entry = document as Entry | undefined
      if (entry === undefined) return fail('not indexed')
      const wanted = entry.records.filter(({ verdict }) => verdict === 'invalid').map((record) => record.n)
      const keys = (entry.problem === undefined ? wanted : [0]).map((at) => quarantineKey({ seq, n: at }))
      const aside = (keys.length === 0 ? [] : await store.getMany(keys)) as Quarantined[]
      if (aside.includes(undefined as never)) return fail('not in quarantine')
      for (const { code, reason } of aside) {
        if (reason === '' || !code.startsWith('ERR_')) return fail('quarantined without a reason')
        quarantined[code] = (quarantined[code] ?? 0) + 1
      }
      records += entry.records.length
      accepted += entry.records.filter(({ verdict }) => verdict === 'accepted').length
      const found = readAlone(sent)
      if (entry.problem !== undefined) {
        const expected = found === undefined || LIMITS.has(entry.problem.code)
        return expected && entry.records.length === 0
          ? undefined
          : fail(`as a whole in quarantine: ${entry.problem.code}`)
      }
      if (found === undefined) return fail('indexed, though it cannot be read')
      if (entry.records.length !== found.items.length) return fail('records are missing')
      const usable = n % thorough === 0 ? ((await indexer.read(seq))?.records ?? []) : []
      for (const { position, data } of usable) {
        if (!same(data, found.items[position.n - 1], found.exact)) return fail(`record ${position.n} is not as sent`)
      }
      if (n % thorough === 0 && usable.length + aside.length !== entry.records.length) return fail('records are lost')
      for (const { position, data } of aside) {
        if (!same(data as Json, found.items[position.n - 1], found.exact))
          return fail(`${position.n} is not kept whole`)
      }
    }
    for (let from = 0; from < seqs.length; from += PAGE) {
      const page = [...seqs.subarray(from, from + PAGE)]
      const documents = await store.getMany(page.map(entryKey))
      await Promise.all(page.map((seq, at) => check(from + at, seq, documents[at])))
    }
    if (new Set(seqs).size !== seqs.length) throw new Error('two bodies were stored under one number')
    return { deliveries: journal.tail, records, accepted, quarantined }
  } finally {
    await store.close()
  }
}

function same(kept: Json | undefined, sent: Json | undefined, exact: boolean): boolean {
  return !exact || JSON.stringify(kept) === JSON.stringify(sent)
}

/** What stands in a body, read without any of the project's code; undefined when nothing can be read. */
function readAlone({ bytes, encoding = '' }: HostileBody): { items: readonly Json[]; exact: boolean } | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(inflateAlone(bytes, encoding))
    const json = JSON.parse(text) as Json
    if (typeof json !== 'object' || json === null) return undefined
    const envelopes = Array.isArray(json) ? (json as readonly Json[]) : [json]
    if (envelopes.length > 0 && !envelopes.some(isEnvelope)) return undefined
    const items = envelopes.flatMap((one) => (isEnvelope(one) ? listOf(one['data'] as Json) : [one]))
    // Big numbers are kept as the text of their digits.
    return { items, exact: !/\d{16}|\de\+?\d{3}/i.test(text) }
  } catch {
    return undefined
  }
}

function isEnvelope(json: Json): json is JsonObject {
  return typeof json === 'object' && json !== null && Object.hasOwn(json, 'type') && Object.hasOwn(json, 'data')
}

function listOf(data: Json): readonly Json[] {
  if (data === null || data === '' || (typeof data === 'object' && Object.keys(data).length === 0)) return []
  return Array.isArray(data) ? data : [data]
}

function inflateAlone(bytes: Uint8Array, encoding: string): Uint8Array {
  const names = encoding.toLowerCase().split(/[\s,]+/)
  return names
    .filter((name) => name !== '' && name !== 'identity')
    .reduceRight((rest, name) => {
      if (name === 'gzip') return gunzipSync(rest)
      if (name === 'br') return brotliDecompressSync(rest)
      if (name !== 'deflate') throw new Error('unknown')
      try {
        return inflateSync(rest)
      } catch {
        return inflateRawSync(rest)
      }
    }, bytes)
}
