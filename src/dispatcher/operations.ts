/** What people do to destinations, while they run and from a store in which nothing runs. */

import type { BridgeActions, CareQueries, PauseReport, ReplayInput, SkipInput } from '../core/dispatch/actions.ts'
import { BridgeError } from '../core/errors.ts'
import { startOf } from '../core/positions.ts'
import { goneText } from '../core/retention/text.ts'
import type { Clock, IndexReader, Journal, Log, Store } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'
import { didYouMean } from '../core/suggest.ts'
import type { Position } from '../core/types.ts'
import { dropReplays, forgetAll, planSkip, readHoldings, readPause, writePause, writeReplay } from './at-rest.ts'
import type { Dispatcher } from './dispatcher.ts'
import type { Registered, Replay } from './documents.ts'
import { readRegistry, seqAt } from './names.ts'
import { countReplay, selectOf } from './replay-select.ts'
import { createScopes } from './scopes.ts'

/** Where the destinations are. */
export interface Rooms {
  readonly store: Store
  readonly journal: Pick<Journal, 'first' | 'tail' | 'read'>
  readonly index: IndexReader
  readonly clock: Clock
  readonly log: Log
  /** False when no bridge runs on this store. */
  readonly live: boolean
  settings(): Settings
  /** The destination at work; undefined when it does not run. */
  running(name: string): Dispatcher | undefined
  /** Runs `fn` while nothing of this destination runs and no reload is under way; then it is opened again. */
  alone<T>(name: string, fn: () => Promise<T>): Promise<T>
  /** A person has looked at a destination that was set aside. */
  forgive(slot: string): void
}

/** What operations on destinations can do and tell. */
export type Operations = Pick<BridgeActions, 'pause' | 'resume' | 'skip' | 'forget' | 'replay' | 'cancelReplays'> &
  Pick<CareQueries, 'planSkip' | 'planForget' | 'planReplay'>

/** The state under a name. Rejects with ERR_NO_DESTINATION. */
export async function findState({ store, settings }: Rooms, name: string): Promise<Registered> {
  const registry = await readRegistry(store)
  const found = registry.get(name)
  if (found !== undefined) return found
  const configured = settings().destinations.map((one) => one.name)
  const why = configured.includes(name)
    ? `${name} has no state yet: it has never been opened`
    : `there is no destination "${name}"${didYouMean(name, [...registry.keys(), ...configured])}`
  throw new BridgeError('config', 'ERR_NO_DESTINATION', why)
}

/** Makes them. */
export function createOperations(rooms: Rooms): Operations {
  const { store, journal, clock, log, live } = rooms

  const target = (to: SkipInput['to']): Position => {
    if (to === 'now') return startOf(journal.tail + 1)
    if (to.seq <= journal.tail + 1) return to
    throw new BridgeError('config', 'ERR_SKIP_AHEAD', `the journal ends at delivery ${journal.tail}`)
  }

  const span = async ({ name, from, to }: ReplayInput): Promise<{ from: number; to: number }> => {
    const wanted = from === 'beginning' ? journal.first : 'seq' in from ? from.seq : await seqAt(journal, from.at)
    const last = to === undefined ? journal.tail : 'seq' in to ? to.seq : (await seqAt(journal, to.at + 1)) - 1
    const found = { from: Math.max(wanted, journal.first), to: Math.min(last, journal.tail) }
    if (found.from <= found.to) return found
    if (last > 0 && last < journal.first) {
      throw new BridgeError(
        'config',
        'ERR_REPLAY_SPAN',
        `nothing to replay for ${name}: ${goneText(last, journal.first)}`,
      )
    }
    throw new BridgeError(
      'config',
      'ERR_REPLAY_SPAN',
      `nothing to replay for ${name}: the span holds none of the deliveries ${journal.first} to ${journal.tail}`,
    )
  }

  const configured = (name: string) => {
    const found = rooms.settings().destinations.find((one) => one.name === name)
    if (found !== undefined) return found
    throw new BridgeError('config', 'ERR_NO_DESTINATION', `${name} is not in the config: nothing can be sent to it`)
  }

  const pauseOf = async (name: string, slot: string): Promise<PauseReport['before']> => {
    const running = rooms.running(name)
    if (running !== undefined) {
      const { paused } = running.status()
      return paused === undefined ? null : { by: paused.by, since: paused.since, reason: paused.reason }
    }
    const found = await readPause(store, slot)
    return found === undefined ? null : { by: 'hand', since: found.at, reason: found.why ?? 'by hand' }
  }

  return {
    async pause({ name, why }) {
      const { slot } = await findState(rooms, name)
      const before = await pauseOf(name, slot)
      const running = rooms.running(name)
      if (running !== undefined) await running.pause(why)
      else await writePause(store, slot, { at: clock.now(), ...(why === undefined ? {} : { why }) })
      return { name, state: 'paused', before, live }
    },
    async resume({ name }) {
      const { slot } = await findState(rooms, name)
      const before = await pauseOf(name, slot)
      const running = rooms.running(name)
      rooms.forgive(slot)
      if (running !== undefined) await running.resume()
      else await writePause(store, slot, undefined)
      return { name, state: 'running', before, live }
    },
    async planSkip({ name, to }) {
      const { slot } = await findState(rooms, name)
      const { report } = await planSkip(store, slot, target(to))
      return { name, ...report }
    },
    async skip({ name, to }) {
      const { slot } = await findState(rooms, name)
      return rooms.alone(name, async () => {
        const { report, ops } = await planSkip(store, slot, target(to))
        await store.commit(ops)
        log.warn('skipped by hand', { destination: name, deliveries: report.deliveries, waiting: report.waiting })
        return { name, ...report }
      })
    },
    async planForget({ name }) {
      const { slot, plugin } = await findState(rooms, name)
      const { position = startOf(0), waiting, dead } = await readHoldings(store, slot)
      return { name, plugin, position, waiting, dead }
    },
    async forget({ name }) {
      const { slot, plugin } = await findState(rooms, name)
      return rooms.alone(name, async () => {
        if (rooms.settings().destinations.some((one) => one.name === name || one.was === name)) {
          const why = `${name} is in the config: remove it there first, then forget it`
          throw new BridgeError('config', 'ERR_FORGET_CONFIGURED', why)
        }
        const { position = startOf(0), waiting, dead } = await readHoldings(store, slot)
        const documents = await forgetAll(store, name, slot)
        log.warn('forgotten by hand', { destination: name, documents, waiting, dead })
        return { name, plugin, position, waiting, dead, documents }
      })
    },
    async planReplay(input) {
      const { name } = input
      const settings = configured(name)
      const { index } = rooms
      const bounds = await span(input)
      const { routes, ...all } = rooms.settings()
      const counted = await countReplay(
        { ...bounds, selects: selectOf(onlyOf(input)) },
        {
          settings,
          routes: routes.filter(({ to }) => to.includes(name)),
          index,
          scopes: createScopes(index, all),
          now: clock.now,
        },
      )
      return { name, mode: settings.mode, ...bounds, ...counted }
    },
    async replay(input) {
      const { name } = input
      const { mode } = configured(name)
      const { slot } = await findState(rooms, name)
      const only = onlyOf(input)
      selectOf(only)
      const { from, to } = await span(input)
      const running = rooms.running(name)
      const startedAt = clock.now()
      const id =
        running === undefined
          ? await writeReplay(store, slot, { from, to, startedAt, ...(only === undefined ? {} : { only }) })
          : await running.replay(from, to, only)
      log.info('replay', { destination: name, replay: id, from, to })
      return { name, id, from, to, mode, live: running !== undefined }
    },
    async cancelReplays({ name }) {
      const { slot } = await findState(rooms, name)
      return rooms.alone(name, () => dropReplays(store, slot))
    },
  }
}

function onlyOf({ types, where, event }: ReplayInput): Replay['only'] {
  if (types === undefined && where === undefined && event === undefined) return undefined
  return {
    ...(types === undefined ? {} : { types: [...types] }),
    ...(where === undefined ? {} : { where }),
    ...(event === undefined ? {} : { event }),
  }
}
