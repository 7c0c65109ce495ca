import { afterEach, describe, expect, it } from 'vitest'
import type { JobInput } from '../../src/testing.ts'
import { bench, callsOf, closeAll, peopleIn } from './kit.fake.ts'

afterEach(closeAll)

const definitions = {
  companies: [
    { name: 'name', type: 'string' },
    { name: 'city', type: 'string' },
    { name: 'bevy_chapter_id', type: 'string', hasUniqueValue: true },
  ],
}
const options = {
  contacts: {},
  objects: [
    {
      objectType: 'companies',
      idProperty: 'bevy_chapter_id',
      properties: { name: 'record.title', city: 'record.city' },
    },
  ],
}
const chapter = { id: 77, title: 'Central', city: 'Portland' }
const member = (id: number, more: object = {}): JobInput => ({
  type: 'chaptermember',
  data: {
    id,
    chapter_id: 77,
    departure_date: null,
    user: { id: 1000 + id, first_name: `M${id}`, email: `member${id}@example.com` },
    ...more,
  },
  chapter,
})
const companies = (fake: { crm: { objects: Map<string, Map<string, { properties: object }>> } }) =>
  [...(fake.crm.objects.get('companies')?.values() ?? [])].map(({ properties }) => properties)
const states = (outcomes: readonly { state: string }[]): string[] => outcomes.map(({ state }) => state)

describe('chapters and their members', () => {
  it('a chapter is an object of the configured type, found by its id', async () => {
    const { fake, play } = await bench(options, { definitions })
    await play({ type: 'chapter', data: chapter })
    await play({ type: 'chapter', data: { ...chapter, title: 'Central Two', city: '' } })
    expect(companies(fake)).toEqual([{ name: 'Central Two', city: 'Portland', bevy_chapter_id: '77' }])
    expect(fake.problems).toEqual([])
  })

  it('members are associated with it, once, and it is made where HubSpot has none', async () => {
    const { fake, play } = await bench(options, { definitions })
    expect(states(await play(member(1), member(2)))).toEqual(['delivered', 'delivered'])
    expect(companies(fake)).toEqual([{ name: 'Central', city: 'Portland', bevy_chapter_id: '77' }])
    await play(member(1, { note: 'again' }))
    const [[company]] = [[...(fake.crm.objects.get('companies')?.keys() ?? [])]]
    const pair = (email: string): string => `contacts:${fake.contact(email)?.id} companies:${company}`
    expect([...fake.crm.associations]).toEqual([pair('member1@example.com'), pair('member2@example.com')])
    expect(callsOf(fake).filter((call) => call.endsWith('batch/read'))).toHaveLength(1)
    expect(fake.problems).toEqual([])
  })

  it('who has left or has no account that is known is not associated', async () => {
    const { fake, play } = await bench(options, { definitions })
    const outcomes = await play(member(1, { departure_date: '2026-06-01T12:00:00Z' }), {
      type: 'chaptermember',
      data: { id: 2, user_id: 5, chapter_id: 77 },
    })
    expect(states(outcomes)).toEqual(['delivered', 'skip'])
    expect([Object.keys(peopleIn(fake)), fake.crm.associations.size]).toEqual([['member1@example.com'], 0])
  })

  it('an object that somebody deleted is made anew at the next attempt', async () => {
    const { fake, play } = await bench(options, { definitions })
    await play(member(1))
    fake.crm.objects.get('companies')?.clear()
    expect(states(await play(member(2)))).toEqual(['reject'])
    expect(states(await play(member(2)))).toEqual(['delivered'])
    expect(companies(fake)).toHaveLength(1)
  })
})

describe('check', () => {
  const signal = new AbortController().signal

  it('says nothing when all is well, and writes nothing', async () => {
    const { fake, sender } = await bench({ ...options, attendance: {} }, { definitions })
    expect(await sender.check?.(signal)).toEqual([])
    expect([peopleIn(fake), fake.crm.events.size, companies(fake), fake.problems]).toEqual([{}, 0, [], []])
  })

  it('names every property, type and option that does not fit', async () => {
    const properties = {
      shoe: 'record.shoe',
      diet: { path: 'record.diet', map: { a: 'vegan', b: 'kosher' } },
      last_event: { path: 'event.start_date', format: 'number' },
      hs_object_id: 'record.id',
      firstname: 'record.first_name',
    }
    const objects = [{ objectType: 'companies', idProperty: 'name', properties: { nme: 'record.title' } }]
    const events = { customProperties: { topic: 'event.topic' } }
    const { sender } = await bench(
      { contacts: { properties, key: { property: 'user_no' } }, objects, events },
      { definitions: { ...definitions, '0-54': [] } },
    )
    expect(await sender.check?.(signal)).toEqual([
      'contacts have no property user_no: make it in HubSpot, with unique values',
      'contacts.properties.shoe: contacts in HubSpot have no such property',
      'contacts.properties.diet: the property has no option "kosher"',
      'contacts.properties.last_event: the mapping makes a number, the property is of type date',
      'contacts.properties.hs_object_id: HubSpot keeps this property itself, it cannot be written',
      'events.customProperties.topic: marketing events in HubSpot have no such property',
      'the property name of companies has no unique values: that is chosen when it is made, so make another',
      'objects[0].properties.nme: companies in HubSpot have no such property',
    ])
  })

  it('names the scopes that are missing, or the token', async () => {
    const { sender, fake } = await bench(
      { contacts: {}, attendance: {} },
      { scopes: ['crm.objects.contacts.read', 'crm.objects.marketing_events.read'] },
    )
    expect(await sender.check?.(signal)).toEqual([
      expect.stringContaining('lacks the scope crm.objects.contacts.write'),
      expect.stringContaining('lacks the scope crm.objects.marketing_events.write'),
    ])
    fake.token = 'rolled'
    expect(await sender.check?.(signal)).toEqual([expect.stringContaining('refused the access token')])
  })

  it('says when HubSpot cannot be reached', async () => {
    const { sender } = await bench({ contacts: {}, baseUrl: 'http://127.0.0.1:1' })
    expect(await sender.check?.(signal)).toEqual([expect.stringContaining('refused'), expect.anything()].slice(0, 1))
  })
})
