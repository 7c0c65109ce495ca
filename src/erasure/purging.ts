/**
 * Removes a person from the store. Points at which the process may end, and what the next start does:
 *
 * 1. before the task is on disk: nothing was asked for
 * 2. task `waiting`, while searching: searches again
 * 3. task `purging`, which holds all that was found of the person and what the destinations need: searches for what is left and goes on
 * 4. task `telling`: tells the destinations that are pending; one may be told twice
 * 5. task `done`, not scrubbed: scrubs
 */

import type { Places } from '../core/erasure/places.ts'
import { NO_COUNTS, type ErasureCounts, type ErasurePlan } from '../core/erasure/report.ts'
import { createPerson, factsOf, sizeOf, type Person } from '../core/erasure/person.ts'
import type { AtDestination, Task } from './documents.ts'
import { taskKey } from './documents.ts'
import type { ErasureDeps, KnownDestination } from './deps.ts'

/** Looks everywhere until a look teaches nothing new. */
export async function searchAll(
  person: Person,
  to: number,
  { search, journal }: Pick<ErasureDeps, 'search' | 'journal'>,
  signal: AbortSignal,
): Promise<Places> {
  for (;;) {
    const before = sizeOf(person)
    const places = await search(person, { from: journal.first, to, all: true }, signal)
    if (sizeOf(person) === before) return places
  }
}

/** Searches, then removes; resolves with the task as it is on disk: `telling`. */
export async function purge(task: Task, deps: ErasureDeps, signal: AbortSignal): Promise<Task> {
  const { store, journal } = deps
  const { who } = task
  if (who === undefined) return task
  const person = createPerson(who.wanted, who.known)
  let to = journal.tail
  let places = await searchAll(person, to, deps, signal)
  return deps.alone(async () => {
    // What came meanwhile; what comes from now on is news.
    const from = to + 1
    to = journal.tail
    const known = sizeOf(person)
    const late = await deps.search(person, { from, to, all: false }, signal)
    if (sizeOf(person) === known) merge(places, late)
    else places = await searchAll(person, to, deps, signal)

    const destinations = await deps.destinations()
    const keys = [...person.keys].filter((key) => !places.foreign.has(key))
    const positions = new Set([...who.positions, ...places.positions])
    const purging: Task = {
      ...task,
      state: 'purging',
      who: { wanted: who.wanted, known: factsOf(person), positions: [...positions] },
      accounts: person.users.size,
      addresses: person.emails.size,
      unopened: places.unopened,
      shared: person.shared.size,
      destinations: await Promise.all(destinations.map((one) => toPending(one, keys, task, deps))),
      scrubbed: false,
    }
    // Before anything goes: afterwards nothing would tell who it was about, or what a destination calls them.
    await store.commit([{ op: 'set', key: taskKey(task.id), value: purging }])
    signal.throwIfAborted()
    const gone = await deps.purge(person, places)
    let counts: ErasureCounts = { ...NO_COUNTS, ...task.counts }
    const { ownHeads, ...indexed } = gone
    counts = add(counts, indexed)
    for (const { slot, erases, configured } of destinations) {
      const { ops, erased } = await deps.eraseAt(slot, person, { positions, ownHeads }, erases && configured)
      if (ops.length > 0) await store.commit(ops)
      counts = add(counts, erased)
    }
    const telling: Task = { ...purging, state: 'telling', counts: { ...counts } }
    await store.commit([{ op: 'set', key: taskKey(task.id), value: telling }])
    return telling
  })
}

/** What an erasure would find; nothing changes. */
export async function planErasure(person: Person, deps: ErasureDeps, signal: AbortSignal): Promise<ErasurePlan> {
  const places = await searchAll(person, deps.journal.tail, deps, signal)
  const destinations = await deps.destinations()
  const keys = [...person.keys]
  const refs = await Promise.all(destinations.map(({ slot }) => deps.readRefs(slot, keys)))
  return {
    accounts: person.users.size,
    addresses: person.emails.size,
    counts: {
      bodies: places.deliveries.size,
      records: places.positions.size,
      heads: places.heads.size,
      sent: refs.reduce((sum, some) => sum + some.length, 0),
    },
    unopened: places.unopened,
    shared: person.shared.size,
    destinations: destinations.map(({ name, plugin, configured, erases }) => ({
      name,
      plugin,
      tells: configured && erases,
    })),
  }
}

async function toPending(
  { name, slot, plugin, configured, erases }: KnownDestination,
  keys: readonly string[],
  task: Task,
  { readRefs, clock }: ErasureDeps,
): Promise<AtDestination> {
  const facts = { name, slot, plugin, attempts: 0, due: clock.now() }
  if (!configured) return { ...facts, state: 'cannot', reason: 'it is not in the config' }
  if (!erases) return { ...facts, state: 'cannot', reason: `the plugin ${plugin} cannot forget` }
  // An earlier try may have removed what is read here.
  const before = task.destinations.find((one) => one.slot === slot)?.records ?? []
  const now = await readRefs(slot, keys)
  const refs = new Map([...now, ...before].map(({ key, ref }) => [key, ref]))
  const records = keys.map((key) => {
    const ref = refs.get(key)
    return { key, ...(ref === undefined ? {} : { ref }) }
  })
  return { ...facts, state: 'pending', records: records as NonNullable<AtDestination['records']> }
}

function merge(places: Places, more: Places): void {
  for (const seq of more.deliveries) places.deliveries.add(seq)
  for (const key of more.heads) places.heads.add(key)
  for (const key of more.foreign) places.foreign.add(key)
  for (const position of more.positions) places.positions.add(position)
  places.unopened += more.unopened
}

function add(counts: ErasureCounts, more: Partial<ErasureCounts>): ErasureCounts {
  const sum: Record<string, number> = { ...counts }
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count
  return sum as unknown as ErasureCounts
}
