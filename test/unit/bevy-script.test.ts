import { describe, expect, it } from 'vitest'
import { inventChanges } from '../../src/core/bevy/script.ts'
import { parseInstant } from '../../src/core/records/instants.ts'
import type { JsonObject } from '../../src/core/types.ts'

const START = Date.UTC(2026, 2, 1)
const invent = (type: string, count: number, changes = 0) =>
  inventChanges({ seed: 5, type, count, start: START, changes })

// The fields of Bevy's documented payloads, in their order.
const FIELDS: Readonly<Record<string, string>> = {
  attendee:
    'id attendee_code user_id event_id event_chapter_id created_date checkin_date deleted_date status first_name last_name email ticket_title ticket_audience_type_enum_value surveys',
  event:
    'id title status url description_short start_date end_date event_type_id event_type_title picture key_persons chapter venue_name venue_address venue_city venue_zip_code get_event_address created_ts updated_ts allows_cohosting published_by_full_name',
  chapter:
    'id title chapter_location city state country country_name timezone url relative_url description hide_country_info logo chapter_team',
  user: 'id first_name last_name email joined_date deleted_date company title utm_source utm_medium utm_campaign utm_content utm_term',
}

describe('invented records', () => {
  it.each(Object.entries(FIELDS))('%s has the documented fields', (type, fields) => {
    for (const { data } of invent(type, 20)) expect(Object.keys(data)).toEqual(fields.split(' '))
  })
  it('has both guesses at a chaptermember', () => {
    const shapes = new Set(invent('chaptermember', 30).map(({ data }) => Object.keys(data).join(' ')))
    expect(shapes).toEqual(
      new Set(['id user_id chapter_id created_date departure_date', 'id user chapter created_date departure_date']),
    )
  })
  it('carries an unknown type as something with an id', () => {
    const [first] = invent('survey_response_v2', 1)
    expect(first).toMatchObject({ type: 'survey_response_v2', data: { id: expect.any(Number) } })
  })
  it('makes a community of exactly `count` records whose references exist', () => {
    for (const count of [1, 3, 7, 100]) {
      const records = invent('all', count)
      expect(new Set(records.map(({ key }) => key)).size).toBe(count)
      if (count < 7) continue
      const ids = (type: string) => new Set(records.filter((one) => one.type === type).map(({ data }) => data['id']))
      for (const { type, data } of records) {
        if (type !== 'attendee') continue
        const event = records.find((one) => one.type === 'event' && one.data['id'] === data['event_id'])
        expect(event?.data['chapter']).toMatchObject({ id: data['event_chapter_id'] })
        expect(ids('chapter')).toContain(data['event_chapter_id'])
        expect(ids('user').add(null)).toContain(data['user_id'])
      }
    }
  })
  it('gives a user one name and address wherever it is met', () => {
    const records = invent('all', 100)
    const users = new Map(records.filter((one) => one.type === 'user').map(({ data }) => [data['id'], data]))
    const attendees = records.filter(({ type, data }) => type === 'attendee' && data['user_id'] !== null)
    expect(attendees.length).toBeGreaterThan(30)
    for (const { data } of attendees) expect(data['email']).toBe(users.get(data['user_id'])?.['email'])
  })
  it('invents no address outside example.com, and anonymises as Bevy does', () => {
    const changes = inventChanges({ seed: 9, type: 'all', count: 300, start: START, changes: 6 })
    const addresses = new Set(JSON.stringify(changes).match(/[^"]+@[^"]+/g))
    for (const address of addresses) expect(address).toMatch(/@example\.com$|^deleted\+[0-9a-f]{8}@bevylabs\.com$/)
    expect([...addresses].some((address) => address.startsWith('deleted+'))).toBe(true)
  })
})

describe('stories', () => {
  const told = inventChanges({ seed: 2, type: 'all', count: 400, start: START, changes: 5 })
  const values = (type: string, field: string) =>
    new Set(told.filter((one) => one.type === type).map(({ data }) => data[field]))
  it('walks through the states Bevy documents', () => {
    expect(values('attendee', 'status')).toEqual(new Set(['registered', 'checked-in', 'deleted']))
    expect(values('event', 'status')).toEqual(new Set(['Draft', 'Published', 'Canceled']))
    expect(values('event', 'checkin_count').size).toBeGreaterThan(1)
    expect(values('chaptermember', 'departure_date').size).toBeGreaterThan(2)
    const stale = told.some(
      ({ data }) => data['status'] === 'registered' && data['deleted_date'] !== null && 'attendee_code' in data,
    )
    expect(stale).toBe(true)
  })
  it('is in order of time, and each change changes its record', () => {
    const last = new Map<string, JsonObject>()
    let time = 0
    let same = 0
    for (const { at, key, data } of told) {
      expect(at).toBeGreaterThanOrEqual(time)
      time = at
      if (JSON.stringify(last.get(key)) === JSON.stringify(data)) same++
      last.set(key, data)
    }
    // A person may be set to the value it had: Bevy too sends records in which nothing changed.
    expect(same).toBeLessThan(told.length / 20)
  })
  it('moves the version of an event with every change', () => {
    const last = new Map<string, number>()
    for (const { type, key, data } of told) {
      if (type !== 'event') continue
      const version = parseInstant(data['updated_ts'])?.micros ?? 0
      expect(version).toBeGreaterThan(last.get(key) ?? 0)
      last.set(key, version)
    }
    expect(last.size).toBeGreaterThan(10)
  })
})
