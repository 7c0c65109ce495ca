import { plainText, type AlertMessage } from '../core/alerts/text.ts'
import { DestinationError } from '../core/errors.ts'
import { outcomeOf } from '../core/dispatch/outcomes.ts'
import { delivered, type Outcome } from '../core/plugin-contract.ts'
import type { ChannelSettings } from '../core/settings.ts'
import type { Channel, ChannelDeps } from './channel.ts'

const ENDPOINTS = {
  us: 'https://events.pagerduty.com/v2/enqueue',
  eu: 'https://events.eu.pagerduty.com/v2/enqueue',
}
/** https://developer.pagerduty.com/docs/send-alert-event */
const MAX_SUMMARY = 1024

/** Sends to Events API v2: one incident per cause and subject, resolved when it is over. `endpoint` is for tests. */
export function createPagerDutyChannel(
  { routingKey, region }: Extract<ChannelSettings, { kind: 'pagerduty' }>,
  { http, storeId }: Pick<ChannelDeps, 'http' | 'storeId'>,
  endpoint = ENDPOINTS[region],
): Channel {
  const enqueue = async (event: object, signal: AbortSignal): Promise<Outcome> => {
    const headers = { 'content-type': 'application/json' }
    const body = JSON.stringify({ routing_key: routingKey, ...event })
    const answer = await http.request({ method: 'POST', url: endpoint, headers, body, signal })
    if (answer.status === 400 && answer.text().includes('routing_key')) {
      throw new DestinationError('PagerDuty knows no such routing key', { code: 'ERR_DESTINATION_AUTH' })
    }
    return outcomeOf(answer)
  }
  return {
    async send(message, signal) {
      const outcome = await enqueue(toEvent(message, storeId), signal)
      // A test must leave no incident behind.
      if (message.state !== 'test' || outcome.state !== delivered().state) return outcome
      return enqueue({ event_action: 'resolve', dedup_key: dedupKey(message, storeId) }, signal)
    },
    close: () => http.close(),
  }
}

/** The event of a message. */
export function toEvent(message: AlertMessage, storeId: string): object {
  const { state, severity, cause, subject, title, at, since, count, command } = message
  const dedup_key = dedupKey(message, storeId)
  if (state === 'recovered') return { event_action: 'resolve', dedup_key }
  return {
    event_action: 'trigger',
    dedup_key,
    client: 'bevy-bridge',
    payload: {
      summary: `${title}: ${message.text}`.slice(0, MAX_SUMMARY),
      source: `bevy-bridge ${storeId}`,
      severity,
      timestamp: new Date(at).toISOString(),
      component: subject,
      class: cause,
      custom_details: { text: plainText(message), since: new Date(since).toISOString(), count, command },
    },
  }
}

function dedupKey({ key }: AlertMessage, storeId: string): string {
  return `${storeId}-${key}`
}
