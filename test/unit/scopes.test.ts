import { describe, expect, it } from 'vitest'

import { awaitedBy, joinKeys, keysAwaited } from '../../src/core/records/joins.ts'
import { buildScope } from '../../src/core/expressions/scopes.ts'
import type { Head, JsonObject } from '../../src/core/types.ts'
import { headOf, scopeOf } from '../kit/scope.ts'

describe('join keys', () => {
  it.each<[string, JsonObject, object]>([
    [
      'attendee',
      { id: 1, event_id: 9, event_chapter_id: 77, user_id: 4 },
      { event: 'event:9', chapter: 'chapter:77', user: 'user:4' },
    ],
    ['attendee', { id: 1, event_id: ' 9', user_id: null, event_chapter_id: '' }, { event: 'event:9' }],
    [
      'attendee',
      { id: 1, event: { id: 9, chapter: { id: 77 } }, user: { id: '4' } },
      { event: 'event:9', chapter: 'chapter:77', user: 'user:4' },
    ],
    ['attendee', { id: 1, event_chapter_id: null, chapter_id: 78 }, { chapter: 'chapter:78' }],
    ['attendee', { id: 1, event_id: '90071992547409931' }, { event: 'event:90071992547409931' }],
    ['attendee', { id: 1, event_id: {}, user: [], chapter_id: true, event_chapter_id: 1.5 }, {}],
    ['chaptermember', { id: 1, user_id: 100, chapter_id: 77 }, { chapter: 'chapter:77', user: 'user:100' }],
    ['chaptermember', { id: 1, user: { id: 100 }, chapter: { id: 77 } }, { chapter: 'chapter:77', user: 'user:100' }],
    ['event', { id: 9, chapter: { id: 77 } }, { event: 'event:9', chapter: 'chapter:77' }],
    ['event', { id: 9, event_id: 10, chapter: {} }, { event: 'event:9' }],
    ['chapter', { id: 77 }, { chapter: 'chapter:77' }],
    ['user', { id: 4 }, { user: 'user:4' }],
    ['survey', { id: 1, event_id: 9 }, { event: 'event:9' }],
    ['survey', {}, {}],
  ])('%s %j', (type, data, expected) => expect(joinKeys(type, data)).toEqual(expected))
})

const attendee: JsonObject = { id: 1, event_id: 9, event_chapter_id: 77, user_id: 4, status: 'registered' }

describe('the scope of a record', () => {
  it('holds stubs of what has not arrived', () => {
    const scope = scopeOf('attendee', attendee)
    expect(scope).toEqual({
      type: 'attendee',
      record: attendee,
      changed: [],
      event: { id: 9 },
      chapter: { id: 77 },
      user: { id: 4 },
      answers: {},
      delivery: { seq: 5, receivedAt: '2026-03-01T00:00:00.000Z' },
      waiting: { event: 'event:9', chapter: 'chapter:77', user: 'user:4' },
    })
    expect(keysAwaited(scope, 'chapter')).toEqual(['chapter:77', 'event:9'])
    expect(keysAwaited(scope, 'user')).toEqual(['user:4'])
    expect(keysAwaited(scope, 'record')).toEqual([])
    expect(awaitedBy(new Set(['record', 'chapter', 'event']), scope)).toEqual(['chapter:77', 'event:9'])
    expect(awaitedBy(new Set(['record', 'answers']), scope)).toEqual([])
  })

  it('leaves out what the record does not refer to', () => {
    const scope = scopeOf('attendee', { id: 1, event_id: 9, user_id: null }, { heads: [headOf('event', { id: 9 })] })
    expect('user' in scope).toBe(false)
    expect('chapter' in scope).toBe(false)
    expect('before' in scope).toBe(false)
    expect('timezone' in scope).toBe(false)
    expect(scope.waiting).toEqual({})
  })

  it('names the top-level fields that changed, sorted, by content', () => {
    const before = { id: 1, status: 'a', gone: 1, same: { x: 1, y: [1, 2] }, list: [1, 2], nothing: null }
    const after = { new: true, id: 1, status: 'b', same: { y: [1, 2], x: 1 }, list: [2, 1] }
    expect(scopeOf('event', after, { before }).changed).toEqual(['gone', 'list', 'new', 'nothing', 'status'])
    expect(scopeOf('event', after).changed).toEqual([])
  })

  it('has the config zone when there is one', () => {
    expect(scopeOf('user', { id: 4 }, { timezone: 'Europe/Berlin' }).timezone).toBe('Europe/Berlin')
  })

  it.each(['event', 'chapter', 'user'] as const)('of type %s is that root itself, not its head', (type) => {
    const data = { id: 9, title: 'now' }
    const scope = scopeOf(type, data, { heads: [headOf(type, { id: 9, title: 'other' })] })
    expect(scope[type]).toBe(data)
    expect(scope.waiting).toEqual({})
  })
})

describe('the chapter of a scope', () => {
  const head = (title: string, seq: number): Head => headOf('chapter', { id: 77, title, country: 'US' }, seq)
  const inEvent = (title: string): JsonObject => ({ id: 9, chapter: { id: 77, title, city: 'Portland' } })

  it.each<[string, string, JsonObject, Head[], JsonObject | undefined, object]>([
    ['its head', 'attendee', attendee, [head('head', 1)], { id: 77, title: 'head', country: 'US' }, {}],
    [
      'inside the event',
      'attendee',
      attendee,
      [headOf('event', inEvent('event'), 1)],
      { id: 77, title: 'event', city: 'Portland' },
      {},
    ],
    [
      'the event, when newer; what it lacks from the head',
      'attendee',
      attendee,
      [head('head', 1), headOf('event', inEvent('event'), 2)],
      { id: 77, title: 'event', city: 'Portland', country: 'US' },
      {},
    ],
    [
      'the head, when newer; what it lacks from the event',
      'attendee',
      attendee,
      [head('head', 3), headOf('event', inEvent('event'), 2)],
      { id: 77, title: 'head', city: 'Portland', country: 'US' },
      {},
    ],
    [
      'told by the event alone',
      'attendee',
      { id: 1, event_id: 9 },
      [head('head', 3), headOf('event', { id: 9, chapter: { id: 77 } }, 4)],
      { id: 77, title: 'head', country: 'US' },
      {},
    ],
    ['not yet told', 'attendee', { id: 1, event_id: 9 }, [head('head', 3)], undefined, { chapter: 'event:9' }],
    [
      'another than that of the event',
      'attendee',
      { id: 1, event_id: 9, event_chapter_id: 78 },
      [headOf('event', inEvent('event'), 1)],
      { id: 78 },
      { chapter: 'chapter:78' },
    ],
    [
      'a stub, when the event has only its id',
      'event',
      { id: 9, chapter: { id: '77' } },
      [],
      { id: '77' },
      { chapter: 'chapter:77' },
    ],
    ['inside the record', 'event', inEvent('own'), [], { id: 77, title: 'own', city: 'Portland' }, {}],
    [
      'inside a newer record',
      'event',
      inEvent('own'),
      [head('head', 4)],
      { id: 77, title: 'own', city: 'Portland', country: 'US' },
      {},
    ],
    [
      'a head newer than the record',
      'event',
      inEvent('own'),
      [head('head', 6)],
      { id: 77, title: 'head', city: 'Portland', country: 'US' },
      {},
    ],
    ['none', 'event', { id: 9, chapter: {} }, [], undefined, {}],
    [
      'nested in a membership',
      'chaptermember',
      { id: 3, chapter: { id: 77, title: 'nested' } },
      [],
      { id: 77, title: 'nested' },
      {},
    ],
    [
      'the head rather than nested',
      'chaptermember',
      { id: 3, chapter: { id: 77, title: 'nested' } },
      [head('head', 1)],
      { id: 77, title: 'head', country: 'US' },
      {},
    ],
    [
      'a stub nested in a membership',
      'chaptermember',
      { id: 3, chapter: { id: 77 } },
      [],
      { id: 77 },
      { chapter: 'chapter:77' },
    ],
  ])('is %s', (_name, type, data, heads, expected, waiting) => {
    const scope = scopeOf(type, data, { heads })
    expect(scope.chapter).toEqual(expected)
    const { chapter } = scope.waiting
    expect(chapter === undefined ? {} : { chapter }).toEqual(waiting)
  })

  it('is as new as the record when its position is known', () => {
    const data = inEvent('own')
    const scope = buildScope({
      record: { type: 'event', id: '9', key: 'event:9', data, position: { seq: 5, n: 7 } },
      heads: new Map([['chapter:77', { ...head('head', 5), position: { seq: 5, n: 6 } }]]),
      delivery: { seq: 5, receivedAt: 0 },
    })
    expect(scope.chapter?.title).toBe('own')
  })
})

describe('the user of a scope', () => {
  const nested = { id: 3, user: { id: 4, first_name: 'Noor' } }
  it.each<[string, JsonObject, Head[], JsonObject | undefined, object]>([
    ['nested', nested, [], { id: 4, first_name: 'Noor' }, {}],
    [
      'the head rather than nested',
      nested,
      [headOf('user', { id: 4, first_name: 'N.' })],
      { id: 4, first_name: 'N.' },
      {},
    ],
    ['a stub', { id: 3, user: { id: 4 } }, [], { id: 4 }, { user: 'user:4' }],
    [
      'a stub beside another',
      { id: 3, user_id: 5, user: { id: 4, first_name: 'x' } },
      [],
      { id: 5 },
      { user: 'user:5' },
    ],
    ['none', { id: 3 }, [], undefined, {}],
  ])('is %s', (_name, data, heads, expected, waiting) => {
    const scope = scopeOf('chaptermember', data, { heads })
    expect(scope.user).toEqual(expected)
    expect(scope.waiting).toEqual(waiting)
  })
})
