/** What alerts go through: one kind each, all behind the same two functions. */

import type { AlertMessage } from '../core/alerts/text.ts'
import { isBridgeError, coerceError } from '../core/errors.ts'
import { toOutcome } from '../core/dispatch/outcomes.ts'
import type { Outcome } from '../core/plugin-contract.ts'
import type { Clock, HttpClient } from '../core/ports.ts'
import type { ChannelSettings } from '../core/settings.ts'
import { createEmailChannel } from './email.ts'
import { createPagerDutyChannel } from './pagerduty.ts'
import { createSlackChannel } from './slack.ts'
import { createWebhookChannel } from './webhook.ts'

/** One way to people. */
export interface Channel {
  /** One try. Throws like a plugin's `send`: a DestinationError is about the channel as a whole, and ends it until a reload. */
  send(message: AlertMessage, signal: AbortSignal): Promise<Outcome>
  close(): Promise<void>
}

/** What a channel is made of. */
export interface ChannelDeps {
  /** Made for this channel alone; closed with it. */
  readonly http: HttpClient & { close(): Promise<void> }
  readonly clock: Clock
  /** Part of message ids, so that two bridges do not mix. */
  readonly storeId: string
  readonly version: string
}

/** Makes the channel of these settings. */
export function createChannel(settings: ChannelSettings, deps: ChannelDeps): Channel {
  switch (settings.kind) {
    case 'slack':
      return createSlackChannel(settings, deps)
    case 'webhook':
      return createWebhookChannel(settings, deps)
    case 'pagerduty':
      return createPagerDutyChannel(settings, deps)
    case 'email':
      return createEmailChannel(settings, deps)
  }
}

/** What came of one try. `broken`: the channel itself, until somebody mends the config. */
export type Tried =
  | { readonly state: 'sent' }
  | { readonly state: 'retry'; readonly reason: string; readonly after?: number | undefined }
  | { readonly state: 'refused'; readonly reason: string }
  | { readonly state: 'broken'; readonly reason: string }

/** Tries once; never rejects. */
export async function tryChannel(channel: Channel, message: AlertMessage, signal: AbortSignal): Promise<Tried> {
  try {
    return triedOf(await channel.send(message, signal))
  } catch (thrown) {
    const error = coerceError(thrown)
    if (isBridgeError(thrown, 'destination')) return { state: 'broken', reason: error.message }
    const outcome = toOutcome(thrown)
    return outcome === undefined ? { state: 'retry', reason: error.message } : triedOf(outcome)
  }
}

function triedOf(outcome: Outcome): Tried {
  switch (outcome.state) {
    case 'delivered':
    case 'skip':
      return { state: 'sent' }
    case 'reject':
      return { state: 'refused', reason: outcome.reason }
    case 'unknown':
      return { state: 'retry', reason: outcome.reason }
    case 'retry':
      return { state: 'retry', reason: outcome.reason, after: outcome.after }
  }
}
