import type { AlertMessage } from '../core/alerts/text.ts'
import { outcomeOf } from '../core/dispatch/outcomes.ts'
import type { ChannelSettings } from '../core/settings.ts'
import { parseSigningKey, signWebhook, type SigningKey } from '../core/standard-webhooks.ts'
import type { Channel, ChannelDeps } from './channel.ts'

/** Posts JSON, signed as Standard Webhooks (https://www.standardwebhooks.com): same id on every try. */
export function createWebhookChannel(
  { url, secrets }: Extract<ChannelSettings, { kind: 'webhook' }>,
  { http, clock, storeId }: Pick<ChannelDeps, 'http' | 'clock' | 'storeId'>,
): Channel {
  const keys = secrets.map(parseSigningKey).filter((key): key is SigningKey => typeof key !== 'string')
  return {
    async send(message, signal) {
      const id = `${storeId}_${message.id}`
      const timestamp = Math.floor(clock.now() / 1000)
      const body = JSON.stringify(toWebhook(message))
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        ...(keys.length > 0 && { 'webhook-signature': signWebhook(keys, id, timestamp, body) }),
      }
      return outcomeOf(await http.request({ method: 'POST', url, headers, body, signal }))
    },
    close: () => http.close(),
  }
}

/** The body: what it is, when, and the message. */
export function toWebhook(message: AlertMessage): object {
  const { id: _id, key, thread: _thread, state, at, since, ...rest } = message
  return {
    type: `alert.${state}`,
    timestamp: new Date(at).toISOString(),
    data: { key, state, since: new Date(since).toISOString(), ...rest },
  }
}
