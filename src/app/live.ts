/** Asks the other side: is a destination well, and what does it make of one sample record. Reads and writes no store. */

import { coerceError } from '../core/errors.ts'
import type { Outcome, Sender } from '../core/plugin-contract.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { LiveCheck, TryReport } from '../core/dispatch/reports.ts'
import { inventSample } from '../core/bevy/sample.ts'
import { buildScope } from '../core/expressions/scopes.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'
import { toJob } from '../core/dispatch/to-job.ts'
import { createPace } from '../http/pace.ts'
import { createSender, stateless } from './senders.ts'

interface Deps {
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly signal: AbortSignal
}

/** Ids of tries are told from those of real sends. */
const TRY_STORE = 'try000000000'
const CHECK_TIMEOUT = 30_000

async function withSender<Result>(
  destination: DestinationSettings,
  settings: Settings,
  deps: Deps,
  use: (sender: Sender) => Promise<Result>,
): Promise<Result> {
  const { clock, log, version } = deps
  const paceOf = () =>
    createPace(
      { rate: destination.rate, bucketRate: destination.plugin.limits?.(destination.options).bucketRate },
      clock,
    )
  const senderDeps = { storeId: TRY_STORE, version, clock, log, settings: () => settings, paceOf }
  const sender = await createSender(destination, stateless(), senderDeps)
  try {
    return await use(sender)
  } finally {
    await sender.close?.()
  }
}

/** What each destination says of itself; one line per problem. */
export function checkLive(settings: Settings, deps: Deps): Promise<LiveCheck[]> {
  return Promise.all(
    settings.destinations.map(async (destination): Promise<LiveCheck> => {
      const { name, plugin } = destination
      try {
        const problems = await withSender(destination, settings, deps, async (sender) =>
          sender.check?.(AbortSignal.any([deps.signal, AbortSignal.timeout(CHECK_TIMEOUT)])),
        )
        return { name, plugin: plugin.name, checked: problems !== undefined, problems: problems ?? [] }
      } catch (error) {
        return { name, plugin: plugin.name, checked: true, problems: [coerceError(error).message] }
      }
    }),
  )
}

/** Shows the requests for one sample record; `live` sends it. Undefined when there is no such sample. */
export async function tryOut(
  settings: Settings,
  destination: DestinationSettings,
  ask: { readonly sample: string; readonly live: boolean },
  deps: Deps,
): Promise<TryReport | undefined> {
  const now = deps.clock.now()
  const sample = inventSample(ask.sample, now)
  if (sample === undefined) return undefined
  const { record, before, heads } = sample
  const position = { seq: 1, n: 1 }
  const scope = buildScope({
    record: { ...record, position },
    ...(before === undefined ? {} : { before }),
    heads,
    delivery: { seq: 1, receivedAt: now },
    timezone: settings.timezone,
    tables: settings.tables,
  })
  const job = toJob({
    record,
    position,
    scope,
    receivedAt: now,
    storeId: TRY_STORE,
    slot: destination.name,
    routes: ['try'],
    attempts: 0,
    redriven: false,
    // A new id each time: a receiver that knows ids must not take it for a repeat.
    ...(ask.live ? { replay: `t${now.toString(36)}` } : {}),
  })
  return withSender(destination, settings, deps, async (sender) => {
    const preview = await sender.preview?.([job])
    const shown = { destination: destination.name, key: record.key, ...(preview === undefined ? {} : { preview }) }
    if (!ask.live) return shown
    const controller = AbortSignal.any([deps.signal, AbortSignal.timeout(destination.timeout)])
    try {
      const outcomes = await sender.send([job], { number: 1, signal: controller, idempotencyKey: job.id })
      const [outcome]: readonly (Outcome | undefined)[] = outcomes ?? [{ state: 'delivered' }]
      const reason = outcome !== undefined && 'reason' in outcome ? { reason: outcome.reason } : {}
      return { ...shown, outcome: outcome?.state ?? 'delivered', ...reason }
    } catch (error) {
      return { ...shown, outcome: 'refused', reason: coerceError(error).message }
    }
  })
}
