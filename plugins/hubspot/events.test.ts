import { afterEach, describe, expect, it } from 'vitest'
import type { Json } from '../../src/plugin.ts'
import { makeJob } from '../../src/testing.ts'
import { attendee, bench, callsOf, closeAll, peopleIn } from './kit.fake.ts'

afterEach(closeAll)

const EVENT = {
  id: 9001,
  title: 'Spring Meetup',
  status: 'Published',
  url: 'https://community.example.com/spring/',
  description_short: 'Talks and pizza.',
  event_type_title: 'Meetup',
  start_date: '2026-03-20T18:00:00-07:00',
  end_date: '2026-03-20T21:00:00-07:00',
  chapter: { id: 77, title: 'Central' },
}
const event = (more: Record<string, Json> = {}) => ({ type: 'event', data: { ...EVENT, ...more } })
const states = (outcomes: readonly { state: string }[]): string[] => outcomes.map(({ state }) => state)

describe('marketing events', () => {
  it('have the fields of the event, and follow it', async () => {
    const { fake, play } = await bench({ events: {} })
    expect(states(await play(event()))).toEqual(['delivered'])
    expect(fake.crm.events.get('9001')).toEqual({
      objectId: expect.any(String),
      externalAccountId: 'bevy',
      eventName: 'Spring Meetup',
      eventOrganizer: 'Central',
      eventType: 'Meetup',
      eventDescription: 'Talks and pizza.',
      eventUrl: 'https://community.example.com/spring/',
      startDateTime: '2026-03-21T01:00:00.000Z',
      endDateTime: '2026-03-21T04:00:00.000Z',
      eventCancelled: false,
      eventCompleted: false,
    })
    await play(event({ title: 'Summer Meetup' }))
    expect(fake.crm.events.get('9001')).toMatchObject({ eventName: 'Summer Meetup' })
    expect(fake.problems).toEqual([])
  })

  it('are canceled once, come back, and are completed once after their end', async () => {
    const { fake, play, clock } = await bench({ events: {} })
    await play(event())
    await play(event({ status: 'Canceled' }))
    await play(event({ status: 'Canceled', title: 'Off' }))
    expect(fake.crm.events.get('9001')).toMatchObject({ eventCancelled: true, eventName: 'Off' })
    await play(event())
    expect(fake.crm.events.get('9001')).toMatchObject({ eventCancelled: false })
    await clock.advance(30 * 86_400_000)
    await play(event({ updated_ts: '2026-03-21T05:00:00Z' }))
    await play(event({ title: 'Done' }))
    expect(fake.crm.events.get('9001')).toMatchObject({
      eventCompleted: true,
      eventCancelled: false,
      eventName: 'Done',
    })
    const acts = callsOf(fake).filter((call) => !call.endsWith('upsert'))
    expect(acts).toEqual([
      'POST /marketing/marketing-events/events/9001/cancel',
      'POST /marketing/marketing-events/events/9001/complete',
    ])
    expect(fake.problems).toEqual([])
  })

  it('are canceled when they leave their routes, and restored when they come back', async () => {
    const { fake, play } = await bench({ events: {} })
    await play(event())
    await play({ ...event({ status: 'Draft' }), left: true })
    expect(fake.crm.events.get('9001')).toMatchObject({ eventCancelled: true })
    expect(states(await play({ ...event({ status: 'Draft' }), left: true }))).toEqual(['skip'])
    await play(event())
    expect(fake.crm.events.get('9001')).toMatchObject({ eventCancelled: false })
  })

  it('take custom properties and fields of your own', async () => {
    const definitions = {
      '0-54': [
        { name: 'city', type: 'string' },
        { name: 'day', type: 'date' },
      ],
    }
    const options = {
      events: {
        organizer: { value: 'HQ' },
        name: '{{ event.title }} in {{ chapter.title }}',
        customProperties: { city: 'event.venue_city', day: 'event.start_date' },
      },
    }
    const { fake, play } = await bench(options, { definitions })
    await play({
      ...event({ venue_city: 'Portland' }),
      chapter: { id: 77, title: 'Central', timezone: 'America/Los_Angeles' },
    })
    expect(fake.crm.events.get('9001')).toMatchObject({
      eventName: 'Spring Meetup in Central',
      eventOrganizer: 'HQ',
      city: 'Portland',
      day: '2026-03-20',
    })
    expect(fake.problems).toEqual([])
  })

  it('many in a batch are one request; an error that names none sends them singly', async () => {
    const { fake, play } = await bench({ events: {} })
    const many = [1, 2, 3].map((id) => ({ type: 'event', data: { ...EVENT, id } }))
    expect(states(await play(...many))).toEqual(['delivered', 'delivered', 'delivered'])
    expect(fake.requests).toHaveLength(1)
    const body =
      '{"results":[{"objectId":"1"},{"objectId":"2"}],"numErrors":1,"errors":[{"category":"VALIDATION_ERROR"}]}'
    fake.script.push({ on: /events\/upsert/, answer: { status: 200, body } })
    expect(states(await play(...many))).toEqual(['delivered', 'delivered', 'delivered'])
    expect(fake.requests).toHaveLength(5)
  })
})

describe('attendance', () => {
  const about = {
    registered: { status: 'registered' },
    checkedIn: { status: 'checked-in', checkin_date: '2026-03-20T18:03:00Z' },
    deleted: { status: 'deleted', deleted_date: '2026-03-05T11:00:00.123456Z' },
  }

  it('follows a person through registering, canceling, registering again and coming', async () => {
    const { fake, play } = await bench({ contacts: {}, attendance: {} })
    await play(event())
    await play(attendee(5001, about.registered))
    await play(attendee(5001, about.deleted))
    await play(attendee(5001, { ...about.registered, deleted_date: '2026-03-05T11:00:00.123456Z' }))
    await play(attendee(5001, about.checkedIn))
    const undone = await play(attendee(5001, about.registered))
    expect(states(undone)).toEqual(['delivered'])
    await play(attendee(5001, about.checkedIn))
    expect(fake.attendance('9001', 'guest5001@example.com')).toEqual([
      'register 2026-03-02T09:14:05.000Z',
      'cancel 2026-03-05T11:00:00.123Z',
      'register 2026-03-05T11:00:00.124Z',
      'attend 2026-03-20T18:03:00.000Z',
    ])
    expect(callsOf(fake).filter((call) => call.startsWith('GET /marketing'))).toEqual([])
    expect(fake.problems).toEqual([])
  })

  it('makes the event first: from what is known of it, else by its number, corrected when it comes', async () => {
    const { fake, play } = await bench({ attendance: {} })
    await play(
      { ...attendee(5001), event: { ...EVENT, chapter: null } },
      { ...attendee(5002, { event_id: 9002 }), event: { id: 9002 } },
    )
    expect(fake.crm.events.get('9001')).toMatchObject({
      eventName: 'Spring Meetup',
      eventOrganizer: 'Central',
      eventType: 'Meetup',
    })
    expect(fake.crm.events.get('9002')).toMatchObject({ eventName: 'Bevy event 9002' })
    expect(fake.crm.timeline).toHaveLength(2)
    await play(event({ id: 9002, title: 'Its name' }))
    await play(attendee(5003, { event_id: 9002 }))
    expect(fake.crm.events.get('9002')).toMatchObject({ eventName: 'Its name' })
    // Each was looked for once.
    expect(callsOf(fake).filter((call) => call.startsWith('GET'))).toHaveLength(2)
    // Names of a contact HubSpot did not have.
    expect(peopleIn(fake)['guest5001@example.com']).toEqual({ firstname: 'First5001', lastname: 'Last5001' })
    expect(fake.problems).toEqual([])
  })

  it('leaves alone an event that HubSpot has', async () => {
    const { fake, play } = await bench({ attendance: {} })
    fake.crm.events.set('9001', { eventName: 'Renamed by hand' })
    expect(states(await play({ ...attendee(5001), event: EVENT }))).toEqual(['delivered'])
    expect(fake.crm.events.get('9001')).toEqual({ eventName: 'Renamed by hand' })
  })

  it('makes an event anew that somebody deleted', async () => {
    const { fake, play } = await bench({ attendance: {} })
    await play(event())
    fake.crm.events.clear()
    expect(states(await play({ ...attendee(5001), event: EVENT }))).toEqual(['delivered'])
    expect([fake.crm.events.get('9001')?.eventName, fake.crm.timeline.length]).toEqual(['Spring Meetup', 1])
  })

  it('two registrations of one person in a batch are one input', async () => {
    const { fake, play } = await bench({ attendance: {} })
    const outcomes = await play(
      attendee(5001),
      attendee(5002, { email: 'GUEST5001@example.com', created_date: '2026-03-02T10:00:00Z' }),
    )
    expect(states(outcomes)).toEqual(['delivered', 'delivered'])
    expect(fake.attendance('9001', 'guest5001@example.com')).toEqual(['register 2026-03-02T10:00:00.000Z'])
  })

  it('a registration that leaves its routes is canceled, its contact stays', async () => {
    const { fake, play } = await bench({ contacts: {}, attendance: {} })
    await play(attendee(5001))
    await play({ ...attendee(5001, { ticket_title: 'Test' }), left: true })
    expect(fake.attendance('9001', 'guest5001@example.com')).toEqual([
      'register 2026-03-02T09:14:05.000Z',
      'cancel 2026-03-02T09:15:00.000Z',
    ])
    expect(Object.keys(peopleIn(fake))).toHaveLength(1)
    expect(states(await play({ ...attendee(5001), left: true }))).toEqual(['skip'])
    await play(attendee(5001))
    expect(fake.attendance('9001', 'guest5001@example.com').at(-1)).toBe('register 2026-03-02T09:15:00.001Z')
  })

  it('a newer source wrote the contact: the attendance is told all the same', async () => {
    const { fake, play } = await bench({ contacts: {}, attendance: {} })
    await play({ type: 'user', seq: 9, data: { id: 1001, email: 'guest5001@example.com', first_name: 'Newer' } })
    expect(states(await play({ ...attendee(5001), seq: 8 }))).toEqual(['delivered'])
    expect(peopleIn(fake)).toEqual({ 'guest5001@example.com': { firstname: 'Newer' } })
    expect(fake.attendance('9001', 'guest5001@example.com')).toHaveLength(1)
  })
})

describe('preview', () => {
  it('shows the requests of a record without asking anything', async () => {
    const { fake, sender } = await bench({ contacts: {}, attendance: {} })
    const job = makeJob(attendee(5001))
    const deleted = makeJob({ ...attendee(5002, { email: 'deleted+1@bevylabs.com' }), n: 2 })
    expect(await sender.preview?.([job, deleted, makeJob({ type: 'chapter', n: 3 })])).toEqual([
      {
        method: 'POST',
        path: '/crm/objects/2026-09/contacts/batch/upsert',
        body: {
          inputs: [
            {
              id: 'guest5001@example.com',
              idProperty: 'email',
              properties: { email: 'guest5001@example.com', firstname: 'First5001', lastname: 'Last5001' },
              objectWriteTraceId: job.id,
            },
          ],
        },
      },
      {
        method: 'POST',
        path: '/marketing/marketing-events/2026-09/attendance/9001/register/email-create?externalAccountId=bevy',
        body: { inputs: [{ email: 'guest5001@example.com', interactionDateTime: Date.parse('2026-03-02T09:14:05Z') }] },
      },
      { erasure: 'a person deleted in Bevy' },
      { skipped: expect.stringContaining('chapter') },
    ])
    expect(fake.requests).toEqual([])
  })
})
