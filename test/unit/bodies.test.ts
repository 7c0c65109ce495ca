import { describe, expect, it } from 'vitest'
import { MAX_RECORDS, splitBody } from '../../src/core/records/bodies.ts'
import { parseExact } from '../../src/core/records/exact-json.ts'
import type { Json } from '../../src/core/types.ts'
import { sampleBytes, sampleNames } from '../kit/bodies.ts'

/** `key` of each record, code of each problem, in order. */
function outline(json: Json): string[] | string {
  const body = splitBody(json)
  if (body.state === 'unusable') return body.problem.code
  expect(body.items.map((item) => item.n)).toEqual(body.items.map((_, index) => index + 1))
  return body.items.map((item) => (item.state === 'record' ? item.record.key : item.problem.code))
}

const one = (id: Json) => [{ type: 'user', data: [{ id }] }]

describe('splitBody', () => {
  it.each<[string, Json, string[] | string]>([
    ['the usual form', [{ data: [{ id: 1 }, { id: 2 }], type: 'attendee' }], ['attendee:1', 'attendee:2']],
    ['several envelopes', [...one(1), { type: 'event', data: [{ id: 2 }] }], ['user:1', 'event:2']],
    ['an envelope by itself', { type: 'user', data: [{ id: 1 }] }, ['user:1']],
    ['a record by itself as data', [{ type: 'user', data: { id: 1 } }], ['user:1']],
    ['the same id twice', [{ type: 'user', data: [{ id: 1 }, { id: '1' }] }], ['user:1', 'user:1']],
    ['a type we do not know', [{ type: 'event people', data: [{ id: 1 }] }], ['event people:1']],
    ['no envelopes', [], []],
    ['empty data', [{ type: 'user', data: [] }], []],
    ['null, "" and {} as data', [null, '', {}].map((data) => ({ type: 'user', data })), []],
    [
      'an id beyond 2^53',
      parseExact('[{"type":"user","data":[{"id":12345678901234567890}]}]'),
      ['user:12345678901234567890'],
    ],
    ['an id with spaces around', one(' 7 '), ['user:7']],
    ['a type with spaces around', [{ type: ' user ', data: [{ id: 1 }] }], ['user:1']],
    ['no id', [{ type: 'user', data: [{ name: 'x' }, { id: 2 }] }], ['ERR_RECORD_ID', 'user:2']],
    ...['', '  ', null, true, {}, 'x'.repeat(201), 'a\nb', '\ud800', 'a\udc00'].map((id): [string, Json, string[]] => [
      `${JSON.stringify(id).slice(0, 20)} as id`,
      one(id),
      ['ERR_RECORD_ID'],
    ]),
    [
      'records that are none',
      [{ type: 'user', data: [null, 'x', [1], { id: 1 }] }],
      [...Array(3).fill('ERR_RECORD_SHAPE'), 'user:1'],
    ],
    ['data that is text', [{ type: 'user', data: 'x' }], ['ERR_RECORD_SHAPE']],
    ...[5, null, '', 'a:b', 'a@b', ['user']].map((type): [string, Json, string[]] => [
      `${JSON.stringify(type)} as type`,
      [{ type, data: [{ id: 1 }] }],
      ['ERR_RECORD_TYPE'],
    ]),
    [
      'something else among envelopes',
      [5, { id: 1 }, ...one(1)],
      ['ERR_RECORD_ENVELOPE', 'ERR_RECORD_ENVELOPE', 'user:1'],
    ],
    ['bare records', [{ id: 1 }, { id: 2 }], 'ERR_BODY_SHAPE'],
    ['a bare record', { id: 1, type: 'user' }, 'ERR_BODY_SHAPE'],
    ['an empty object', {}, 'ERR_BODY_SHAPE'],
    ['no object at all', 'hello', 'ERR_BODY_SHAPE'],
    ['null', null, 'ERR_BODY_SHAPE'],
    ['too many', [{ type: 'user', data: Array(MAX_RECORDS + 1).fill(1) }], 'ERR_BODY_TOO_MANY'],
  ])('understands %s', (_, json, expected) => {
    expect(outline(json)).toEqual(expected)
  })

  it('keeps what it cannot use, whole, with the type where it is known', () => {
    const body = splitBody([{ type: 'user', data: [{ name: 'x' }] }, { id: 3 }])
    expect(body).toMatchObject({
      items: [
        { state: 'problem', n: 1, type: 'user', data: { name: 'x' } },
        { state: 'problem', n: 2, data: { id: 3 } },
      ],
    })
  })

  it.each(sampleNames)('finds only records in %s', (name) => {
    const body = splitBody(parseExact(new TextDecoder().decode(sampleBytes(name))))
    expect(body.state === 'items' && body.items.every((item) => item.state === 'record')).toBe(true)
  })
})
