import { describe, expect, it } from 'vitest'
import { ownTime } from '../../src/core/records/own-time.ts'
import type { JsonObject } from '../../src/core/types.ts'

const receivedAt = Date.parse('2026-03-10T00:00:00Z')
const day = (date: number): number => Date.UTC(2026, 2, date)

describe('when what a record tells happened', () => {
  it.each<[string, string, JsonObject, JsonObject | undefined, number | undefined]>([
    ['an event just created', 'event', { created_ts: '2026-03-09T00:00:00Z' }, undefined, day(9)],
    ['an event created long ago', 'event', { created_ts: '2026-02-01T00:00:00Z' }, undefined, Date.UTC(2026, 1, 1)],
    [
      'an event created long ago and published now',
      'event',
      { created_ts: '2026-02-01T00:00:00Z', status: 'Published' },
      { status: 'Draft' },
      receivedAt,
    ],
    [
      'its date of publication, where Bevy sends it',
      'event',
      { created_ts: '2026-02-01T00:00:00Z', publish_date: '2026-03-08T00:00:00Z' },
      undefined,
      day(8),
    ],
    [
      'an event that is over, whatever changed',
      'event',
      { created_ts: '2026-03-09T00:00:00Z', end_date: '2026-03-02T00:00:00Z', status: 'Published' },
      { status: 'Draft' },
      day(2),
    ],
    ['a registration', 'attendee', { status: 'registered', created_date: '2026-03-09T00:00:00Z' }, undefined, day(9)],
    [
      'a check-in',
      'attendee',
      { status: 'checked-in', created_date: '2026-03-01T00:00:00Z', checkin_date: '2026-03-09T00:00:00Z' },
      undefined,
      day(9),
    ],
    [
      'a cancellation without a date',
      'attendee',
      { status: 'deleted', created_date: '2026-03-01T00:00:00Z', deleted_date: null },
      undefined,
      day(1),
    ],
    [
      'a member who joined',
      'chaptermember',
      { created_date: '2026-03-05T00:00:00Z', departure_date: null },
      undefined,
      day(5),
    ],
    [
      'a member who left',
      'chaptermember',
      { created_date: '2026-01-05T00:00:00Z', departure_date: '2026-03-06T00:00:00Z' },
      undefined,
      day(6),
    ],
    ['what says nothing of it', 'chapter', { created: '2020-01-01' }, undefined, undefined],
    ['an unreadable date', 'attendee', { status: 'registered', created_date: 'yesterday' }, undefined, undefined],
  ])('%s', (_name, type, data, before, expected) => expect(ownTime({ type, data, before, receivedAt })).toBe(expected))
})
