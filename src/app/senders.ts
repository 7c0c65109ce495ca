/** Makes the senders of destinations: each with its HTTP client, its rate and its context. */

import { createHttpClient } from '../http/client.ts'
import { createRateLimiter } from '../http/rate-limiter.ts'
import type { Sender } from '../core/plugin-contract.ts'
import type { Clock, Log, PluginState } from '../core/ports.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'

interface Deps {
  readonly storeId: string
  readonly version: string
  readonly clock: Clock
  readonly log: Log
  settings(): Settings
}

/** Makes a sender over its durable state. Closing it closes its connections too. */
export async function createSender(destination: DestinationSettings, state: PluginState, deps: Deps): Promise<Sender> {
  const { name, plugin, options } = destination
  const { clock, log } = deps
  const { baseDir, timezone } = deps.settings()
  const network = plugin.network?.(options) ?? {}
  const http = createHttpClient({
    allowPrivateNetworks: network.allowPrivateNetworks ?? false,
    allowHttp: network.allowHttp ?? false,
    rate: destination.rate === undefined ? undefined : createRateLimiter(destination.rate, clock),
    timeout: destination.timeout,
    userAgent: `bevy-bridge/${deps.version}`,
    secrets: () => deps.settings().secretValues,
    clock,
    log,
  })
  const sender = await plugin.create(options, {
    http,
    account: { hold: () => {} },
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
