import { comparePositions } from '../core/positions.ts'
import type { InspectedRecord, InspectQuery, InspectReport } from '../core/dispatch/reports.ts'
import type { StoredDelivery } from '../core/ports.ts'
import type { Cursor, Head, Position } from '../core/types.ts'
import type { Appearance, DestinationBooks, QueryDeps } from './deps.ts'
import { explainRoutes } from './routes.ts'

/** Appearances of a record that are listed. */
const MOST = 100
/** Records of one e-mail address that are listed. */
const MOST_RECORDS = 200

/** A record by key, or all records with an e-mail address: deliveries, verdicts, routes, sends. */
export async function inspect(query: InspectQuery, deps: QueryDeps): Promise<InspectReport> {
  const keys = 'key' in query ? [query.key] : (await deps.index.findByMail(query.email)).slice(0, MOST_RECORDS)
  const books = await deps.books()
  const records: InspectedRecord[] = []
  for (const key of keys) records.push(await inspectKey(key, query.data === true, books, deps))
  return { records: records.filter(({ head, history }) => head !== undefined || history.length > 0) }
}

async function inspectKey(
  key: string,
  withData: boolean,
  books: readonly DestinationBooks[],
  deps: QueryDeps,
): Promise<InspectedRecord> {
  const [head] = await deps.index.heads([key])
  const history: Appearance[] = []
  for await (const appearance of deps.index.history(key, { limit: MOST })) history.unshift(appearance)
  const delivery = head === undefined ? undefined : await deps.journal.read(head.position.seq)
  const { routes } = deps.settings()
  return {
    key,
    ...(head === undefined ? {} : { head: headOf(head, delivery, withData) }),
    history,
    routes: head === undefined ? [] : explainRoutes(routes, await scopeOfHead(head, delivery, deps), deps.now()),
    destinations: await Promise.all(
      books
        .filter(({ inspect: look }) => look !== undefined)
        .map(async (one) => {
          const { cursor, ...found } = await (one.inspect as NonNullable<DestinationBooks['inspect']>)(key)
          const passed = passedState(cursor, history, found)
          return { name: one.name, ...found, ...(passed === undefined ? {} : { passed }) }
        }),
    ),
  }
}

function headOf(
  head: Head,
  delivery: StoredDelivery | undefined,
  withData: boolean,
): NonNullable<InspectedRecord['head']> {
  return {
    position: head.position,
    version: head.version,
    hash: head.hash,
    ...(delivery === undefined ? {} : { receivedAt: delivery.receivedAt }),
    ...(withData ? { data: head.data } : {}),
  }
}

async function scopeOfHead(head: Head, delivery: StoredDelivery | undefined, deps: QueryDeps) {
  const indexed = await deps.index.read(head.position.seq)
  const record = indexed?.records.find(({ position }) => position.n === head.position.n)
  return deps.scopeOf(record ?? { ...head, verdict: 'accepted' }, delivery?.receivedAt ?? deps.now())
}

/** The newest accepted state before the cursor, unless a job of it still waits or is dead. */
function passedState(
  cursor: Cursor,
  history: readonly Appearance[],
  open: { readonly exception?: { readonly position: Position }; readonly dead?: { readonly position: Position } },
): Position | undefined {
  const unsettled = [open.exception?.position, open.dead?.position].filter((position) => position !== undefined)
  return history.findLast(({ position, verdict }) => {
    if (verdict !== 'accepted' || unsettled.some((other) => comparePositions(other, position) <= 0)) return false
    return (
      comparePositions(position, cursor.position) < 0 ||
      cursor.done.some((done) => comparePositions(done, position) === 0)
    )
  })?.position
}
