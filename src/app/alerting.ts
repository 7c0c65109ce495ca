/** Hands alerts what they look at and what they send through. */

import { createAlerts, type BridgeAlerts } from '../alerts/alerts.ts'
import { createChannel, type Channel } from '../alerts/channel.ts'
import { watchDrift } from '../alerts/drift-watch.ts'
import { startHeartbeat } from '../alerts/heartbeat.ts'
import type { Observation } from '../core/alerts/conditions.ts'
import { coerceError } from '../core/errors.ts'
import type { Clock, HttpClient, IndexReader, Journal, Log, Store } from '../core/ports.ts'
import type { AlertSettings, ChannelSettings, Settings } from '../core/settings.ts'
import type { Supervisor } from '../dispatcher/supervisor.ts'
import { createHttpClient } from '../http/client.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { DiskGauge } from '../storage/disk-gauge.ts'
import type { Waiting } from './ages.ts'

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly metrics: Metrics
  settings(): Settings
  /** What no message may carry. */
  secrets(): readonly string[]
}

/** The running bridge, as it is looked at. */
export interface Watched {
  readonly supervisor: Pick<Supervisor, 'status'>
  readonly index: IndexReader
  readonly journal: Journal
  readonly gauge: DiskGauge
  ages(standing: { name: string; seq: number | undefined; oldest?: number | undefined }): Promise<Waiting>
  /** The receiver is up. */
  receives(): boolean
}

/** Alerts at work. */
export interface Alerting {
  readonly alerts: BridgeAlerts
  /** Begins to look. */
  watch(watched: Watched): Promise<void>
  apply(settings: AlertSettings): void
  close(): Promise<void>
}

const LOOK = 30_000
const SEND_TIMEOUT = 15_000
/** What the heartbeat writes, to prove that it can. */
const BEAT = 'alerting:heartbeat'

/** Opens alerts over what they remember; nothing is looked at before `watch`. */
export async function openAlerting(deps: Deps): Promise<Alerting> {
  const { store, clock, log, settings } = deps
  const alerts = await createAlerts(settings().alerts, {
    store,
    clock,
    log,
    secrets: deps.secrets,
    count: deps.metrics.alerts,
    createChannel: (_name, channel) => openChannel(channel, { ...deps, storeId: store.id }),
  })
  let watched: Watched | undefined
  let lastDelivery = clock.now()
  let unsubscribe = (): void => {}
  let drift: { close(): Promise<void> } | undefined
  let endHeartbeat: () => Promise<void> = async () => {}
  let cancelLook = (): void => {}
  let closed = false

  const plan = (): void => {
    cancelLook = clock.timer(LOOK, () => {
      destinationsOf(watched as Watched)
        .then((destinations) => {
          const disk = { free: (watched as Watched).gauge.free(), minFree: settings().storage.minFree }
          alerts.observe({ destinations, disk, silent: Math.max(0, clock.now() - lastDelivery) })
        })
        .catch((error: unknown) =>
          log.warn('the bridge could not be looked at', { reason: coerceError(error).message }),
        )
        .finally(() => {
          if (!closed) plan()
        })
    })
  }

  const beat = (): void => {
    const { heartbeat } = settings().alerts
    if (heartbeat === undefined || watched === undefined) return
    const { receives, gauge } = watched
    endHeartbeat = startHeartbeat(heartbeat, {
      http: clientFor(heartbeat, deps),
      clock,
      log,
      well: async () => receives() && gauge.enough() && (await takesWrites(store, clock)),
    })
  }

  return {
    alerts,
    async watch(given) {
      watched = given
      const { journal } = given
      const tail = await journal.read(journal.tail)
      if (tail !== undefined) lastDelivery = tail.receivedAt
      unsubscribe = journal.onAppend((_seq, late) => {
        // What the bridge fetched itself is no sign of life of Bevy's webhooks.
        if (!late) lastDelivery = clock.now()
      })
      drift = await watchDrift({ store, index: given.index, clock, log, alerts })
      plan()
      beat()
    },
    apply(next) {
      alerts.apply(next)
      void endHeartbeat()
      beat()
    },
    async close() {
      closed = true
      cancelLook()
      unsubscribe()
      await endHeartbeat()
      await drift?.close()
      await alerts.close()
    },
  }
}

/** A channel with an HTTP client of its own. */
export function openChannel(
  channel: ChannelSettings,
  deps: Pick<Deps, 'clock' | 'log' | 'version' | 'secrets'> & { readonly storeId: string },
): Channel {
  const { clock, storeId, version } = deps
  const network = channel.kind === 'webhook' ? channel : { allowHttp: false, allowPrivateNetworks: false }
  return createChannel(channel, { http: clientFor(network, deps), clock, storeId, version })
}

function clientFor(
  { allowHttp, allowPrivateNetworks }: { readonly allowHttp: boolean; readonly allowPrivateNetworks: boolean },
  { clock, log, version, secrets }: Pick<Deps, 'clock' | 'log' | 'version' | 'secrets'>,
): HttpClient & { close(): Promise<void> } {
  const userAgent = `bevy-bridge/${version}`
  return createHttpClient({ allowHttp, allowPrivateNetworks, timeout: SEND_TIMEOUT, userAgent, secrets, clock, log })
}

async function takesWrites(store: Store, clock: Clock): Promise<boolean> {
  try {
    await store.commit([{ op: 'set', key: BEAT, value: { at: clock.now() } }])
    return true
  } catch {
    return false
  }
}

/** How the destinations stand. */
async function destinationsOf({ supervisor, ages }: Watched): Promise<Observation['destinations']> {
  const list = await supervisor.status()
  return Promise.all(
    list.map(async (one): Promise<Observation['destinations'][number]> => {
      const { name } = one
      if (one.state === 'stopped' || one.state === 'orphaned') return { name, state: one.state, age: null }
      const { age } = await ages({ name, seq: one.cursor.position.seq, oldest: one.oldest })
      const { sent, dead } = one.counts
      return {
        name,
        // It waits for room or for the store by itself: to people it runs.
        state: one.state === 'waiting' ? 'running' : one.state,
        byHand: one.paused?.by === 'hand',
        unsure: !one.answered && age !== null,
        age,
        figures: { delivered: sent, dead },
      }
    }),
  )
}
