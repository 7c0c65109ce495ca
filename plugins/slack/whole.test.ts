/** The whole bridge, from Bevy's bodies to what stands in Slack in the end. */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import type { Clock } from '../../src/core/ports.ts'
import { post } from '../../test/kit/bridge-process.ts'
import { useTemporaryFolders } from '../../test/kit/temporary-folder.ts'
import { closeWholeBridges, createFastClock, openWhole, SECRET } from '../../test/kit/faulty-bridge.ts'
import { FAKE_TOKEN, startFakeSlack, type FakeSlack } from './fake.ts'

const folders = useTemporaryFolders()
afterEach(closeWholeBridges)

const DAY = 86_400_000
const day = (days: number, hour = 18): string =>
  `${new Date(Date.now() + days * DAY).toISOString().slice(0, 10)}T${hour}:00:00Z`
const chapter = { id: 77, title: 'Central', timezone: 'UTC' }
let stamp = 0
const event = (data: object = {}) => ({
  type: 'event',
  data: [
    {
      id: 9001,
      title: 'Spring Meetup',
      status: 'Published',
      url: 'https://community.example.com/spring/',
      start_date: day(10),
      end_date: day(10, 20),
      created_ts: new Date().toISOString(),
      updated_ts: new Date(Date.now() - 60_000 + ++stamp).toISOString(),
      chapter,
      ...data,
    },
  ],
})
const attendee = (id: number, data: object = {}) => ({
  type: 'attendee',
  data: [
    {
      id,
      event_id: 9001,
      event_chapter_id: 77,
      status: 'registered',
      first_name: `P${id}`,
      created_date: new Date().toISOString(),
      ...data,
    },
  ],
})
const members = (from: number, count: number, chapterId: number) => ({
  type: 'chaptermember',
  data: Array.from({ length: count }, (_, index) => ({
    id: from + index,
    chapter_id: chapterId,
    user_id: null,
    created_date: new Date().toISOString(),
    departure_date: null,
  })),
})

function configFor(fake: FakeSlack): Record<string, unknown> {
  const options = { token: FAKE_TOKEN, apiUrl: fake.apiUrl, allowPrivateNetworks: true }
  return {
    accounts: { slack: { plugin: 'slack', options } },
    tables: { channels: './channels.csv' },
    destinations: {
      announce: { account: 'slack', options: { channel: 'C0EVENTS' }, batch: { size: 50, wait: '200ms' } },
      welcome: {
        account: 'slack',
        batch: { every: '10s', by: 'chapter.id', size: 5000 },
        options: { channel: { path: 'chapter.id', table: 'channels' } },
      },
    },
    routes: [
      { name: 'public', when: { type: ['event', 'attendee'], event: { status: 'Published' } }, to: ['announce'] },
      { name: 'joined', when: { type: 'chaptermember', record: { departure_date: null } }, to: ['welcome'] },
    ],
  }
}

it('keeps an announcement up to date through a restart, and tells 5,000 new members in a message or two a channel', async () => {
  await using fake = await startFakeSlack()
  for (const id of ['C0CENTRAL', 'C0NORTH']) fake.channels.set(id, {})
  const folder = folders()
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'channels.csv'), 'chapter,channel\n77,C0CENTRAL\n78,C0NORTH\n')
  const fast = createFastClock(10)
  // A timer of Node may end a millisecond early, which is ten of this clock.
  const clock: Clock = { ...fast, timer: (ms, fn) => fast.timer(ms + 20, fn) }
  let whole = await openWhole(folder, configFor(fake), { clock })
  const send = async (...envelopes: object[]): Promise<void> => {
    expect(await post(whole.url, JSON.stringify(envelopes), { 'x-bevy-secret': SECRET })).toBe(200)
  }
  const inEvents = () => fake.messages.filter(({ channel }) => channel === 'C0EVENTS')
  const [chapters] = [{ type: 'chapter', data: [chapter, { id: 78, title: 'North', timezone: 'UTC' }] }]

  await send(chapters, event())
  await fake.until(() => inEvents().length === 1)
  await send(attendee(1))
  await fake.until(() => inEvents().length === 2)
  await send(event({ start_date: day(11), end_date: day(11, 20) }))
  await fake.until(() => inEvents().length === 3)

  await whole.close()
  whole = await openWhole(folder, configFor(fake), { clock })
  // No route matches it any more: it has left, and the destination tells why.
  fake.script.push({ error: 'ratelimited', status: 429, retryAfter: 1 })
  await send(event({ start_date: day(11), end_date: day(11, 20), status: 'Canceled' }))
  await fake.until(() => inEvents().length === 4)
  await send(attendee(2))

  const [announcement] = inEvents()
  expect(
    inEvents().map(({ text, thread, edits }) => [text.split('\n')[0], thread === announcement?.ts, edits]),
  ).toEqual([
    ['Canceled: Spring Meetup', false, 2],
    [expect.stringMatching(/^P1 registered for/), true, 0],
    ['*<https://community.example.com/spring/|Spring Meetup>* has changed.', true, 0],
    [expect.stringMatching(/has been canceled/), true, 0],
  ])

  for (let sent = 0; sent < 4500; sent += 500) await send(members(sent + 1, 500, 77))
  await send(members(4501, 500, 78), members(9001, 3, 99))
  const told = (channel: string): number[] =>
    fake.messages.flatMap((one) => (one.channel === channel ? [Number.parseInt(one.text, 10)] : []))
  const sum = (counts: number[]): number => counts.reduce((all, count) => all + count, 0)
  await fake.until(() => sum(told('C0CENTRAL')) >= 4500 && sum(told('C0NORTH')) >= 500)
  await whole.close()
  expect([sum(told('C0CENTRAL')), sum(told('C0NORTH'))]).toEqual([4500, 500])
  expect(fake.messages.length - inEvents().length).toBeLessThanOrEqual(12)
  expect(inEvents().length).toBe(4)
  expect(fake.pings).toEqual([])
  expect(fake.calls.filter((call) => !call.endsWith(' ok'))).toEqual(['chat.update 429 ratelimited'])
}, 90_000)
