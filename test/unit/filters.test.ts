import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Filter } from '../../src/core/expressions/expressions.ts'
import { compileFilter } from '../../src/core/expressions/filters.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { headOf, scopeOf } from '../kit/scope.ts'

const NOW = Date.parse('2026-03-19T00:00:00Z')

const attendee: JsonObject = {
  id: 5001,
  event_id: '9001',
  event_chapter_id: 77,
  user_id: null,
  status: 'checked-in',
  email: 'Guest5001@example.com',
  ticket_title: '',
  zip: '01234',
  paid_price: 12.5,
  featured: false,
  checkin_date: null,
  tags: ['vip', 'speaker', 3],
  empty: [],
  orders: [
    { title: 'VIP', price: 30, lines: [{ sku: 'a' }, { sku: 'b' }] },
    { title: 'RSVP', price: 0 },
  ],
  surveys: {
    pre_order: {
      fields: [
        { label: 'T-shirt size', value: 'M' },
        { label: 'Topics', value: ['js', 'ai'] },
      ],
    },
  },
}
const event: JsonObject = {
  id: 9001,
  status: 'Published',
  created_ts: '2026-03-18T12:00:00Z',
  start_date: '2026-03-20T18:00:00-07:00',
  title: 'Spring Meetup',
  chapter: { id: 77, title: 'Central', country: 'US' },
}
const scope = scopeOf('attendee', attendee, {
  heads: [headOf('event', event)],
  before: { ...attendee, status: 'registered', tags: ['speaker', 'vip', 3] },
})

function filter(source: unknown, options?: Parameters<typeof compileFilter>[1]): Filter {
  const result = compileFilter(source, options)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}

const matches = (source: unknown): string => filter(source).match(scope, NOW).state

describe('filters', () => {
  it.each([
    [undefined],
    [{}],
    // equality
    [{ record: { status: 'checked-in' } }],
    [{ 'record.status': 'checked-in' }],
    [{ record: { status: { $eq: 'checked-in' } } }],
    [{ record: { status: { $neq: 'registered' } } }],
    [{ record: { featured: false } }],
    [{ record: { paid_price: 12.5 } }],
    [{ record: { paid_price: '12.5' } }],
    [{ event: { id: '9001' } }],
    [{ event: { id: 9001 } }],
    [{ record: { event_id: 9001 } }],
    [{ record: { event_id: ' 9001 ' } }, 'no'],
    [{ event: { id: 9002 } }, 'no'],
    [{ record: { zip: 1234 } }, 'no'],
    [{ record: { status: 'Checked-in' } }, 'no'],
    [{ record: { featured: 'false' } }, 'no'],
    [{ record: { featured: 0 } }, 'no'],
    // dates are instants
    [{ event: { start_date: '2026-03-21T01:00:00Z' } }],
    [{ event: { start_date: '2026-03-21 01:00' } }],
    [{ event: { start_date: '2026-03-20T18:00:00Z' } }, 'no'],
    // any of
    [{ type: ['event', 'attendee'] }],
    [{ type: 'event' }, 'no'],
    [{ record: { status: ['registered', 'deleted'] } }, 'no'],
    [{ record: { status: { $in: ['registered', 'checked-in'] } } }],
    [{ record: { status: { $nin: ['registered', 'deleted'] } } }],
    [{ record: { status: { $nin: ['registered', 'checked-in'] } } }, 'no'],
    [{ record: { status: [{ $startsWith: 'check' }, null] } }],
    [{ record: { checkin_date: [{ $startsWith: '2026' }, null] } }],
    // null is missing or null
    [{ record: { checkin_date: null } }],
    [{ record: { nowhere: null } }],
    [{ record: { nowhere: { deeper: null } } }],
    [{ record: { ticket_title: null } }, 'no'],
    [{ record: { empty: null } }, 'no'],
    [{ record: { status: null } }, 'no'],
    [{ record: { status: { $neq: null } } }],
    [{ record: { checkin_date: { $exist: false } } }],
    [{ record: { checkin_date: { $exist: true } } }, 'no'],
    [{ record: { ticket_title: { $exist: true } } }],
    [{ record: { nowhere: { $neq: 'x' } } }],
    [{ record: { nowhere: { $nin: ['x'] } } }],
    [{ record: { nowhere: 'x' } }, 'no'],
    // lists in the record contain
    [{ record: { tags: 'vip' } }],
    [{ record: { tags: '3' } }],
    [{ record: { tags: ['nobody', 'speaker'] } }],
    [{ record: { tags: { $neq: 'staff' } } }],
    [{ record: { tags: { $neq: 'vip' } } }, 'no'],
    [{ record: { tags: { $startsWith: 'spea' } } }],
    [{ record: { empty: 'x' } }, 'no'],
    [{ record: { empty: { $neq: 'x' } } }],
    [{ changed: 'status' }],
    [{ changed: 'tags' }],
    [{ changed: 'email' }, 'no'],
    // one element has to have it all
    [{ record: { orders: { title: 'VIP', price: 30 } } }],
    [{ record: { orders: { title: 'VIP', price: 0 } } }, 'no'],
    [{ record: { orders: { $and: [{ title: 'VIP' }, { price: 0 }] } } }],
    [{ record: { orders: { title: 'VIP', lines: { sku: 'b' } } } }],
    [{ record: { orders: { lines: { sku: 'c' } } } }, 'no'],
    [{ record: { orders: { title: { $neq: 'VIP' } } } }],
    [{ record: { orders: { $not: { title: 'VIP' } } } }, 'no'],
    [{ 'record.orders[1].title': 'RSVP' }],
    [{ 'record.orders[1].title': 'VIP' }, 'no'],
    [{ record: { empty: { title: null } } }, 'no'],
    // order
    [{ record: { paid_price: { $gt: 12 } } }],
    [{ record: { paid_price: { $gt: 12.5 } } }, 'no'],
    [{ record: { paid_price: { $gte: 12.5, $lt: 13 } } }],
    [{ record: { paid_price: { $lte: '12.5' } } }],
    [{ record: { zip: { $lt: 2000 } } }],
    [{ record: { status: { $gt: 5 } } }, 'no'],
    [{ record: { status: { $gte: 'checked', $lt: 'd' } } }],
    [{ event: { start_date: { $gte: '2026-03-21T01:00:00Z' } } }],
    [{ event: { start_date: { $lt: '2026-03-21' } } }, 'no'],
    [{ event: { title: { $gt: '2020-01-01' } } }, 'no'],
    [{ record: { checkin_date: { $lt: 5 } } }, 'no'],
    // text
    [{ record: { email: { $endsWith: '@example.com' } } }],
    [{ record: { email: { $startsWith: ['x', 'Guest'] } } }],
    [{ record: { email: { $startsWith: 'guest' } } }, 'no'],
    [{ record: { id: { $startsWith: '50' } } }],
    // time: the event starts 49 hours after now
    [{ event: { start_date: { $within: '3d' } } }],
    [{ event: { start_date: { $within: '49h' } } }],
    [{ event: { start_date: { $within: '2d' } } }, 'no'],
    [{ event: { created_ts: { $within: '1d' } } }],
    [{ event: { created_ts: { $within: '11h' } } }, 'no'],
    [{ event: { start_date: { $after: 'now' } } }],
    [{ event: { start_date: { $before: 'now' } } }, 'no'],
    [{ event: { start_date: { $after: 'now+2d', $before: 'now + 3d' } } }],
    [{ event: { start_date: { $after: '2026-03-21T01:00:00Z' } } }, 'no'],
    [{ event: { start_date: { $before: '2026-03-22' } } }],
    [{ event: { title: { $within: '3d' } } }, 'no'],
    // logic
    [{ $and: [{ type: 'attendee' }, { record: { status: 'checked-in' } }] }],
    [{ $or: [{ type: 'event' }, { record: { status: 'checked-in' } }] }],
    [{ $or: [{ type: 'event' }, { type: 'user' }] }, 'no'],
    [{ $not: { type: 'event' } }],
    [{ $not: { type: 'attendee' } }, 'no'],
    [{ type: { $not: ['event', 'user'] } }],
    [{ record: { $or: [{ status: 'deleted' }, { featured: false }] } }],
    [{ type: 'attendee', record: { status: 'deleted' } }, 'no'],
    // other roots
    [{ before: { status: 'registered' }, record: { status: 'checked-in' } }],
    [{ answers: { 't-shirt SIZE': 'M' } }],
    [{ 'answers["Topics"]': 'ai' }],
    [{ answers: { Shoes: null } }],
    [{ chapter: { country: 'US' } }],
    [{ delivery: { seq: { $gte: 5 } } }],
    // nothing inherited
    [{ record: { constructor: { $exist: true } } }, 'no'],
    [{ record: { tags: { length: 3 } } }, 'no'],
    [{ 'record.__proto__': { $exist: true } }, 'no'],
  ] as [unknown, string?][])('%j', (source, expected = 'yes') => expect(matches(source)).toBe(expected))

  it('take before as missing on first sight', () => {
    const first = scopeOf('event', event)
    expect(
      filter({ before: { status: { $neq: 'Published' } }, record: { status: 'Published' } }).match(first, NOW),
    ).toEqual({
      state: 'yes',
    })
  })

  it('share named conditions with use', () => {
    const named = new Map<string, unknown>([
      ['here', { record: { status: 'checked-in' } }],
      ['gone', { record: { status: 'deleted' }, event: { id: 1 } }],
    ])
    expect(filter({ type: 'attendee' }, { named, use: ['here'] }).match(scope, NOW).state).toBe('yes')
    expect(filter(undefined, { named, use: ['here', 'gone'] }).match(scope, NOW).state).toBe('no')
    expect([...filter({ type: 'x' }, { named, use: ['gone'] }).reads].sort()).toEqual(['event', 'record', 'type'])
    expect(compileFilter({}, { named, use: ['hree'] })).toEqual({
      ok: false,
      issues: [{ path: [], message: 'no filter is named "hree" (did you mean "here"?)' }],
    })
  })

  it('name the roots they read', () => {
    const source = { type: 'x', $or: [{ event: { id: 1 } }, { $not: { 'user.email': null } }], answers: { a: 1 } }
    expect([...filter(source).reads].sort()).toEqual(['answers', 'event', 'type', 'user'])
  })
})

describe('mistakes in filters', () => {
  it.each<[unknown, (string | number)[], string]>([
    [null, [], 'must be conditions'],
    ['event', [], 'must be conditions'],
    [[{ type: 'x' }], [], 'must be conditions'],
    [{ evnt: { status: 'x' } }, ['evnt'], 'did you mean "event"?'],
    [{ status: 'x' }, ['status'], 'did you mean "record.status"?'],
    [{ 'record.': 1 }, ['record.'], 'is not a path'],
    [{ record: { status: { $ne: 'x' } } }, ['record', 'status', '$ne'], 'did you mean "$neq"?'],
    [{ record: { status: { $exists: true } } }, ['record', 'status', '$exists'], 'did you mean "$exist"?'],
    [{ record: { status: { $regex: '(a+)+' } } }, ['record', 'status', '$regex'], 'is not offered'],
    [{ record: { status: { in: ['x'] } } }, ['record', 'status', 'in'], 'did you mean "$in"?'],
    [{ record: { status: { $in: 'x' } } }, ['record', 'status', '$in'], 'must be a list'],
    [{ record: { status: [] } }, ['record', 'status'], 'is an empty list'],
    [{ record: { status: {} } }, ['record', 'status'], 'is empty'],
    [{ record: { status: { $exist: 'yes' } } }, ['record', 'status', '$exist'], 'must be true or false'],
    [{ record: { a: { $gt: true } } }, ['record', 'a', '$gt'], 'must be a number'],
    [{ record: { a: { $startsWith: '' } } }, ['record', 'a', '$startsWith'], 'must be a text'],
    [{ record: { a: { $within: 'soon' } } }, ['record', 'a', '$within'], 'must be a duration'],
    [{ record: { a: { $before: 'yesterday' } } }, ['record', 'a', '$before'], 'must be a date'],
    [{ record: { a: { $after: 'now+x' } } }, ['record', 'a', '$after'], 'must be a date'],
    [{ record: { id: 2 ** 53 } }, ['record', 'id'], 'put it in quotes'],
    [{ record: { id: [1, 2 ** 53] } }, ['record', 'id', 1], 'put it in quotes'],
    [{ $eq: 1 }, ['$eq'], 'needs a field above it'],
    [{ $nott: {} }, ['$nott'], 'did you mean "$not"?'],
    [{ $or: { type: 'x' } }, ['$or'], 'must be a list'],
    [{ $and: [] }, ['$and'], 'must be a list'],
    [{ $or: [{ type: 'x' }, { tpye: 'y' }] }, ['$or', 1, 'tpye'], 'did you mean "type"?'],
  ])('%j', (source, path, message) => {
    const result = compileFilter(source)
    expect(result).toEqual({ ok: false, issues: [{ path, message: expect.stringContaining(message) }] })
  })

  it('are all told at once', () => {
    const result = compileFilter({ evnt: 1, record: { a: { $ne: 1 }, b: { $in: 2 } } })
    expect(result.ok ? [] : result.issues.map((issue) => issue.path)).toEqual([
      ['evnt'],
      ['record', 'a', '$ne'],
      ['record', 'b', '$in'],
    ])
  })
})

describe('any filter on any data', () => {
  const root = fc.constantFrom('type', 'record', 'before', 'event', 'user', 'answers', '$and', '$or', '$not', 'evnt')
  const name = fc.constantFrom(
    'a',
    '__proto__',
    'constructor',
    '$eq',
    '$neq',
    '$gt',
    '$in',
    '$within',
    '$not',
    '$or',
    'id',
  )
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.jsonValue({ maxDepth: 1 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3, noNullPrototype: false }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  }))

  it('neither throws nor takes long', () => {
    const source = fc.oneof(fc.jsonValue(), fc.dictionary(root, value, { maxKeys: 3 }))
    const data = fc.dictionary(name, fc.jsonValue(), { maxKeys: 4 })
    let compiled = 0
    fc.assert(
      fc.property(source, data, (condition, fields) => {
        const result = compileFilter(condition)
        if (!result.ok) {
          expect(result.issues.length).toBeGreaterThan(0)
          return
        }
        compiled++
        const some = scopeOf('attendee', { ...(fields as JsonObject), event_id: 1, id: 2 })
        const match = result.value.match(some, NOW)
        const explained = result.value.explain(some, NOW)
        expect(explained.match).toEqual(match)
        expect(explained.because).not.toBe('')
      }),
      { numRuns: 1000 },
    )
    expect(compiled).toBeGreaterThan(20)
  })

  it('refuses what is nested too deeply', () => {
    let source: unknown = 1
    for (let depth = 0; depth < 10_000; depth++) source = { record: source }
    const result = compileFilter(source)
    expect(result.ok ? '' : result.issues[0]?.message).toBe('is nested too deeply')
  })
})
