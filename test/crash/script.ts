/** What the crash suite plays: some deliveries, destinations of both modes that fail, wait, batch and refuse, and how it has to end. */

import { MARK } from '../../src/core/torture/facts.ts'
import type { SinkAnswer } from '../../src/core/torture/plan.ts'
import type { SinkRequest } from '../../src/torture/sinks.ts'

/** The config; the overlay of `torture` puts sinks and folders under it. */
const retry = { delay: '20ms', maxDelay: '40ms' }
export const config = {
  destinations: {
    export: { plugin: 'csv', batch: { wait: '5ms' }, options: { path: 'exports/{{ type }}.csv' } },
    relay: { plugin: 'webhook', mode: 'every', retry, options: { url: 'https://x' } },
    state: { plugin: 'webhook', mode: 'latest', retry, options: { url: 'https://x' } },
    joined: { plugin: 'webhook', retry, join: { wait: '80ms' }, options: { url: 'https://x' } },
    digest: { plugin: 'webhook', retry, batch: { size: 10, wait: '30ms' }, options: { url: 'https://x' } },
  },
  routes: [
    { name: 'all', to: ['export', 'relay', 'state', 'digest'] },
    { name: 'joined', when: { type: 'attendee', event: { status: 'Published' } }, to: ['joined'] },
  ],
}

const event = (id: number, mark: number, status: string) => ({
  id,
  status,
  updated_ts: `2026-03-01T10:00:${String(mark).padStart(2, '0')}Z`,
  [MARK]: mark,
})
const user = (id: number, mark: number) => ({ id, email: `u${id}@example.com`, [MARK]: mark })
const attendee = (id: number, event_id: number, mark: number) => ({ id, event_id, status: 'registered', [MARK]: mark })
const body = (...envelopes: { type: string; data: object[] }[]): string => JSON.stringify(envelopes)

/** One POST after the other. */
export const bodies: readonly string[] = [
  body({ type: 'event', data: [event(1, 1, 'Draft')] }, { type: 'user', data: [user(1, 2), user(2, 3)] }),
  // The event of the first comes later, that of the second never.
  body({ type: 'attendee', data: [attendee(1, 9, 4), attendee(3, 77, 10)] }),
  body(
    { type: 'event', data: [event(1, 5, 'Published')] },
    { type: 'attendee', data: [attendee(2, 1, 6)] },
    { type: 'user', data: [user(1, 7), user(3, 8)] },
  ),
  '{ this is no JSON',
  body({ type: 'event', data: [event(9, 9, 'Published')] }),
  // The event is older than what is there.
  body(
    { type: 'user', data: [user(1, 11), user(2, 12)] },
    { type: 'attendee', data: [attendee(2, 1, 13)] },
    { type: 'event', data: [event(1, 0, 'Draft')] },
  ),
]

/** The config is reloaded before this one. */
export const RELOAD_BEFORE = 5

/** Refused for good by these. */
const REFUSED = { mark: 8, by: ['relay', 'state', 'digest'] }

/** Refuses one record, fails the first attempts of some, leaves one without an answer. */
export function decide({ destination, carried, nth }: SinkRequest): SinkAnswer {
  const has = (mark: number): boolean => carried.some((one) => one.mark === mark)
  const answer = (status: number): SinkAnswer => ({ state: 'answer', status, delay: 0 })
  if (has(REFUSED.mark) && REFUSED.by.includes(destination)) return answer(400)
  if (destination === 'relay' && has(2) && nth <= 2) return answer(503)
  if (destination === 'state' && (has(7) || has(2)) && nth === 1) return answer(503)
  if (destination === 'digest' && has(1) && nth === 1) return answer(503)
  if (destination === 'relay' && has(5) && nth === 1) return { state: 'drop', taken: true }
  return answer(200)
}

/** What has to come of it, wherever it was cut. Of `state` only the newest of each record is sure to be sent. */
export const fates = {
  export: { delivered: 13, dead: 0, waiting: 0, skipped: {} },
  relay: { delivered: 12, dead: 1, waiting: 0, skipped: {} },
  digest: { delivered: 12, dead: 1, waiting: 0, skipped: {} },
  joined: { delivered: 3, dead: 1, waiting: 0, skipped: { 'no route matches': 9 } },
} as const
