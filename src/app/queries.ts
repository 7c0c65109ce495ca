/** Hands the questions of people the parts that answer them. */

import type { InspectedRecord } from '../core/dispatch/reports.ts'
import { unseenFields } from '../core/expressions/unseen.ts'
import type { Clock, Journal, Log, Pace, Store } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'
import type { Cursor } from '../core/types.ts'
import { readBooks } from '../dispatcher/inspect.ts'
import { createScopes } from '../dispatcher/scopes.ts'
import type { Supervisor } from '../dispatcher/supervisor.ts'
import { readHoldings, readPause, type Holdings } from '../dispatcher/at-rest.ts'
import { createPace } from '../http/pace.ts'
import type { Doctor, Learnt } from '../doctor/doctor.ts'
import type { Erasures } from '../erasure/erasures.ts'
import type { Indexer } from '../indexer/indexer.ts'
import { createRunsAtRest } from '../reconcile/at-rest.ts'
import type { Reconciler } from '../reconcile/reconciler.ts'
import { countOpen } from '../indexer/kept.ts'
import { createQueries } from '../queries/queries.ts'
import type { DestinationBooks, IndexQueries, QueryDeps } from '../queries/deps.ts'
import { readKept } from './retaining.ts'
import { createSender, stateless } from './senders.ts'

/** What the answers are made of. */
export interface Parts {
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  readonly store: Store
  readonly journal: Journal
  readonly indexer: Indexer
  settings(): Settings
  readonly erasures: Erasures
  readonly learnt: Learnt
  /** Of a running bridge; absent when its store is only read. */
  readonly live?: {
    readonly supervisor: Supervisor
    readonly reconciler: Reconciler
    readonly doctor: Doctor
    /** A person has looked at a destination that was set aside. */
    forgive(slot: string): void
    uptime(): number
    receiver(): QueryDeps['receiver'] extends () => infer Counts ? Counts : never
  }
}

/** `node 24.21.0` */
export const RUNTIME =
  process.versions['bun'] === undefined ? `node ${process.versions.node}` : `bun ${process.versions['bun']}`

/** Makes the answers. */
export function createAnswers(parts: Parts) {
  const { version, clock, log, store, journal, indexer, settings, live } = parts
  // A preview sends nothing, so it has a pace of its own.
  const paceOf = (): Pace => createPace({ rate: undefined, bucketRate: undefined }, clock)
  const previewing = { storeId: store.id, version, clock, log, settings, paceOf }
  return createQueries({
    version,
    runtime: RUNTIME,
    store,
    journal,
    index: indexQueries(indexer, store),
    settings,
    now: clock.now,
    uptime: () => live?.uptime(),
    receiver: () => live?.receiver() ?? [],
    unmatched: () => live?.supervisor.unmatched() ?? {},
    reconciliation: async () =>
      (live?.reconciler ?? createRunsAtRest({ store, clock, log, settings: () => settings().bevy })).status(),
    kept: () => readKept(parts),
    unseen: async () => unseenFields(settings(), await parts.learnt.fields()),
    books: () => (live === undefined ? booksAtRest(parts) : booksAtWork(live.supervisor)),
    async scopeOf(record, receivedAt) {
      return (await createScopes(indexer, settings()).of(record, receivedAt)).scope
    },
    previewer: (destination) => createSender(destination, stateless(), previewing),
  })
}

function indexQueries(indexer: Indexer, store: Store): IndexQueries {
  const types = () => Object.entries(indexer.stats().types)
  return {
    get indexed() {
      return indexer.indexed
    },
    get first() {
      return indexer.first
    },
    read: (seq) => indexer.read(seq),
    heads: (keys) => indexer.heads(keys),
    onIndexed: (fn) => indexer.onIndexed(fn),
    findByMail: (email) => indexer.findByMail(email),
    history: (key, options) => indexer.history(key, options),
    quarantined: () => countOpen(store),
    stale: () => Object.fromEntries(types().flatMap(([type, { stale }]) => (stale > 0 ? [[type, stale]] : []))),
  }
}

type Inspect = (
  key: string,
) => Promise<Omit<InspectedRecord['destinations'][number], 'name' | 'passed'> & { cursor: Cursor }>

async function booksAtWork(supervisor: Supervisor): Promise<DestinationBooks[]> {
  const list = await supervisor.status()
  return list.map((one) => {
    const { name, plugin } = one
    if (one.state === 'stopped') return { name, plugin, state: one.state, reason: one.reason }
    if (one.state === 'orphaned') return { name, plugin, ...orphan(name, one.holdings) }
    const { exceptions, reason, paused, replays } = one
    const dispatcher = supervisor.dispatcher(name)
    return {
      name,
      plugin,
      // It waits for room or for the store by itself: to people it runs, with a reason.
      state: one.state === 'waiting' ? 'running' : one.state,
      ...(reason === undefined ? {} : { reason }),
      cursor: one.cursor,
      counts: one.counts,
      waiting: exceptions.retry + exceptions.batch + exceptions.join + exceptions.held,
      unknown: exceptions.unknown,
      dead: one.dead,
      ...(paused === undefined ? {} : { paused: { by: paused.by, since: paused.since, nextTry: paused.nextTry } }),
      replays,
      lastError: one.lastError,
      lastSuccess: one.lastSuccess,
      ...(dispatcher === undefined ? {} : { inspect: ((key) => dispatcher.inspect(key)) as Inspect }),
    }
  })
}

async function booksAtRest({ store, clock, log, settings }: Parts): Promise<DestinationBooks[]> {
  const known = await readBooks({ store, clock, log, alerts: { raise() {} } })
  const configured = new Set(settings().destinations.map(({ name }) => name))
  return Promise.all(
    known.map(async ({ exceptions, ...one }): Promise<DestinationBooks> => {
      const facts = { ...one, waiting: exceptions.waiting, unknown: exceptions.unknown }
      if (!configured.has(one.name)) return { ...facts, ...orphan(one.name, await readHoldings(store, one.slot)) }
      const pause = await readPause(store, one.slot)
      const why = pause?.why === undefined ? '' : `: ${pause.why}`
      return {
        ...facts,
        state: 'stopped',
        reason: `the bridge does not run${pause === undefined ? '' : `; paused by hand${why}`}`,
        ...(pause === undefined ? {} : { paused: { by: 'hand', since: pause.at } }),
      }
    }),
  )
}

/** What an orphan holds, and how to end that. */
function orphan(name: string, { position, counts, waiting, dead, holds }: Holdings) {
  const journal = holds === undefined ? 'its cursor cannot be read' : `it holds the journal from delivery ${holds} on`
  return {
    state: 'orphaned' as const,
    reason: `no longer in the config, ${journal}: \`was: ${name}\` takes it over, \`bevy-bridge forget ${name}\` deletes it`,
    ...(position === undefined ? {} : { cursor: { position, done: [] } }),
    ...(counts === undefined ? {} : { counts }),
    waiting,
    dead,
  }
}
