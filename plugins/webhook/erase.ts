import { signWebhook, type ErasedPerson, type HttpRequest } from '../../src/plugin.ts'
import type { WebhookOptions } from './options.ts'

/**
 * The request that tells of an erased person.
 *
 * @param now wall clock, milliseconds since 1970
 */
export function toErasure(options: WebhookOptions, person: ErasedPerson, now: number): HttpRequest {
  const { id, users, emails, records } = person
  const timestamp = Math.floor(now / 1000)
  const data = { users, emails, records: records.map(({ key }) => key) }
  const body = JSON.stringify({ type: 'user.erased', timestamp: new Date(now).toISOString(), data })
  const fixed = Object.entries(options.headers).flatMap(([name, value]) =>
    value === undefined || /\{[{%]/.test(value.source) ? [] : [[name.toLowerCase(), value.source.trim()] as const],
  )
  return {
    method: options.method,
    url: new URL(options.url.rest.source, options.url.base).href,
    headers: {
      'content-type': 'application/json',
      ...Object.fromEntries(fixed),
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      ...(options.secrets.length > 0 && { 'webhook-signature': signWebhook(options.secrets, id, timestamp, body) }),
      ...(options.idempotencyKey && { 'idempotency-key': id }),
    },
    body,
  }
}
