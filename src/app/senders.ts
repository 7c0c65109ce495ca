/** Makes the senders of destinations: each with its HTTP client, its rate and its context. */

import { createHttpClient } from '../http/client.ts'
import { isBridgeError } from '../core/errors.ts'
import type { Attempt, ErasedPerson, Job, Outcome, Sender } from '../core/plugin-contract.ts'
import { hashKey } from '../core/keys.ts'
import type { Clock, Log, Meter, Pace, PluginState } from '../core/ports.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'

interface Deps {
  readonly storeId: string
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  /** Counts attempts; absent where none is one of the flow. */
  readonly meter?: Meter
  settings(): Settings
  paceOf(destination: DestinationSettings): Pace
}

/** Makes a sender over its durable state. Closing it closes its connections too. */
export async function createSender(destination: DestinationSettings, state: PluginState, deps: Deps): Promise<Sender> {
  const { name, plugin, options } = destination
  const { clock, log } = deps
  const { baseDir, timezone } = deps.settings()
  const pace = deps.paceOf(destination)
  const network = plugin.network?.(options) ?? {}
  const http = createHttpClient({
    allowPrivateNetworks: network.allowPrivateNetworks ?? false,
    allowHttp: network.allowHttp ?? false,
    pace,
    timeout: destination.timeout,
    userAgent: `bevy-bridge/${deps.version}`,
    secrets: () => deps.settings().secretValues,
    clock,
    log,
  })
  const sender = await plugin.create(options, {
    http,
    account: { hold: (ms) => pace.hold(ms) },
    log,
    state,
    destination: name,
    baseDir,
    storeId: deps.storeId,
    timezone,
    now: clock.now,
  })
  return {
    ...bind(sender),
    ...(deps.meter === undefined ? {} : { send: measured(sender, name, deps.meter, clock) }),
    async close() {
      await sender.close?.()
      await http.close()
    },
  }
}

/** What a destination's rate belongs to: the account it names, else the credential its options hold, else itself. */
export function accountOf({ name, account, plugin, options }: DestinationSettings): string {
  if (account !== undefined) return `account:${account}`
  const credential = plugin.limits?.(options).account
  return credential === undefined ? `destination:${name}` : `credential:${hashKey(credential)}`
}

/** State for a sender that is only asked for its preview: empty, and kept nowhere. */
export function stateless(): PluginState {
  return { get: () => undefined, entries: () => [], set() {}, commit: async () => {} }
}

/** A sender may be an instance of a class: its methods keep their `this`, and those it lacks stay absent. */
function bind(sender: Sender): Sender {
  return {
    send: (jobs, attempt) => sender.send(jobs, attempt),
    ...(sender.bucket === undefined ? {} : { bucket: (job: Job) => sender.bucket?.(job) }),
    ...(sender.lane === undefined ? {} : { lane: (job: Job) => sender.lane?.(job) }),
    ...(sender.check === undefined
      ? {}
      : { check: (signal: AbortSignal) => sender.check?.(signal) ?? Promise.resolve([]) }),
    ...(sender.erase === undefined
      ? {}
      : {
          erase: (person: ErasedPerson, attempt: Attempt) => sender.erase?.(person, attempt) ?? Promise.resolve(),
        }),
    ...(sender.preview === undefined
      ? {}
      : { preview: (jobs: Parameters<NonNullable<Sender['preview']>>[0]) => sender.preview?.(jobs) ?? [] }),
  }
}

/** The sender's `send`, with what came of it counted. */
function measured(sender: Sender, name: string, meter: Meter, clock: Clock): Sender['send'] {
  return async (jobs: readonly Job[], attempt: Attempt) => {
    const began = clock.monotonic()
    const tally = (results: Readonly<Record<string, number>>): void =>
      meter.attempted(name, clock.monotonic() - began, results)
    try {
      const outcomes = await sender.send(jobs, attempt)
      const results: Record<string, number> = {}
      const now = clock.now()
      jobs.forEach(({ receivedAt }, index) => {
        const state: Outcome['state'] = outcomes?.[index]?.state ?? 'delivered'
        results[state] = (results[state] ?? 0) + 1
        if (state === 'delivered') meter.delivered(name, now - receivedAt)
      })
      tally(results)
      return outcomes
    } catch (error) {
      tally({ [failureOf(error)]: jobs.length })
      throw error
    }
  }
}

/** What the metrics call a `send` that threw. */
function failureOf(error: unknown): string {
  if (!isBridgeError(error)) return 'failed'
  return error.kind === 'destination' ? 'refused' : error.kind === 'transport' ? 'transport' : 'failed'
}
