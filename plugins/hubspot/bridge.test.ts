import { afterEach, describe, expect, it } from 'vitest'
import { endBridgeProcesses, post, RUNTIMES, startBridgeProcess, writeConfig } from '../../test/kit/bridge-process.ts'
import { useTemporaryFolders } from '../../test/kit/temporary-folder.ts'
import { startFakeHubSpot } from './fake.ts'
import { attendee, peopleIn } from './kit.fake.ts'

const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const COUNT = 230
const POISON = 5007
const checkedIn = { status: 'checked-in', checkin_date: '2026-03-20T18:03:00Z' }
const deleted = { status: 'deleted', deleted_date: '2026-03-05T11:00:00Z' }
const event = (more: object = {}) => ({
  id: 9001,
  title: 'Spring Meetup',
  status: 'Published',
  is_test: false,
  start_date: '2119-03-20T18:00:00-07:00',
  end_date: '2119-03-20T21:00:00-07:00',
  updated_ts: '2026-02-10T10:00:00Z',
  chapter: { id: 77, title: 'Central' },
  ...more,
})

describe.each(RUNTIMES)('the whole bridge on %s', (runtime) => {
  it('an upload, check-ins, cancellations and what leaves its route end in exactly the right state', async () => {
    await using fake = await startFakeHubSpot({ limit: 10_000 })
    const folder = folders()
    const options = { accessToken: fake.token, baseUrl: fake.url, allowPrivateNetworks: true }
    writeConfig(folder, {
      receiver: { host: '127.0.0.1', port: 0, secrets: ['canary-secret-1f7a'] },
      accounts: { hubspot: { plugin: 'hubspot', options, rate: { limit: 1000, per: '1s' } } },
      filters: {
        public: {
          event: { status: 'Published', is_test: { $neq: true } },
          record: { ticket_title: { $neq: 'Staff' } },
        },
      },
      destinations: {
        crm: {
          account: 'hubspot',
          options: { contacts: {}, attendance: {} },
          onLeave: 'send',
          batch: { size: 100, wait: '50ms' },
          retry: { for: '1h', delay: '20ms', maxDelay: '50ms' },
        },
      },
      routes: [{ name: 'to-crm', use: ['public'], when: { type: ['event', 'attendee'] }, to: ['crm'] }],
    })
    fake.script.push(
      { on: /attendance/, answer: 'lost' },
      { on: /batch\/upsert/, answer: { status: 502, body: '<html>' } },
    )
    const bridge = await startBridgeProcess(runtime, folder)
    const give = async (type: string, data: object[]): Promise<void> => {
      const body = JSON.stringify([{ type, data }])
      expect(await post(bridge.url, body, { 'x-bevy-secret': 'canary-secret-1f7a' })).toBe(200)
    }
    const ids = Array.from({ length: COUNT }, (_, index) => 5001 + index)
    const of = (id: number, more: object = {}) => ({
      ...attendee(id, id === POISON ? { email: 'no address' } : {}).data,
      ...more,
    })
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const entries = (state: string): number => fake.crm.timeline.filter((entry) => entry.state === state).length

    // Attendees come before their event, which the filter waits for.
    await give(
      'attendee',
      ids.map((id) => of(id)),
    )
    await give('event', [event()])
    await until(() => entries('register') === COUNT - 1)
    await give(
      'attendee',
      ids.slice(0, 100).map((id) => of(id, checkedIn)),
    )
    await give(
      'attendee',
      ids.slice(100, 150).map((id) => of(id, deleted)),
    )
    await until(() => entries('attend') === 99 && entries('cancel') === 50)
    await give('attendee', [of(5200, { ticket_title: 'Staff' })])
    await until(() => entries('cancel') === 51)
    await give('event', [event({ is_test: true, updated_ts: '2026-03-22T10:00:00Z' })])
    await until(() => fake.crm.events.get('9001')?.eventCancelled === true)
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)

    expect(fake.problems).toEqual([])
    const people = peopleIn(fake)
    expect(Object.keys(people)).toHaveLength(COUNT - 1)
    expect(people['guest5001@example.com']).toEqual({ firstname: 'First5001', lastname: 'Last5001' })
    expect([entries('register'), entries('attend'), entries('cancel'), fake.crm.timeline.length]).toEqual([
      229, 99, 51, 379,
    ])
    expect(fake.attendance('9001', 'guest5101@example.com')).toEqual([
      'register 2026-03-02T09:14:05.000Z',
      'cancel 2026-03-05T11:00:00.000Z',
    ])
    expect(fake.attendance('9001', 'guest5200@example.com')).toEqual([
      'register 2026-03-02T09:14:05.000Z',
      expect.stringMatching(/^cancel 20/),
    ])
    expect(fake.crm.events.get('9001')).toMatchObject({ eventName: 'Spring Meetup', eventCancelled: true })
    expect(bridge.output()).not.toMatch(/@example|no address|First50|canary-secret|fake-token/)
  })
})
