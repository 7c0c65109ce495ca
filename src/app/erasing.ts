/** Hands erasures the parts that hold people's data. */

import type { Alerts, Clock, Journal, Log, Store } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'
import { eraseAtDestination, readRefs } from '../dispatcher/erase.ts'
import { readRegistry } from '../dispatcher/names.ts'
import type { Supervisor } from '../dispatcher/supervisor.ts'
import type { ErasureDeps } from '../erasure/deps.ts'
import { createErasures, type Erasures } from '../erasure/erasures.ts'
import type { Indexer } from '../indexer/indexer.ts'

interface Parts {
  readonly store: Store
  readonly journal: Journal
  readonly indexer: Indexer
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  settings(): Settings
  /** Absent when no bridge runs: destinations are told after the next start. */
  readonly supervisor?: Supervisor
}

/** Makes the erasures of a bridge, or of a store in which none runs. */
export function openErasures(parts: Parts): Erasures {
  const { store, indexer, settings, supervisor } = parts
  const { eraser } = indexer
  const deps: ErasureDeps = {
    ...parts,
    random: Math.random,
    settings: () => settings().erasure,
    search: (person, span, signal) => eraser.search(person, span, signal),
    purge: (person, places) => eraser.purge(person, places),
    alone(fn) {
      const still = () => indexer.alone(fn)
      return supervisor === undefined ? still() : supervisor.allAlone(still)
    },
    async destinations() {
      const configured = new Map(settings().destinations.map((one) => [one.name, one]))
      return [...(await readRegistry(store))].map(([name, { slot, plugin }]) => {
        const one = configured.get(name)
        return {
          name,
          slot,
          plugin,
          configured: one !== undefined,
          erases: one?.plugin.erases === true,
          retry: one?.retry,
        }
      })
    },
    readRefs: (slot, keys) => readRefs(store, slot, keys),
    eraseAt: (slot, person, gone, ownState) => eraseAtDestination(store, slot, person, gone, ownState),
    ...(supervisor === undefined
      ? {}
      : {
          tell: async (name, person, number) =>
            (await supervisor.dispatcher(name)?.erase(person, number)) ?? { state: 'paused' },
        }),
  }
  return createErasures(deps)
}
