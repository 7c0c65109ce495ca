import { splitBody } from '../core/records/bodies.ts'
import { coerceError, isBridgeError } from '../core/errors.ts'
import { contentHash, parseExact } from '../core/records/exact-json.ts'
import type { Scope } from '../core/expressions/expressions.ts'
import type { ExplainedDestination, ExplainedRecord, ExplainInput, ExplainReport } from '../core/dispatch/reports.ts'
import { awaitedBy } from '../core/records/joins.ts'
import { goneText } from '../core/retention/text.ts'
import { matchRoutes } from '../core/dispatch/routing.ts'
import type { DestinationSettings } from '../core/settings.ts'
import { toJob } from '../core/dispatch/to-job.ts'
import type { BevyRecord, IndexedRecord } from '../core/types.ts'
import { versionOf } from '../core/records/records.ts'
import { decide } from '../core/records/versions.ts'
import type { QueryDeps } from './deps.ts'
import { explainRoutes } from './routes.ts'

/** Which routes and why, and what each destination would be sent; nothing is stored or sent. */
export async function explain(input: ExplainInput, deps: QueryDeps): Promise<ExplainReport> {
  if ('seq' in input) {
    const delivery = await deps.index.read(input.seq)
    if (delivery === undefined) {
      const { first } = deps.journal
      const gone = input.seq > 0 && input.seq < first
      const problem = gone ? goneText(input.seq, first) : 'the journal holds no such delivery'
      return { seq: input.seq, problem, records: [] }
    }
    const records: ExplainedRecord[] = []
    for (const record of delivery.records) records.push(await explainRecord(record, delivery.receivedAt, deps))
    return { seq: input.seq, records }
  }
  return explainBody(input.body, deps)
}

async function explainBody(body: Uint8Array, deps: QueryDeps): Promise<ExplainReport> {
  let split
  try {
    split = splitBody(parseExact(new TextDecoder('utf-8', { fatal: true }).decode(body)))
  } catch (error) {
    return { problem: isBridgeError(error) ? error.message : 'the body is not UTF-8', records: [] }
  }
  if (split.state === 'unusable') return { problem: split.problem.reason, records: [] }
  const records: ExplainedRecord[] = []
  for (const item of split.items) {
    if (item.state === 'record') records.push(await explainRecord(await asIfArrived(item, deps), deps.now(), deps))
    else {
      const { n, problem, type = '?' } = item
      records.push({ n, key: type, verdict: 'invalid', problem: problem.reason, routes: [], destinations: [] })
    }
  }
  return { records }
}

interface Found {
  readonly n: number
  readonly record: BevyRecord
}

/** The record as the index would hold it if the body came now. */
async function asIfArrived({ n, record }: Found, deps: QueryDeps): Promise<IndexedRecord> {
  const position = { seq: deps.journal.tail + 1, n }
  const [head] = await deps.index.heads([record.key])
  const incoming = {
    ...record,
    position,
    hash: contentHash(record.data),
    version: versionOf(record.type, record.data, deps.now()).version,
  }
  const { verdict, version } = decide(incoming, head)
  const { type, id, key, data } = record
  const before = verdict === 'accepted' && head !== undefined ? { before: head.data } : {}
  return { type, id, key, data, position, hash: incoming.hash, verdict, version, ...before }
}

async function explainRecord(record: IndexedRecord, receivedAt: number, deps: QueryDeps): Promise<ExplainedRecord> {
  const { routes, destinations } = deps.settings()
  const scope = await deps.scopeOf(record, receivedAt)
  const explained: ExplainedDestination[] = []
  for (const destination of destinations) {
    explained.push(await explainDestination(destination, record, receivedAt, scope, deps))
  }
  return {
    n: record.position.n,
    key: record.key,
    verdict: record.verdict,
    routes: explainRoutes(routes, scope, deps.now()),
    destinations: explained,
  }
}

async function explainDestination(
  destination: DestinationSettings,
  record: IndexedRecord,
  receivedAt: number,
  scope: Scope,
  deps: QueryDeps,
): Promise<ExplainedDestination> {
  const { name, plugin, mode } = destination
  const facts = { name, plugin: plugin.name, mode }
  if (record.verdict !== 'accepted') return { ...facts, state: 'skips', because: `the record is ${record.verdict}` }
  const routes = deps.settings().routes.filter(({ to }) => to.includes(name))
  const match = matchRoutes(routes, scope, deps.now())
  if (match.state === 'no') return { ...facts, state: 'skips', because: 'no route to it matches' }
  const needs = match.state === 'undecided' ? match.needs : awaitedBy(destination.reads, scope)
  const waits = needs.length > 0 ? { because: `no ${needs.join(', ')} has come yet` } : {}
  return {
    ...facts,
    state: needs.length > 0 ? 'waits' : 'sends',
    ...waits,
    ...(await preview(destination, record, receivedAt, scope, match.routes, deps)),
  }
}

async function preview(
  destination: DestinationSettings,
  record: IndexedRecord,
  receivedAt: number,
  scope: Scope,
  routes: readonly string[],
  deps: QueryDeps,
): Promise<Pick<ExplainedDestination, 'preview' | 'problem'>> {
  const { position } = record
  const storeId = deps.store.id
  const job = toJob({
    record,
    position,
    receivedAt,
    scope,
    routes,
    storeId,
    slot: destination.name,
    attempts: 0,
    redriven: false,
  })
  try {
    const sender = await deps.previewer(destination)
    try {
      return sender.preview === undefined ? {} : { preview: await sender.preview([job]) }
    } finally {
      await sender.close?.()
    }
  } catch (error) {
    return { problem: coerceError(error).message }
  }
}
