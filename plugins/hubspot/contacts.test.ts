import { afterEach, describe, expect, it } from 'vitest'
import { makeJob } from '../../src/testing.ts'
import { attendee, attendees, bench, callsOf, closeAll, peopleIn } from './kit.fake.ts'

afterEach(closeAll)

const UPSERT = /batch\/upsert/
const states = (outcomes: readonly { state: string }[]): string[] => outcomes.map(({ state }) => state)
const some = (count: number, state: string): string[] => Array.from({ length: count }, () => state)

describe('contacts', () => {
  it('are upserted by address, a hundred in one request, with the default properties', async () => {
    const { fake, send } = await bench({ contacts: {} })
    const outcomes = await send(attendees(100))
    expect(states(outcomes)).toEqual(some(100, 'delivered'))
    expect(callsOf(fake)).toEqual(['GET /crm/properties/contacts', 'POST /crm/objects/contacts/batch/upsert'])
    const people = peopleIn(fake)
    expect(Object.keys(people)).toHaveLength(100)
    expect(people['guest5001@example.com']).toEqual({ firstname: 'First5001', lastname: 'Last5001' })
    // Results come in reverse: ids are those of the right contact.
    for (const [index, outcome] of outcomes.entries()) {
      const { id } = fake.contact(`guest${5001 + index}@example.com`) ?? {}
      expect(outcome).toEqual({ state: 'delivered', ref: { contact: id } })
    }
    expect(fake.problems).toEqual([])
  })

  it('come from every record about a person, and a membership without one is skipped', async () => {
    const { fake, play } = await bench({ contacts: {} })
    const person = { id: 7, first_name: 'Noor', last_name: 'Haddad', email: 'Noor.Haddad@Example.com' }
    const outcomes = await play(
      { type: 'user', data: person },
      {
        type: 'chaptermember',
        data: { id: 1, user: { ...person, id: 8, email: 'mika@example.com', first_name: 'Mika' }, chapter_id: 77 },
      },
      { type: 'chaptermember', data: { id: 2, user_id: 999, chapter_id: 77 } },
      { type: 'attendee', data: { id: 3, email: '' } },
      { type: 'chapter', data: { id: 77, title: 'Central' } },
      { type: 'event', data: { id: 5, title: 'E' } },
    )
    expect(states(outcomes)).toEqual(['delivered', 'delivered', 'skip', 'skip', 'skip', 'skip'])
    expect(peopleIn(fake)).toEqual({
      'noor.haddad@example.com': { firstname: 'Noor', lastname: 'Haddad' },
      'mika@example.com': { firstname: 'Mika', lastname: 'Haddad' },
    })
  })

  it('values are written in the form of their property', async () => {
    const properties = {
      diet: { answer: 'Dietary needs' },
      last_event: 'event.start_date',
      registered_at: 'record.created_date',
      tickets: { value: 2 },
      is_member: { value: true },
      firstname: '{{ record.first_name | upcase }}',
    }
    const { fake, play } = await bench({ contacts: { properties } })
    const fields = [{ label: 'Dietary needs ', value: ['Vegan food', 'no nuts'] }]
    await play({
      ...attendee(5001, { surveys: { pre_order: { fields } } }),
      event: { id: 9001, start_date: '2026-03-20T18:00:00-07:00' },
      chapter: { id: 77, timezone: 'America/Los_Angeles' },
    })
    expect(fake.contact('guest5001@example.com')?.properties).toEqual({
      email: 'guest5001@example.com',
      diet: 'vegan;no_nuts',
      last_event: '2026-03-20',
      registered_at: '2026-03-02T09:14:05.000Z',
      tickets: '2',
      is_member: 'true',
      firstname: 'FIRST5001',
    })
    expect(fake.problems).toEqual([])
  })

  it('an empty value clears nothing, unless it is told to; what the record does not have never does', async () => {
    const properties = { firstname: 'record.first_name', lastname: 'record.last_name', tickets: 'record.nothing_of_it' }
    const emptied = attendee(5001, { first_name: '', last_name: null })
    const full = { firstname: 'First5001', lastname: 'Last5001', tickets: '4' }
    for (const [clear, expected] of [
      [false, full],
      [['firstname'], { lastname: 'Last5001', tickets: '4' }],
      [true, { tickets: '4' }],
    ] as const) {
      const { fake, play } = await bench({ contacts: { properties, clear } })
      await play(attendee(5001))
      Object.assign(fake.contact('guest5001@example.com')?.properties ?? {}, { tickets: '4' })
      await play(emptied)
      expect(peopleIn(fake)).toEqual({ 'guest5001@example.com': expected })
      await closeAll()
    }
  })

  it('records of one person in a batch are one input, the newer values win, and each gets the outcome', async () => {
    const properties = { firstname: 'record.first_name', lastname: 'record.last_name', tickets: 'record.count' }
    const { fake, play } = await bench({ contacts: { properties } })
    const outcomes = await play(
      { ...attendee(5002, { email: ' GUEST5001@example.com', first_name: 'New' }), n: 9 },
      attendee(5001, { first_name: 'Old', count: 3 }),
      { type: 'user', data: { id: 1, email: 'guest5001@Example.com', last_name: 'User', first_name: null } },
      attendee(5003),
    )
    expect(states(outcomes)).toEqual(some(4, 'delivered'))
    expect(peopleIn(fake)).toEqual({
      'guest5001@example.com': { firstname: 'New', lastname: 'Last5002', tickets: '3' },
      'guest5003@example.com': { firstname: 'First5003', lastname: 'Last5003' },
    })
    expect(callsOf(fake)).toHaveLength(2)
  })

  it('an older source does not write over a newer one', async () => {
    const { fake, play, sender } = await bench({ contacts: {} })
    await play({ ...attendee(5001, { first_name: 'Newer' }), seq: 9 })
    const late = { type: 'user', seq: 8, data: { id: 1001, email: 'GUEST5001@example.com', first_name: 'Older' } }
    expect(sender.lane?.(makeJob(late))).toBe('guest5001@example.com')
    expect(await play(late)).toMatchObject([{ state: 'skip', reason: expect.stringContaining('newer source') }])
    expect(peopleIn(fake)).toEqual({ 'guest5001@example.com': { firstname: 'Newer', lastname: 'Last5001' } })
  })

  it('by a unique property a person who changes the address stays one contact; the others go by address', async () => {
    const { fake, play, sender } = await bench({ contacts: { key: { property: 'bevy_user_id' } } })
    await play(attendee(5001), attendee(5002, { user_id: null }))
    await play(attendee(5001, { email: 'moved@example.com' }))
    expect(peopleIn(fake)).toEqual({
      'moved@example.com': { firstname: 'First5001', lastname: 'Last5001', bevy_user_id: '1001' },
      'guest5002@example.com': { firstname: 'First5002', lastname: 'Last5002' },
    })
    expect(
      [5001, 5002].map((id) => sender.lane?.(makeJob(attendee(id, id === 5002 ? { user_id: null } : {})))),
    ).toEqual(['key:1001', 'guest5002@example.com'])
    expect(fake.problems).toEqual([])
  })

  it('a contact that was there before it had the key is found by its address and gets the key', async () => {
    const { fake, play } = await bench({ contacts: { key: { property: 'bevy_user_id' } } })
    const there = { id: '1', properties: { email: 'guest5001@example.com', lastname: 'By hand' } }
    fake.crm.objects.get('contacts')?.set('1', there)
    expect(states(await play(attendee(5001), attendee(5002)))).toEqual(['delivered', 'delivered'])
    expect(there.properties).toEqual({
      email: 'guest5001@example.com',
      firstname: 'First5001',
      lastname: 'Last5001',
      bevy_user_id: '1001',
    })
    expect(Object.keys(peopleIn(fake))).toHaveLength(2)
  })
})

describe('trouble with some', () => {
  it('a poison record among a hundred is refused alone, told by its trace id', async () => {
    const { fake, send } = await bench({ contacts: {} })
    const jobs = attendees(100, (id) => (id === 5042 ? { email: 'not an address' } : {}))
    const outcomes = await send(jobs)
    expect(outcomes.filter(({ state }) => state === 'delivered')).toHaveLength(99)
    expect(outcomes[41]).toMatchObject({
      state: 'reject',
      reason: expect.stringMatching(/email: INVALID_EMAIL.*correlationId c0ffee/),
    })
    expect(JSON.stringify(outcomes)).not.toContain('not an address')
    expect(Object.keys(peopleIn(fake))).toHaveLength(99)
    expect(callsOf(fake)).toHaveLength(2)
  })

  it('a batch refused as a whole is split until the bad one is alone', async () => {
    const { fake, send } = await bench({ contacts: {} })
    fake.script.push({ on: UPSERT, answer: { status: 400, body: '{"category":"VALIDATION_ERROR"}' } })
    fake.script.push({ on: UPSERT, answer: { status: 400, body: '' } })
    const outcomes = await send(attendees(4))
    expect(states(outcomes)).toEqual(some(4, 'delivered'))
    expect(callsOf(fake).filter((call) => UPSERT.test(call))).toHaveLength(5)
    expect(Object.keys(peopleIn(fake))).toHaveLength(4)
  })

  it('what the answer does not account for is sent by itself, and is unknown when that tells nothing either', async () => {
    const { fake, send } = await bench({ contacts: {} })
    const isLost = ({ properties }: Record<string, unknown>): boolean =>
      ['guest5002@example.com', 'guest5003@example.com'].includes((properties as { email: string }).email)
    fake.script.push({ on: UPSERT, answer: { without: isLost } }, { on: UPSERT, answer: { without: isLost } })
    const outcomes = await send(attendees(4))
    expect(states(outcomes)).toEqual(['delivered', 'unknown', 'delivered', 'delivered'])
    expect(Object.keys(peopleIn(fake))).toHaveLength(4)
  })

  it('a value without an option refuses the record, not its neighbours', async () => {
    const { fake, play } = await bench({ contacts: { properties: { diet: 'record.diet', tickets: 'record.count' } } })
    const outcomes = await play(
      attendee(5001, { diet: 'kosher' }),
      attendee(5002, { diet: 'vegan' }),
      attendee(5003, { count: 'many' }),
    )
    expect(outcomes).toMatchObject([
      { state: 'reject', reason: expect.stringMatching(/options of diet of contacts/) },
      { state: 'delivered' },
      { state: 'reject', reason: expect.stringMatching(/tickets/) },
    ])
    expect(JSON.stringify(outcomes)).not.toMatch(/kosher|many/)
    expect(peopleIn(fake)).toEqual({ 'guest5002@example.com': { diet: 'vegan' } })
  })

  it('a property that does not exist pauses the destination, and works once it is made', async () => {
    const { fake, send, clock } = await bench({
      contacts: { properties: { firstname: 'record.first_name', shoe: 'record.shoe' } },
    })
    const jobs = attendees(3, () => ({ shoe: '42' }))
    await expect(send(jobs)).rejects.toMatchObject({
      kind: 'destination',
      code: 'ERR_HUBSPOT_PROPERTY',
      message: expect.stringContaining('shoe'),
    })
    expect([peopleIn(fake), callsOf(fake)]).toEqual([{}, ['GET /crm/properties/contacts']])
    fake.crm.definitions.get('contacts')?.push({ name: 'shoe', type: 'number' })
    await clock.advance(61_000)
    expect(states(await send(jobs))).toEqual(some(3, 'delivered'))
    expect(peopleIn(fake)['guest5001@example.com']).toEqual({ firstname: 'First5001', shoe: '42' })
  })

  it('a property deleted behind our back pauses the destination instead of refusing records', async () => {
    const { fake, send } = await bench({ contacts: { properties: { tickets: { value: 1 } } } })
    await send(attendees(1))
    const all = fake.crm.definitions.get('contacts') ?? []
    fake.crm.definitions.set(
      'contacts',
      all.filter(({ name }) => name !== 'tickets'),
    )
    await expect(send(attendees(3))).rejects.toMatchObject({
      code: 'ERR_HUBSPOT_PROPERTY',
      message: expect.stringContaining('tickets'),
    })
  })
})
