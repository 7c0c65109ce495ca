/** All destinations: opened at start, changed on reload, closed at the end. One that fails to open never stops another. */

import type { Careful } from '../core/dispatch/careful.ts'
import { coerceError } from '../core/errors.ts'
import type { Sender } from '../core/plugin-contract.ts'
import { formatPosition } from '../core/positions.ts'
import type { Alerts, Clock, IndexReader, Journal, Log, Pace, Store } from '../core/ports.ts'
import type { DestinationSettings, Route, Settings } from '../core/settings.ts'
import type { Position } from '../core/types.ts'
import { openDispatcher, type Dispatcher } from './dispatcher.ts'
import type { Holdings } from './at-rest.ts'
import type { DispatcherStatus } from './dispatcher-status.ts'
import type { Registered } from './documents.ts'
import { claimName, readRegistry } from './names.ts'
import { readOrphans, reportOrphans } from './orphans.ts'
import { noteReload } from './reloads.ts'
import type { StagedState } from './plugin-state.ts'
import { createScopes, type Scopes } from './scopes.ts'
import { countUnmatched } from './unmatched.ts'

/** A destination as `status` shows it. */
export type DestinationStatus =
  | ({ readonly name: string; readonly plugin: string } & DispatcherStatus)
  | { readonly name: string; readonly plugin: string; readonly state: 'stopped'; readonly reason: string }
  | { readonly name: string; readonly plugin: string; readonly state: 'orphaned'; readonly holdings: Holdings }

export interface Supervisor {
  /** Applies a config: the first one, or a new one while running. */
  apply(settings: Settings): Promise<void>
  status(): Promise<DestinationStatus[]>
  dispatcher(name: string): Dispatcher | undefined
  /** The pace of a destination's account. */
  pace(name: string): Pace | undefined
  /** Records that no route matched since the start, by type. */
  unmatched(): Readonly<Record<string, number>>
  /** Closes a destination, runs `fn`, and opens it again; no reload is under way meanwhile. */
  alone<T>(name: string, fn: () => Promise<T>): Promise<T>
  /** Closes all destinations, runs `fn`, and opens them again; no reload is under way meanwhile. */
  allAlone<T>(fn: () => Promise<T>): Promise<T>
  /** Lets sends end for at most `deadline` milliseconds. */
  close(deadline: number): Promise<void>
}

interface Deps {
  readonly store: Store
  readonly journal: Journal
  readonly index: IndexReader
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  readonly careful?: Careful | undefined
  /** Destinations that are not sent to until a person has looked: why, by slot. A reload is such a look. */
  readonly aside?: { reason(slot: string): string | undefined; forgive(slot: string): void } | undefined
  random(): number
  /** The id of the store for a delivery. Default: that of the store. */
  readonly idOf?: ((seq: number) => string) | undefined
  /** The pace of a destination's account. */
  paceOf(destination: DestinationSettings): Pace
  createSender(destination: DestinationSettings, state: StagedState): Promise<Sender>
  /** Jobs wait for these heads, which have not arrived. */
  missing?: ((keys: readonly string[]) => void) | undefined
}

const DRAIN_ON_RELOAD = 30_000
/** A person waits for it. */
const DRAIN_ALONE = 5_000

/** Makes the supervisor; nothing runs before `apply`. */
export function createSupervisor(deps: Deps): Supervisor {
  const { store, index, clock, log, alerts } = deps
  const running = new Map<string, { readonly dispatcher: Dispatcher; readonly timezone: string }>()
  const stopped = new Map<string, { readonly plugin: string; readonly reason: string }>()
  let registry = new Map<string, Registered>()
  let current: Settings | undefined
  let applying: Promise<void> = Promise.resolve()
  /** Closed for a successor, and not at their end yet. */
  const leaving = new Set<Dispatcher>()
  let ended = false
  let scopes: Scopes | undefined
  const unmatched = countUnmatched({ index, clock, log, routes: () => current?.routes, scopes: () => scopes })

  const open = async (destination: DestinationSettings, settings: Settings): Promise<void> => {
    if (ended) return
    const { name } = destination
    const claim = await claimName(destination, registry, { store, journal: deps.journal, index, now: clock.now })
    const dispatcher = await openDispatcher({
      settings: destination,
      slot: claim.slot,
      routes: routesTo(name, settings.routes),
      store,
      index,
      scopes: scopes as Scopes,
      clock,
      log,
      alerts,
      careful: deps.careful,
      aside: deps.aside?.reason(claim.slot),
      random: deps.random,
      idOf: deps.idOf,
      pace: deps.paceOf(destination),
      missing: deps.missing,
      create: (state) => deps.createSender(destination, state),
    })
    running.set(name, { dispatcher, timezone: settings.timezone })
    log.info('destination opened', {
      destination: name,
      plugin: destination.plugin.name,
      origin: claim.origin,
      cursor: formatPosition(dispatcher.status().cursor.position),
      ...fillIn(name, claim.start, deps.journal),
    })
  }

  const refuse = (destination: DestinationSettings, thrown: unknown): void => {
    const error = coerceError(thrown)
    stopped.set(destination.name, { plugin: destination.plugin.name, reason: error.message })
    log.error('destination could not be opened', { destination: destination.name }, error)
    alerts.raise({
      cause: 'destination:stopped',
      subject: destination.name,
      message: `${destination.name} does not run: ${error.message}. Its cursor waits; mend the config and reload`,
    })
  }

  /** It must have written its books before a successor, or a person's command, reads them. */
  const leave = async (dispatcher: Dispatcher, drain: number): Promise<void> => {
    leaving.add(dispatcher)
    await dispatcher.close(drain, 'for ever')
    leaving.delete(dispatcher)
  }

  const applyNow = async (settings: Settings): Promise<void> => {
    if (ended) return
    const previous = current
    current = settings
    registry = await readRegistry(store)
    scopes = createScopes(index, settings, unmatched.built)
    stopped.clear()
    const wanted = new Map(settings.destinations.map((destination) => [destination.name, destination]))

    const ends: Promise<void>[] = []
    for (const [name, { dispatcher, timezone }] of running) {
      const next = wanted.get(name)
      const aside = deps.aside?.reason(dispatcher.slot) !== undefined
      const same = !aside && next?.fingerprint === dispatcher.settings.fingerprint && timezone === settings.timezone
      deps.aside?.forgive(dispatcher.slot)
      if (next !== undefined && same) {
        dispatcher.setRoutes(routesTo(name, settings.routes))
        continue
      }
      running.delete(name)
      ends.push(leave(dispatcher, DRAIN_ON_RELOAD))
    }
    await Promise.all(ends)
    if (ended) return
    await Promise.all(
      settings.destinations
        .filter(({ name }) => !running.has(name))
        .map((destination) => open(destination, settings).catch((error: unknown) => refuse(destination, error))),
    )
    reportOrphans(await readOrphans(store, registry, (name) => wanted.has(name)), deps)
    await noteReload({ hash: settings.hash, cursors: cursors(), start: previous === undefined }, deps)
  }

  const cursors = (): Record<string, Position> =>
    Object.fromEntries([...running].map(([name, { dispatcher }]) => [name, dispatcher.status().cursor.position]))

  const alone = async <T>(names: readonly string[], fn: () => Promise<T>): Promise<T> => {
    const found = names.filter((name) => running.has(name))
    const closing = found.map((name) =>
      leave((running.get(name) as { dispatcher: Dispatcher }).dispatcher, DRAIN_ALONE),
    )
    for (const name of found) running.delete(name)
    await Promise.all(closing)
    try {
      return await fn()
    } finally {
      const settings = current as Settings
      registry = await readRegistry(store)
      await Promise.all(
        (found.length === 0 ? [] : settings.destinations)
          .filter(({ name }) => found.includes(name))
          .map((destination) => open(destination, settings).catch((error: unknown) => refuse(destination, error))),
      )
    }
  }

  /** One after the other: reloads, and what needs a destination alone. */
  const inTurn = <T>(fn: () => Promise<T>): Promise<T> => {
    const run = applying.then(fn)
    applying = run.then(
      () => {},
      () => {},
    )
    return run
  }

  return {
    apply: (settings) => inTurn(() => applyNow(settings)),
    alone: (name, fn) => inTurn(() => alone([name], fn)),
    allAlone: (fn) => inTurn(() => alone([...running.keys()], fn)),
    async status() {
      const list: DestinationStatus[] = []
      for (const destination of current?.destinations ?? []) {
        const { name } = destination
        const plugin = destination.plugin.name
        const found = running.get(name)
        const why = stopped.get(name)
        if (found !== undefined) list.push({ name, plugin, ...found.dispatcher.status() })
        else list.push({ name, plugin, state: 'stopped', reason: why?.reason ?? 'not opened yet' })
      }
      const names = new Set(list.map(({ name }) => name))
      const orphans = await readOrphans(store, registry, (name) => names.has(name))
      return [...list, ...orphans.map((orphan) => ({ ...orphan, state: 'orphaned' }) as const)]
    },
    dispatcher: (name) => running.get(name)?.dispatcher,
    pace(name) {
      const dispatcher = running.get(name)?.dispatcher
      return dispatcher === undefined ? undefined : deps.paceOf(dispatcher.settings)
    },
    unmatched: () => unmatched.counts,
    async close(deadline) {
      // First of all: a reload under way opens nothing more.
      ended = true
      unmatched.stop()
      const closeAll = (all: Iterable<Dispatcher>) => Promise.all([...all].map((one) => one.close(deadline)))
      const opened = (): Dispatcher[] => [...running.values()].map(({ dispatcher }) => dispatcher)
      await closeAll([...leaving, ...opened()])
      await applying
      await closeAll(opened())
      running.clear()
    },
  }
}

/** A new destination that does not begin with the first delivery: the line that would fill it in. */
function fillIn(name: string, start: Position | undefined, { first }: Pick<Journal, 'first'>): { fill?: string } {
  if (start === undefined || start.seq <= first) return {}
  return { fill: `bevy-bridge replay ${name} --from beginning --to ${start.seq - 1}` }
}

function routesTo(name: string, routes: readonly Route[]): Route[] {
  return routes.filter(({ to }) => to.includes(name))
}
