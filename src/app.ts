/** Wires the edges into a bridge: the flow from receiver to destinations, its start, its end, and what may change in between. */

import { createAdmin, type Admin } from './admin/server.ts'
import { ensureAdminToken } from './admin/token.ts'
import { createAges } from './app/ages.ts'
import { openAlerting } from './app/alerting.ts'
import { banner } from './app/banner.ts'
import { openErasures } from './app/erasing.ts'
import { openDoctor } from './doctor/doctor.ts'
import type { Erasures } from './erasure/erasures.ts'
import { readFigures } from './app/figures.ts'
import { beginLife } from './app/lives.ts'
import { createAccess } from './app/care.ts'
import { RUNTIME } from './app/queries.ts'
import { noteRefusals, openReconciling } from './app/reconciling.ts'
import { noteRestartNeeded } from './app/restart-needed.ts'
import { openRetention, readKept } from './app/retaining.ts'
import { findSecrets } from './app/secret.ts'
import { accountOf, createSender } from './app/senders.ts'
import type { Clock, Log, Pace } from './core/ports.ts'
import type { DestinationSettings, Settings } from './core/settings.ts'
import { requireCursorsWithin } from './dispatcher/names.ts'
import { createSupervisor } from './dispatcher/supervisor.ts'
import { createPaces } from './http/pace.ts'
import { createIndexer } from './indexer/indexer.ts'
import { createJournal } from './journal/journal.ts'
import { createMetrics } from './metrics/metrics.ts'
import { createReceiver, type Receiver } from './receiver/server.ts'
import { createDiskGauge, type DiskGaugeDeps } from './storage/disk-gauge.ts'
import { openIds } from './storage/ids.ts'
import { openStore, type StoreDeps } from './storage/open.ts'

/** A running bridge. */
export interface Bridge {
  /** Where the receiver listens. */
  readonly url: string
  readonly admin: Admin
  /** For a person at a terminal. */
  readonly banner: string
  /** Takes over what may change while it runs; the rest is named in the log. Rejects when the receiver refuses its part. */
  apply(settings: Settings): Promise<void>
  /** A changed config could not be used: people are told. */
  refused(reason: string): void
  /** Ends within about `deadline` milliseconds: whole bodies are stored and answered, sends end, the books are written. */
  close(deadline: number): Promise<void>
}

/** What tests and `torture` put in the place of a real disk and of chance. */
export type BridgeInternals = NonNullable<StoreDeps['internals']> &
  Pick<DiskGaugeDeps, 'measure'> & { readonly random?: () => number }

interface Deps {
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  /** Whether the banner goes to a terminal. */
  readonly terminal: boolean
  /** Told of secrets that no line may carry. */
  secretValues(values: readonly string[]): void
  /** Tests and `torture` only. */
  readonly internals?: BridgeInternals
}

/** Starts a bridge; when it resolves, the receiver takes deliveries. Rejects with a BridgeError that says what to do. */
export async function startBridge(first: Settings, deps: Deps): Promise<Bridge> {
  const { clock, log, version } = deps
  let settings = first
  let closing = false
  const undo: (() => Promise<void>)[] = []
  const started = clock.monotonic()
  const current = (): Settings => settings
  try {
    const store = await openStore(settings.storage, deps)
    undo.push(() => store.close())
    const journal = await createJournal(store, { log })
    await requireCursorsWithin(store, journal)
    const idOf = await openIds(store, journal.tail, log)
    const dataPath = settings.storage.path
    const token = await ensureAdminToken(dataPath)
    let secrets = await findSecrets(settings.receiver.secrets, dataPath, journal.tail > 0)
    let hidden: readonly string[] = []
    const hide = (): void => {
      hidden = [...settings.secretValues, ...secrets.values, token]
      deps.secretValues(hidden)
    }
    hide()
    const metrics = createMetrics(() => figures())
    const { meter } = metrics
    const alerting = await openAlerting({
      store,
      clock,
      log,
      version,
      metrics,
      settings: current,
      secrets: () => hidden,
    })
    undo.push(() => alerting.close())
    const { alerts } = alerting

    const life = await beginLife({ store, clock, log, alerts })
    undo.push(() => life.undo())
    const { careful } = life
    let receiving: Receiver | undefined
    const busy = (): boolean => receiving?.busy ?? false
    let erasures: Erasures | undefined
    const indexer = await createIndexer({
      store,
      journal,
      clock,
      log,
      alerts,
      careful,
      busy,
      deletions: () => settings.erasure.onBevyDeletion,
      onDeletion: () => erasures?.noted(),
    })
    undo.push(() => indexer.stop())
    const paces = createPaces(clock)
    const paceOf = (destination: DestinationSettings): Pace =>
      paces(accountOf(destination), {
        rate: destination.rate,
        bucketRate: destination.plugin.limits?.(destination.options).bucketRate,
      })
    const { measure } = deps.internals ?? {}
    const gaugeDeps = { clock, log, ...(measure === undefined ? {} : { measure }) }
    const gauge = createDiskGauge(dataPath, settings.storage.minFree, gaugeDeps)
    const reconciler = await openReconciling({
      store,
      journal,
      indexer,
      clock,
      log,
      alerts,
      version,
      settings: current,
      secrets: () => hidden,
      storable: () => gauge.enough(),
    })
    undo.push(() => reconciler.close())
    const senderDeps = { storeId: store.id, version, clock, log, meter, settings: current, paceOf }
    const supervisor = createSupervisor({
      store,
      journal,
      index: indexer,
      clock,
      log,
      alerts,
      careful,
      aside: { reason: life.asideReason, forgive: life.forgive },
      random: deps.internals?.random ?? Math.random,
      idOf,
      paceOf,
      createSender: (destination, state) => createSender(destination, state, senderDeps),
      missing: reconciler.missing,
    })
    undo.push(() => supervisor.close(0))
    await supervisor.apply(settings)
    const erasing = openErasures({ store, journal, indexer, clock, log, alerts, settings: current, supervisor })
    erasures = erasing
    undo.push(() => erasing.close())
    indexer.start()
    await erasing.start()
    const keeping = { store, journal, indexer, clock, log, settings: current }
    const retention = openRetention({ ...keeping, alerts, supervisor, busy })
    undo.push(() => retention.close())
    retention.start()

    const doctor = await openDoctor({ store, index: indexer, clock, log, secrets: () => secrets.values })
    undo.push(() => doctor.close())

    const receiver: Receiver = await createReceiver(settings.receiver, {
      async append(delivery) {
        const began = clock.monotonic()
        const appended = await journal.append(delivery)
        meter.committed(clock.monotonic() - began)
        reconciler.note('taken')
        return appended
      },
      storable: () => (gauge.enough() ? { ok: true } : { ok: false, reason: 'too little free disk space' }),
      ready: () => ({ ok: gauge.enough() }),
      secrets: () => secrets.values,
      ...doctor.hears,
      deliveryId: (seq) => `${idOf(seq)}-${seq}`,
      clock,
      log,
      alerts: noteRefusals(alerts, reconciler),
    })
    receiving = receiver
    undo.push(() => receiver.stop())
    const access = createAccess({
      version,
      clock,
      log,
      store,
      journal,
      indexer,
      settings: current,
      erasures: erasing,
      learnt: doctor,
      live: {
        supervisor,
        reconciler,
        doctor,
        forgive: life.forgive,
        uptime: () => Math.round(clock.monotonic() - started),
        receiver: () => receiver.stats().requests,
      },
    })
    const ages = createAges({ journal, index: indexer, now: clock.now })
    const alertsOpen = (): number => alerts.open().length
    const asked = { ages, alertsOpen, now: clock.now, kept: () => readKept(keeping) }
    const figures = () => readFigures({ version, receiver, supervisor, gauge, ...keeping, ...asked })
    await alerting.watch({ supervisor, index: indexer, journal, gauge, ages, receives: () => !closing })
    const admin = await createAdmin(settings.admin, { access, token, log, version, dataPath, metrics: metrics.page })

    return {
      url: receiver.url,
      admin,
      banner: banner({ settings, secrets, version, runtime: RUNTIME, url: receiver.url, terminal: deps.terminal }),
      async apply(next) {
        // The receiver checks its part first: when it refuses, nothing of the new config is in force.
        const nextSecrets = await findSecrets(next.receiver.secrets, dataPath, true)
        // What ends changes no more.
        if (closing) return
        await receiver.reload(next.receiver)
        noteRestartNeeded(settings, next, log)
        settings = next
        secrets = nextSecrets
        hide()
        alerting.apply(next.alerts)
        reconciler.apply()
        retention.apply()
        await supervisor.apply(next)
        alerts.recovered({ cause: 'config:refused', subject: 'config' })
      },
      refused(reason) {
        const message = `The changed config was not taken over: ${reason}. The one before stays in force`
        alerts.raise({ cause: 'config:refused', subject: 'config', message })
      },
      async close(deadline) {
        closing = true
        const end = clock.monotonic() + deadline
        const left = (): number => Math.max(0, end - clock.monotonic())
        await Promise.all([
          receiver.drain(left()),
          reconciler.close(),
          retention.close(),
          erasing.close(),
          supervisor.close(Math.max(0, left() - CLOSING)),
        ])
        await indexer.stop()
        await life.end()
        await admin.close()
        await doctor.close()
        await alerting.close()
        await store.close()
      },
    }
  } catch (error) {
    for (const step of undo.toReversed())
      await step().catch((failure: unknown) => log.error('could not be undone', {}, failure))
    throw error
  }
}

/** What dispatchers need after their deadline to write their books. */
const CLOSING = 2500
