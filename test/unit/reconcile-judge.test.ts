import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { fromRest } from '../../src/core/reconcile/from-rest.ts'
import { judge } from '../../src/core/reconcile/judge.ts'
import { overlay } from '../../src/core/reconcile/overlay.ts'
import { contentHash } from '../../src/core/records/exact-json.ts'
import type { StoredHead } from '../../src/core/records/versions.ts'
import type { Json, JsonObject, KnownType } from '../../src/core/types.ts'

const HOUR = 3_600_000
const NOON = Date.UTC(2026, 2, 1, 12)

const headOf = (type: KnownType, data: JsonObject, more: Partial<StoredHead> = {}): StoredHead => ({
  type,
  id: String(data['id']),
  key: `${type}:${String(data['id'])}`,
  data,
  hash: contentHash(data),
  version: null,
  position: { seq: 3, n: 1 },
  ...more,
})
const asOf = { seq: 9, n: 0 }

describe('overlay: what the API says otherwise', () => {
  it.each<[string, Json, Json | undefined, Json]>([
    ['another text', 'a', 'b', 'b'],
    ['fields only one side has are no change', { id: 1, a: 1 }, { id: 1, b: 2 }, { id: 1, a: 1 }],
    ['nothing written otherwise', { a: '', b: {}, c: null }, { a: null, b: [], c: '' }, { a: '', b: {}, c: null }],
    [
      'nothing where something was',
      { checkin_date: '2026-03-01T10:00:00Z' },
      { checkin_date: null },
      { checkin_date: null },
    ],
    ['something where nothing was', { logo: {} }, { logo: { url: 'x' } }, { logo: { url: 'x' } }],
    [
      'a date in another zone',
      { a: '2026-03-01T10:00:00+02:00' },
      { a: '2026-03-01T08:00:00Z' },
      { a: '2026-03-01T10:00:00+02:00' },
    ],
    [
      'a date cut to seconds',
      { a: '2026-03-01T08:00:00Z' },
      { a: '2026-03-01T08:00:00.589739Z' },
      { a: '2026-03-01T08:00:00Z' },
    ],
    [
      'two dates of one second',
      { a: '2026-03-01T08:00:00.1Z' },
      { a: '2026-03-01T08:00:00.2Z' },
      { a: '2026-03-01T08:00:00.2Z' },
    ],
    ['a number as text', { a: 12 }, { a: '12' }, { a: 12 }],
    ['an object by its id', { chapter: { id: 7, title: 'B' } }, { chapter: 7 }, { chapter: { id: 7, title: 'B' } }],
    ['another one by its id', { chapter: { id: 7, title: 'B' } }, { chapter: 8 }, { chapter: { id: 8 } }],
    [
      'another object',
      { chapter: { id: 7, title: 'B' } },
      { chapter: { id: 8, title: 'C', x: 1 } },
      { chapter: { id: 8, title: 'C', x: 1 } },
    ],
    [
      'a part of an object',
      { chapter: { id: 7, title: 'B' } },
      { chapter: { id: 7, title: 'C', x: 1 } },
      { chapter: { id: 7, title: 'C' } },
    ],
    [
      'a list with one more',
      { team: [{ id: 1, t: 'a' }] },
      {
        team: [
          { id: 2, t: 'b', x: 1 },
          { id: 1, t: 'a', x: 1 },
        ],
      },
      {
        team: [
          { id: 2, t: 'b' },
          { id: 1, t: 'a' },
        ],
      },
    ],
    ['an emptied list', { tags: ['a'] }, { tags: [] }, { tags: [] }],
    ['a list by place', { tags: ['a', 'b'] }, { tags: ['a', 'c'] }, { tags: ['a', 'c'] }],
    ['not told', { a: 1 }, undefined, { a: 1 }],
  ])('%s', (_name, known, fetched, expected) => {
    expect(overlay(known, fetched)).toEqual(expected)
  })

  it('of the same is the same, and laid over twice changes nothing more', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()), (a, b) => {
        const [known, fetched] = [a, b] as Json[]
        expect(overlay(known as Json, known)).toEqual(known)
        const once = overlay(known as Json, fetched)
        expect(overlay(once, fetched)).toEqual(once)
      }),
    )
  })
})

describe('fromRest: in the shape of a webhook', () => {
  it('puts ids where a webhook has them, and cuts dates as it does', () => {
    expect(
      fromRest('attendee', {
        id: 1,
        event: { id: 9, chapter: { id: 7 } },
        user: { id: 4 },
        status: 'registered',
        created_date: '2023-10-23T19:29:28.589739Z',
      }),
    ).toMatchObject({ event_id: 9, user_id: 4, event_chapter_id: 7, created_date: '2023-10-23T19:29:28Z' })
    expect(fromRest('attendee', { id: 1 }, undefined, { event: '9' })).toMatchObject({ event_id: 9 })
    expect(fromRest('chaptermember', { id: 1, user: { id: 4 } }, undefined, { chapter: '7' })).toMatchObject({
      chapter_id: 7,
      user_id: 4,
    })
    expect(fromRest('event', { id: 1, chapter: 7 })).toMatchObject({ chapter: { id: 7 } })
  })

  it('never takes a masked address for one', () => {
    expect(
      fromRest('attendee', { id: 1, email: 'a***@example.org', masked_email: 'a***@example.org' }),
    ).not.toHaveProperty('email')
  })

  const gone = '2026-02-01T10:00:00Z'
  it.each<[string, JsonObject, JsonObject | undefined, string | undefined]>([
    ['its own', { status: 'registered', deleted_date: gone }, undefined, 'registered'],
    ['checked in', { is_checked_in: true, deleted_date: gone }, undefined, 'checked-in'],
    ['a check-in undone', { is_checked_in: false, checkin_date: gone }, { status: 'checked-in' }, 'registered'],
    ['canceled', { deleted_date: gone }, { status: 'registered', deleted_date: null }, 'deleted'],
    [
      'registered again: the old date stays',
      { deleted_date: gone },
      { status: 'registered', deleted_date: gone },
      'registered',
    ],
    ['still canceled', { deleted_date: gone }, { status: 'deleted', deleted_date: gone }, 'deleted'],
    ['nothing to tell by', { first_name: 'A' }, { status: 'checked-in' }, undefined],
  ])('status: %s', (_name, data, known, expected) => {
    expect(fromRest('attendee', { id: 1, ...data }, known)['status']).toBe(expected)
  })
})

describe('judge', () => {
  const attendee = {
    id: 5,
    event_id: 9,
    status: 'registered',
    email: 'a@example.org',
    created_date: '2026-03-01T10:00:00Z',
    checkin_date: null,
  }
  const span = { since: NOON - 24 * HOUR, until: NOON }

  it('the same, though the API has other fields and other forms', () => {
    const data = {
      ...attendee,
      id: '5',
      created_date: '2026-03-01T10:00:00.123456Z',
      avatar: { url: 'x' },
      email: undefined as never,
    }
    expect(judge({ type: 'attendee', data, head: headOf('attendee', attendee), asOf, span })).toEqual({ state: 'same' })
  })

  it('another state keeps what the API does not tell', () => {
    const data = { id: 5, status: 'checked-in', checkin_date: '2026-03-01T11:00:00.5Z', avatar: {} }
    const judged = judge({ type: 'attendee', data, head: headOf('attendee', attendee), asOf, span })
    expect(judged).toEqual({
      state: 'differs',
      data: { ...attendee, status: 'checked-in', checkin_date: '2026-03-01T11:00:00Z' },
    })
  })

  it('missing: only documented fields, and only in the span', () => {
    const data = { ...attendee, avatar: { url: 'x' }, masked_email: 'a***' }
    expect(judge({ type: 'attendee', data, head: undefined, asOf, span })).toEqual({ state: 'missing', data: attendee })
    const old = { ...attendee, created_date: '2025-01-01T00:00:00Z' }
    expect(judge({ type: 'attendee', data: old, head: undefined, asOf, span })).toEqual({ state: 'outside' })
    expect(judge({ type: 'attendee', data: old, head: undefined, asOf }).state).toBe('missing')
  })

  it('what came by webhook since the fetch began is newer', () => {
    const data = { ...attendee, status: 'deleted' }
    const head = headOf('attendee', attendee, { position: { seq: 9, n: 1 } })
    expect(judge({ type: 'attendee', data, head, asOf, span })).toEqual({ state: 'newer' })
    const confirmed = headOf('attendee', attendee, { asOf: { seq: 10, n: 1 } })
    expect(judge({ type: 'attendee', data, head: confirmed, asOf, span })).toEqual({ state: 'newer' })
  })

  it('an event by its version, and no news in what is calculated', () => {
    const event = { id: 9, title: 'A', updated_ts: '2026-03-01T10:00:00.500000Z', total_attendees: 3 }
    const head = headOf('event', event, { version: Date.UTC(2026, 2, 1, 10) * 1000 + 500_000 })
    const judged = (more: JsonObject) => judge({ type: 'event', data: { ...event, ...more }, head, asOf, span }).state
    expect(judged({ title: 'B', updated_ts: '2026-03-01T09:00:00Z' })).toBe('newer')
    expect(judged({ title: 'B', updated_ts: '2026-03-01T10:00:00Z' })).toBe('differs')
    expect(judged({ title: 'B', updated_ts: '2026-03-01T11:00:00Z' })).toBe('differs')
    expect(judged({ total_attendees: 4, updated_ts: '2026-03-01T11:00:00Z' })).toBe('same')
  })
})
