/** Hands the work over Bevy's REST API what it asks through. */

import { createRestApi } from '../bevy-api/rest-api.ts'
import type { BridgeActions, CareQueries } from '../core/dispatch/actions.ts'
import type { Alerts, Clock, Journal, Log, Store } from '../core/ports.ts'
import type { BevySettings, Settings } from '../core/settings.ts'
import { createHttpClient } from '../http/client.ts'
import { createPace } from '../http/pace.ts'
import type { Indexer } from '../indexer/indexer.ts'
import { createRunsAtRest } from '../reconcile/at-rest.ts'
import { openReconciler, type Reconciler } from '../reconcile/reconciler.ts'

interface Deps {
  readonly store: Store
  readonly journal: Journal
  readonly indexer: Indexer
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  readonly version: string
  settings(): Settings
  /** What no message may carry. */
  secrets(): readonly string[]
  storable(): boolean
}

/** A page of 500 records may take its time. */
const TIMEOUT = 60_000

/** Opens it for a running bridge. */
export function openReconciling(deps: Deps): Promise<Reconciler> {
  const { indexer, settings, version, secrets, clock, log } = deps
  return openReconciler({
    ...deps,
    index: indexer,
    settings: () => settings().bevy,
    openApi(bevy: BevySettings) {
      const { allowHttp, allowPrivateNetworks, rate } = bevy
      const pace = createPace({ rate, bucketRate: undefined }, clock)
      const userAgent = `bevy-bridge/${version}`
      const network = { allowHttp, allowPrivateNetworks, timeout: TIMEOUT }
      return createRestApi(bevy, createHttpClient({ ...network, pace, userAgent, secrets, clock, log }))
    },
  })
}

/** Alerts that tell the reconciler of deliveries that were refused. */
export function noteRefusals(alerts: Alerts, { note }: Pick<Reconciler, 'note'>): Alerts {
  return {
    ...alerts,
    raise(alert) {
      // A scan of the internet is no delivery.
      if (alert.cause.startsWith('refused:') && alert.cause !== 'refused:unknown-post') note('refused')
      alerts.raise(alert)
    },
  }
}

type Operations = Pick<BridgeActions, 'reconcile' | 'seed' | 'cancelRun'> & Pick<CareQueries, 'reconciliation'>

/** What people can do with runs, of a running bridge or in a store at rest. */
export function createRunOperations(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  settings(): Settings
  readonly reconciler: Reconciler | undefined
}): Operations {
  const runs = deps.reconciler ?? createRunsAtRest({ ...deps, settings: () => deps.settings().bevy })
  return {
    reconcile: (input) => runs.begin('reconcile', input),
    seed: (input) => runs.begin('seed', input),
    cancelRun: async () => ({ cancelled: await runs.cancel() }),
    reconciliation: async () => runs.status(),
  }
}
