/** Names and their state in the store: who is new, who is back, who was renamed, and where a new one begins. */

import { BridgeError, StoreError } from '../core/errors.ts'
import { startOf } from '../core/positions.ts'
import type { IndexReader, Journal, Store, StoreOp } from '../core/ports.ts'
import type { DestinationSettings, Start } from '../core/settings.ts'
import type { Position } from '../core/types.ts'
import { cursorDocument, keys, noCounts, parseDocument, registryDocument, type Registered } from './documents.ts'

/** All names the store knows. */
export async function readRegistry(store: Store): Promise<Map<string, Registered>> {
  const names = await store.keys('destinations')
  const documents = await store.getMany(names)
  return new Map(
    names.map((key, index) => [
      key.slice('destinations:'.length),
      parseDocument(registryDocument, key, documents[index]),
    ]),
  )
}

interface Deps {
  readonly store: Store
  readonly journal: Pick<Journal, 'first' | 'tail' | 'read'>
  readonly index: Pick<IndexReader, 'indexed'>
  now(): number
}

/** How a destination got its state. */
export interface Claim {
  readonly slot: string
  readonly origin: 'known' | 'new' | 'renamed'
  /** Where a new one begins. */
  readonly start?: Position
}

/**
 * Finds the state of a destination or makes it, in one commit. A name that is new begins at `start`; `was` takes over the
 * state of another name. Rejects with ERR_DESTINATION_PLUGIN when the plugin under a name has changed: its state would be read wrongly.
 */
export async function claimName(
  destination: DestinationSettings,
  registry: Map<string, Registered>,
  deps: Deps,
): Promise<Claim> {
  const { name, was } = destination
  const known = registry.get(name)
  if (known !== undefined) {
    requirePlugin(name, known, destination)
    return { slot: known.slot, origin: 'known' }
  }
  const old = was === undefined ? undefined : registry.get(was)
  if (was !== undefined && old !== undefined) {
    requirePlugin(was, old, destination)
    await deps.store.commit([
      { op: 'set', key: keys.registry(name), value: old },
      { op: 'remove', key: keys.registry(was) },
    ])
    registry.set(name, old)
    registry.delete(was)
    return { slot: old.slot, origin: 'renamed' }
  }
  const registered: Registered = {
    slot: freeSlot(name, registry),
    plugin: destination.plugin.name,
    createdAt: deps.now(),
  }
  const start = startOf(await firstSeq(destination.start, deps))
  const cursor = { position: start, done: [], counts: noCounts(), keepsSent: false }
  const ops: StoreOp[] = [
    { op: 'set', key: keys.registry(name), value: registered },
    { op: 'set', key: keys.cursor(registered.slot), value: cursor },
  ]
  await deps.store.commit(ops)
  registry.set(name, registered)
  return { slot: registered.slot, origin: 'new', start }
}

function requirePlugin(name: string, known: Registered, destination: DestinationSettings): void {
  if (known.plugin === destination.plugin.name) return
  throw new BridgeError(
    'config',
    'ERR_DESTINATION_PLUGIN',
    `${name} has been a ${known.plugin} destination and cannot become ${destination.plugin.name}: give the new one another name`,
  )
}

/** A name freed by a rename may come back while its old state lives on under another. */
function freeSlot(name: string, registry: ReadonlyMap<string, Registered>): string {
  const taken = new Set([...registry.values()].map(({ slot }) => slot))
  let slot = name
  for (let number = 2; taken.has(slot); number++) slot = `${name}_${number}`
  return slot
}

async function firstSeq(start: Start, { journal }: Deps): Promise<number> {
  if (start === 'beginning') return journal.first
  return start === 'now' ? journal.tail + 1 : seqAt(journal, start.at)
}

/** First delivery received at or after a time (milliseconds since 1970); tail + 1 when there is none. */
export async function seqAt(journal: Pick<Journal, 'first' | 'tail' | 'read'>, at: number): Promise<number> {
  let low = journal.first
  let high = journal.tail + 1
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const delivery = await journal.read(middle)
    // One that is cut away meanwhile is older than all that stays.
    if (delivery === undefined ? middle < journal.first : delivery.receivedAt < at) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * Refuses a store whose cursors lie past the end of its journal: a backup was restored beside newer state, and new deliveries
 * would be passed over. Rejects with ERR_STORE_BEHIND.
 */
export async function requireCursorsWithin(store: Store, journal: Pick<Journal, 'tail'>): Promise<void> {
  for (const [name, { slot }] of await readRegistry(store)) {
    const parsed = cursorDocument.safeParse(await store.get(keys.cursor(slot)))
    if (!parsed.success || parsed.data.position.seq <= journal.tail + 1) continue
    throw new StoreError(
      'ERR_STORE_BEHIND',
      `the journal ends at delivery ${journal.tail}, but ${name} has come to ${parsed.data.position.seq - 1}: ` +
        `deliveries ${journal.tail + 1} to ${parsed.data.position.seq - 1} are missing. Restore a newer backup of the whole data folder`,
    )
  }
}
