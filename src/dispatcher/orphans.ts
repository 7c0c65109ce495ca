/** Destinations that are no longer in the config: nothing of theirs is thrown away, and people are told what that holds. */

import { formatPosition } from '../core/positions.ts'
import type { Alerts, Log, Store } from '../core/ports.ts'
import { readHoldings, type Holdings } from './at-rest.ts'
import type { Registered } from './documents.ts'

/** One of them, with what lies in the store for it. */
export interface Orphan {
  readonly name: string
  readonly plugin: string
  readonly holdings: Holdings
}

/** All destinations of the registry that are not `wanted`. */
export async function readOrphans(
  store: Store,
  registry: ReadonlyMap<string, Registered>,
  wanted: (name: string) => boolean,
): Promise<Orphan[]> {
  const orphans: Orphan[] = []
  for (const [name, { slot, plugin }] of registry) {
    if (!wanted(name)) orphans.push({ name, plugin, holdings: await readHoldings(store, slot) })
  }
  return orphans
}

/** Says of each what it holds, and what can be done. */
export function reportOrphans(orphans: readonly Orphan[], { log, alerts }: { log: Log; alerts: Alerts }): void {
  for (const { name, plugin, holdings } of orphans) {
    const { position, waiting, dead, holds } = holdings
    const cursor = position === undefined ? null : formatPosition(position)
    log.warn('orphaned destination', { destination: name, plugin, cursor, waiting, dead })
    alerts.raise({
      cause: 'destination:orphaned',
      subject: name,
      message: `${name} is no longer in the config; its state is kept (${waiting} jobs wait, ${dead} are dead) and holds the journal from delivery ${holds ?? '?'} on. Put it back, take it over with \`was: ${name}\`, or delete it with \`bevy-bridge forget ${name}\``,
    })
  }
}
