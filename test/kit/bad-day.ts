/** The community, the tools and the config of the bad day: docs/bad-day.md tells it, test/flow/bad-day.test.ts plays it. */

import { FAKE_TOKEN } from '../../plugins/slack/fake.ts'
import type { Change } from '../../src/core/bevy/play.ts'
import type { JsonObject } from '../../src/core/types.ts'

/** `Mon 09:30` as wall clock. */
export function timeOf(text: string): number {
  const [, day = '', hours = '', minutes = ''] = /^(\w{3}) (\d\d):(\d\d)$/.exec(text) ?? []
  const days = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri'].indexOf(day)
  return Date.UTC(2026, 2, 2 + days, Number(hours), Number(minutes))
}

/** Wall clock as `Mon 09:30`. */
export function textOf(at: number): string {
  const date = new Date(at)
  return `${['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'][date.getUTCDay()]} ${date.toISOString().slice(11, 16)}`
}

const MINUTE = 60_000
export const BEGIN = timeOf('Mon 07:50')
const SPRING = 9001
const CLOUD = 9002
/** Her address was mistyped. */
export const POISON = 5013
/** The relay's receiver has a bug with him. */
export const UNLOVED = 5016
/** Came, went and came back while HubSpot was away. */
export const BACK = 5010
/** Had another ticket while the wrong config was in force. */
export const RELABELLED = 5006

const event = (id: number, title: string, start: string, more: JsonObject = {}): JsonObject => ({
  id,
  title,
  status: 'Published',
  is_test: false,
  is_hidden: false,
  url: `https://community.example.com/events/details/${id}/`,
  start_date: new Date(timeOf(start)).toISOString().slice(0, 19) + 'Z',
  end_date: new Date(timeOf(start) + 180 * MINUTE).toISOString().slice(0, 19) + 'Z',
  created_ts: '2026-03-02T07:00:00.000000Z',
  updated_ts: '2026-03-02T07:55:00.000000Z',
  chapter: { id: 77, title: 'Central', timezone: 'UTC' },
  ...more,
})

const attendee = (id: number, at: number, more: JsonObject = {}): JsonObject => ({
  id,
  user_id: id - 4000,
  event_id: id % 2 === 1 ? SPRING : CLOUD,
  event_chapter_id: 77,
  created_date: instant(at),
  checkin_date: null,
  deleted_date: null,
  status: 'registered',
  first_name: `Guest${id}`,
  last_name: 'Example',
  email: `guest${id}@example.org`,
  ticket_title: 'General Admission',
  surveys: {},
  ...more,
})

const instant = (at: number): string => `${new Date(at).toISOString().slice(0, 19)}Z`

/** All that happens in Bevy, in order of time. */
export function changesOf(): Change[] {
  const happened: { at: number; type: string; data: JsonObject }[] = []
  const happens = (at: number, type: string, data: JsonObject): void => void happened.push({ at, type, data })
  const stamp = (text: string): string => new Date(timeOf(text)).toISOString()

  happens(timeOf('Mon 07:58'), 'chapter', { id: 77, title: 'Central', timezone: 'UTC' })
  happens(timeOf('Mon 08:00'), 'event', event(SPRING, 'Spring Meetup', 'Wed 17:00'))
  happens(timeOf('Mon 08:05'), 'event', event(CLOUD, 'Cloud Day', 'Fri 17:00'))
  const registered = new Map<number, number>()
  const register = (id: number, at: number, more: JsonObject = {}): void => {
    registered.set(id, at)
    happens(at, 'attendee', attendee(id, at, more))
  }
  let id = 5001
  for (let at = timeOf('Mon 08:30'); at < timeOf('Wed 16:30'); at += 95 * MINUTE, id++) {
    register(id, at, id === POISON ? { email: 'guest5013 at example.org' } : {})
  }
  // A mailing goes out, and forty come at once.
  for (let n = 0; n < 40; n++) register(5101 + n, timeOf('Mon 10:00') + 7_000 + n * 20_000)

  const again = (who: number, when: string, more: JsonObject): void =>
    happens(timeOf(when), 'attendee', attendee(who, registered.get(who) ?? 0, more))
  const cancels = (who: number, when: string): void =>
    again(who, when, { status: 'deleted', deleted_date: stamp(when) })
  cancels(5002, 'Mon 16:10')
  cancels(5105, 'Tue 08:40')
  cancels(BACK, 'Tue 09:15')
  again(BACK, 'Tue 20:30', {})
  cancels(5008, 'Wed 13:10')
  again(POISON, 'Wed 11:00', {})
  happens(
    timeOf('Tue 11:20'),
    'event',
    event(CLOUD, 'Cloud Day', 'Fri 18:00', { updated_ts: '2026-03-03T11:20:00.000000Z' }),
  )
  // Nothing but the ticket changes.
  again(RELABELLED, 'Wed 13:20', { ticket_title: 'Speaker' })
  for (const who of [5101, 5103, 5107, 5109]) {
    again(who, 'Wed 17:10', { status: 'checked-in', checkin_date: stamp('Wed 17:10') })
  }
  again(5111, 'Wed 18:32', { status: 'checked-in', checkin_date: stamp('Wed 18:32') })
  return happened
    .sort((a, b) => a.at - b.at)
    .map(({ at, type, data }) => ({ at: at - BEGIN, type, key: `${type}:${String(data['id'])}`, data }))
}

/** Where the tools are. */
export interface Places {
  readonly hubspot: string
  readonly slack: string
  readonly relay: string
  readonly ops: string
  readonly team: string
}

/** The config, as somebody has written it. */
export const configOf = ({ hubspot, slack, relay, ops, team }: Places): string => `timezone: UTC

receiver: { host: 127.0.0.1, port: 0, secrets: ['\${BEVY_SECRET}'] }
admin: { port: 0 }
storage: { path: ./data, minFree: 500MB }

accounts:
  hubspot:
    plugin: hubspot
    options: { accessToken: '\${HUBSPOT_TOKEN}', baseUrl: ${hubspot}, allowPrivateNetworks: true }
    rate: { limit: 80, per: 10s }
  slack:
    plugin: slack
    options: { token: '\${SLACK_TOKEN}', apiUrl: ${slack}, allowPrivateNetworks: true }

filters:
  public: { event: { status: Published, is_test: { $neq: true }, is_hidden: { $neq: true } } }

destinations:
  crm:
    account: hubspot
    onLeave: send
    options:
      contacts: { properties: { firstname: record.first_name, lastname: record.last_name } }
      attendance: {}
  announce:
    account: slack
    options: { channel: C0EVENTS, messages: { attendee.canceled: false } }
  export:
    plugin: csv
    options:
      path: 'exports/{{ type }}.csv'
      columns: { id: record.id, status: record.status, email: record.email }
  relay:
    plugin: webhook
    options: { url: ${relay}/bevy, secrets: ['\${RELAY_SECRET}'], allowPrivateNetworks: true }
    notify: { dead: [team] }

routes:
  - { name: public-to-crm, use: [public], when: { type: [event, attendee] }, to: [crm] }
  - { name: public-to-slack, use: [public], when: { type: [event, attendee] }, to: [announce] }
  - { name: everything, to: [export, relay] }

alerts:
  channels:
    ops: { kind: webhook, url: ${ops}, allowHttp: true, allowPrivateNetworks: true }
    team: { kind: webhook, url: ${team}, allowHttp: true, allowPrivateNetworks: true }
`

/** The file of secrets beside it. */
export const envOf = (slackToken: string = FAKE_TOKEN): string => `SLACK_TOKEN=${slackToken}\n`
