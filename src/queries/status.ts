import type { DestinationStatus, StatusReport } from '../core/dispatch/reports.ts'
import type { DestinationBooks, QueryDeps } from './deps.ts'

/** How everything stands. */
export async function status(deps: QueryDeps): Promise<StatusReport> {
  const { journal, index } = deps
  const uptime = deps.uptime()
  const books = await deps.books()
  const reconcile = await deps.reconciliation()
  const unseen = await deps.unseen()
  const { access, run, last, lost } = reconcile
  const shown = access || run !== undefined || last !== undefined || lost !== undefined
  return {
    state: uptime === undefined ? 'offline' : 'running',
    version: deps.version,
    runtime: deps.runtime,
    ...(uptime === undefined ? {} : { uptime }),
    journal: {
      first: journal.first,
      tail: journal.tail,
      indexed: index.indexed,
      quarantined: await index.quarantined(),
      ...(await deps.kept()),
    },
    receiver: deps.receiver(),
    unmatched: deps.unmatched(),
    stale: index.stale(),
    destinations: await Promise.all(books.map((one) => destination(one, deps))),
    ...(unseen.length === 0 ? {} : { unseen }),
    ...(shown ? { reconcile } : {}),
  }
}

async function destination(books: DestinationBooks, deps: QueryDeps): Promise<DestinationStatus> {
  const settings = deps.settings().destinations.find(({ name }) => name === books.name)
  return {
    name: books.name,
    plugin: books.plugin,
    ...(settings === undefined ? {} : { mode: settings.mode }),
    state: books.state,
    ...(books.reason === undefined ? {} : { reason: books.reason }),
    lag: await lag(books, deps),
    sent: books.counts?.sent ?? 0,
    skipped: books.counts?.skipped ?? {},
    retrying: books.waiting ?? 0,
    unknown: books.unknown ?? 0,
    dead: books.dead ?? 0,
    ...(books.paused === undefined ? {} : { paused: books.paused }),
    ...(books.replays === undefined || books.replays.length === 0 ? {} : { replays: books.replays }),
    ...(books.lastError === undefined ? {} : { lastError: books.lastError }),
    ...(books.lastSuccess === undefined ? {} : { lastSuccess: books.lastSuccess }),
  }
}

async function lag({ cursor }: DestinationBooks, deps: QueryDeps): Promise<DestinationStatus['lag']> {
  if (cursor === undefined) return { deliveries: 0, age: null }
  const next = Math.max(cursor.position.seq, deps.journal.first)
  const deliveries = Math.max(0, deps.journal.tail - next + 1)
  if (deliveries === 0) return { deliveries, age: null }
  const oldest = await deps.journal.read(next)
  return { deliveries, age: oldest === undefined ? null : Math.max(0, deps.now() - oldest.receivedAt) }
}
