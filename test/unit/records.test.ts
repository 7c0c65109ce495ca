import { describe, expect, it } from 'vitest'
import { splitBody } from '../../src/core/records/bodies.ts'
import { emailsOf, noteRecord, versionOf } from '../../src/core/records/records.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { sampleBytes, sampleNames } from '../kit/bodies.ts'

const receivedAt = Date.UTC(2026, 2, 1)

describe('noteRecord', () => {
  it.each(sampleNames)('finds what to note in %s', (name) => {
    const body = splitBody(JSON.parse(new TextDecoder().decode(sampleBytes(name))))
    const items = body.state === 'items' ? body.items : []
    const notes = items.flatMap((item) =>
      item.state === 'record' ? noteRecord(item.record.type, item.record.data) : [],
    )
    expect(notes).toEqual(
      name === 'tolerance-string-ids-naive-dates.json' ? ['created_date: has no zone, taken as UTC'] : [],
    )
  })

  it.each<[string, string, JsonObject, string[]]>([
    ['nothing but an id', 'attendee', { id: 1 }, []],
    [
      'every way to say nothing',
      'event',
      { title: null, chapter: '', start_date: {}, tickets: {}, is_test: [], url: '' },
      [],
    ],
    [
      'dates of all sorts',
      'user',
      { joined_date: '2119-01-01T00:00:00.123456+05:30', deleted_date: '2119-07-30 18:00:00Z' },
      [],
    ],
    ['unknown fields of any sort', 'user', { id: 1, x: { y: [{}] }, z: 1e9 }, []],
    ['a type without schema', 'survey', { created_date: 'soon' }, []],
    [
      'documented fields of another kind',
      'attendee',
      { id: 1, status: 5, surveys: [1], event_id: { id: 9 }, created_date: 'soon', checkin_date: 17 },
      [
        'event_id: is not an id',
        'created_date: is not a date',
        'checkin_date: is not a date',
        'status: is not text',
        'surveys: is not an object',
      ],
    ],
  ])('of %s', (_, type, data, notes) => {
    expect(noteRecord(type, data)).toEqual(notes)
  })

  it('never quotes a value', () => {
    expect(noteRecord('user', { email: { secret: 'a@example.com' }, joined_date: 'b@example.com' }).join()).not.toMatch(
      /@/,
    )
  })
})

describe('versionOf', () => {
  it.each<[string, JsonObject, number | null, string | undefined]>([
    [
      'an offset',
      { updated_ts: '2026-01-14T07:23:57.064179-09:00' },
      Date.UTC(2026, 0, 14, 16, 23, 57) * 1000 + 64_179,
      undefined,
    ],
    ['no zone', { updated_ts: '2026-01-14 07:23:57' }, Date.UTC(2026, 0, 14, 7, 23, 57) * 1000, undefined],
    ['up to a day ahead', { updated_ts: '2026-03-02T00:00:00Z' }, (receivedAt + 86_400_000) * 1000, undefined],
    [
      'more than a day ahead',
      { updated_ts: '2026-03-02T00:00:00.000001Z' },
      null,
      'updated_ts: lies in the future, no version',
    ],
    ['missing', {}, null, 'updated_ts: missing, no version'],
    ['empty', { updated_ts: '' }, null, 'updated_ts: missing, no version'],
    ['unreadable', { updated_ts: 'yesterday' }, null, undefined],
  ])('of an event: %s', (_, data, version, note) => {
    expect(versionOf('event', data, receivedAt)).toEqual(note === undefined ? { version } : { version, note })
  })

  it('is nothing other types have', () => {
    expect(versionOf('attendee', { updated_ts: '2026-01-14T07:23:57Z' }, receivedAt)).toEqual({ version: null })
  })
})

describe('emailsOf', () => {
  it.each<[JsonObject, string[]]>([
    [{ email: ' Robin@Example.COM ' }, ['robin@example.com']],
    [{ user: { email: 'a@example.com' } }, ['a@example.com']],
    [{ email: 'a@example.com', user: { email: 'A@example.com' } }, ['a@example.com']],
    [{ email: '', user: [] }, []],
    [{ email: null, user: null }, []],
    [{ email: 5 }, []],
  ])('%j', (data, emails) => {
    expect(emailsOf(data)).toEqual(emails)
  })
})
