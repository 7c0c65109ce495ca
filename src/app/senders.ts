/** Makes the senders of destinations: each with its HTTP client, its rate and its context. */

import { createHttpClient } from '../http/client.ts'
import type { Sender } from '../core/plugin-contract.ts'
import { hashKey } from '../core/keys.ts'
import type { Clock, Log, Pace, PluginState } from '../core/ports.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'

interface Deps {
  readonly storeId: string
  readonly version: string
  readonly clock: Clock
  readonly log: Log
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
    ...(sender.check === undefined
      ? {}
      : { check: (signal: AbortSignal) => sender.check?.(signal) ?? Promise.resolve([]) }),
    ...(sender.preview === undefined
      ? {}
      : { preview: (jobs: Parameters<NonNullable<Sender['preview']>>[0]) => sender.preview?.(jobs) ?? [] }),
  }
}
