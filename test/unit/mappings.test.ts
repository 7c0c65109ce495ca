import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isBridgeError } from '../../src/core/errors.ts'
import type { Mapping } from '../../src/core/expressions/expressions.ts'
import { compileMapping } from '../../src/core/expressions/mappings.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { headOf, scopeOf } from '../kit/scope.ts'

const data: JsonObject = {
  id: 5,
  event_id: 9,
  first_name: 'Avery',
  last_name: '',
  email: 'canary@example.com',
  status: 'checked-in',
  checkin_date: '2026-03-20T18:58:41-07:00',
  day: '2026-03-20',
  none: null,
  odd: 'constructor',
  count: '12',
  price: 12.5,
  featured: false,
  answer: 'Yes',
  tags: ['registered', 'vip'],
  company: { name: 'ACME' },
  surveys: {
    pre_order: {
      fields: [
        { label: 'Diet', value: 'halal' },
        { label: 'Topics', value: ['js', 'ai'] },
        { label: 'Skipped', value: null },
      ],
    },
    after: {
      fields: [
        { label: 'Diet', value: 'later' },
        { label: 'Stars', value: 5 },
      ],
    },
  },
}
const chapter = { id: 77, title: 'Central', timezone: 'America/Los_Angeles' }
const scope = scopeOf('attendee', data, { heads: [headOf('event', { id: 9, title: 'Meetup', chapter })] })

function compile(source: unknown): Mapping {
  const result = compileMapping(source)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value
}

const path = (name: string, more: object = {}): object => ({ path: `record.${name}`, ...more })

describe('mappings', () => {
  it.each<[unknown, Json | undefined]>([
    // paths keep the type
    ['record.first_name', 'Avery'],
    ['record.price', 12.5],
    ['record.featured', false],
    ['record.tags', ['registered', 'vip']],
    ['record.company', { name: 'ACME' }],
    ['record.none', null],
    ['record.last_name', ''],
    ['record.nowhere', undefined],
    ['user.email', undefined],
    ['type', 'attendee'],
    ['answers["diet"]', 'halal'],
    [path('price'), 12.5],
    // templates are text
    ['{{ record.price }}', '12.5'],
    ['{{ event.title }} ({{ chapter.title }})', 'Meetup (Central)'],
    ['{% if record.featured %}yes{% endif %}', ''],
    // default
    [path('nowhere', { default: 'x' }), 'x'],
    [path('none', { default: 0 }), 0],
    [path('last_name', { default: null }), null],
    [path('featured', { default: true }), false],
    [path('first_name', { default: 'x' }), 'Avery'],
    // map
    [path('status', { map: { 'checked-in': 'ATTENDED', registered: 'REGISTERED' } }), 'ATTENDED'],
    [path('status', { map: { registered: 'REGISTERED' } }), undefined],
    [path('status', { map: { registered: 'R' }, default: 'OTHER' }), 'OTHER'],
    [path('featured', { map: { false: 'no', true: 'yes' } }), 'no'],
    [path('tags', { map: { vip: 'V', registered: 'R' } }), ['R', 'V']],
    [path('tags', { map: { vip: 'V' } }), ['V']],
    [path('first_name', { map: {} }), undefined],
    [path('nowhere', { map: { undefined: 'x' } }), undefined],
    // format
    [path('checkin_date', { format: 'date' }), '2026-03-20'],
    [path('day', { format: 'date' }), '2026-03-20'],
    [path('checkin_date', { format: 'datetime' }), '2026-03-21T01:58:41.000Z'],
    [path('first_name', { format: 'date' }), undefined],
    [path('none', { format: 'date' }), null],
    [path('count', { format: 'number' }), 12],
    [path('price', { format: 'number' }), 12.5],
    [path('first_name', { format: 'number', default: 0 }), 0],
    [path('featured', { format: 'number' }), undefined],
    [path('answer', { format: 'bool' }), true],
    [path('featured', { format: 'bool' }), false],
    [path('price', { format: 'bool' }), undefined],
    [path('first_name', { format: 'list' }), ['Avery']],
    [path('tags', { format: 'list' }), ['registered', 'vip']],
    [path('company', { format: 'json' }), '{"name":"ACME"}'],
    [path('answer', { map: { Yes: '1' }, format: 'number' }), 1],
    // answers
    [{ answer: 'Diet' }, 'halal'],
    [{ answer: ' dIET ' }, 'halal'],
    [{ answer: 'Topics' }, 'js, ai'],
    [{ answer: 'Topics', join: ';' }, 'js;ai'],
    [{ answer: 'Topics', format: 'list' }, ['js', 'ai']],
    [{ answer: 'Topics', map: { js: 'JavaScript', ai: 'AI' } }, 'JavaScript, AI'],
    [{ answer: 'Diet', survey: 'after' }, 'later'],
    [{ answer: 'Stars', survey: 'pre_order' }, undefined],
    [{ answer: 'Stars' }, 5],
    [{ answer: 'Skipped' }, null],
    [{ answer: 'Skipped', default: '-' }, '-'],
    [{ answer: 'constructor' }, undefined],
    // fixed values
    [{ value: 'Bevy' }, 'Bevy'],
    [{ value: null }, null],
    [{ value: ['a', { b: 1 }] }, ['a', { b: 1 }]],
    [{ value: '{{ event.title }}' }, '{{ event.title }}'],
    // nothing inherited
    ['record.constructor', undefined],
    [path('__proto__'), undefined],
    [path('status', { map: {}, default: 'd' }), 'd'],
    [path('odd', { map: { a: 1 } }), undefined],
  ])('%j', (source, expected) => {
    const mapping = compile(source)
    expect(mapping.evaluate(scope)).toEqual(expected)
    expect(mapping.source).toBe(source)
  })

  const tables = new Map([
    [
      'names',
      new Map([
        ['5', 'five'],
        ['true', 'yes'],
        ['vip', 'V'],
        ['js', 'JavaScript'],
        ['empty', ''],
        ['12', '1,200'],
      ]),
    ],
  ])
  const withTables = scopeOf('attendee', data, { tables })
  it.each<[object, Json | undefined]>([
    [path('id', { table: 'names' }), 'five'],
    [path('none', { table: 'names' }), null],
    [path('status', { table: 'names' }), undefined],
    [path('status', { table: 'names', default: 'other' }), 'other'],
    [path('odd', { table: 'names', default: 'other' }), 'other'],
    [path('id', { table: 'nowhere', default: 'other' }), 'other'],
    [path('tags', { table: 'names' }), ['V']],
    [path('status', { map: { 'checked-in': ' vip ' }, table: 'names' }), 'V'],
    [path('featured', { map: { false: true }, table: 'names' }), 'yes'],
    [path('status', { map: { 'checked-in': 'empty' }, table: 'names', default: 'other' }), 'other'],
    [path('count', { table: 'names', format: 'list' }), ['1,200']],
    [path('count', { table: 'names', format: 'number', default: 0 }), 0],
    [{ answer: 'Topics', table: 'names' }, 'JavaScript'],
    [{ answer: 'Skipped', table: 'names', default: '-' }, '-'],
  ])('%j looks its value up', (source, expected) => {
    const mapping = compile(source)
    expect(mapping.evaluate(withTables)).toEqual(expected)
    expect(mapping.table).toBe((source as { table: string }).table)
  })

  it('with a table and no tables there is no value', () => {
    expect(compile(path('id', { table: 'names', default: 'other' })).evaluate(scope)).toBe('other')
    expect(() => compile(path('id', { table: 'names', required: true })).evaluate(scope)).toThrow(
      'record.id is required and has no value',
    )
    expect('table' in compile(path('id'))).toBe(false)
  })

  it.each<[unknown, string[]]>([
    ['record.first_name', ['record']],
    ['{{ event.title }} {{ user.id }}', ['event', 'user']],
    [{ path: 'event.start_date' }, ['event']],
    [{ path: 'event.start_date', format: 'date' }, ['chapter', 'event']],
    [{ answer: 'Diet' }, ['answers']],
    [{ answer: 'Diet', survey: 'after' }, ['record']],
    [{ value: 'event.title' }, []],
  ])('%j reads %j', (source, expected) => expect([...compile(source).reads].sort()).toEqual(expected))

  it.each<[unknown, (string | number)[], string]>([
    ['Bevy', [], 'for a fixed text write { value: "Bevy" }'],
    ['evnt.title', [], 'did you mean "event"?'],
    ['{{ evnt.title }}', [], 'did you mean "event"?'],
    [5, [], 'write { value: 5 }'],
    [null, [], 'write { value: null }'],
    [undefined, [], 'must be a path'],
    [['record.id'], [], 'write { value: ["record.id"] }'],
    [{}, [], 'needs one of path, answer, value'],
    [{ pth: 'record.id' }, [], 'did you mean "path"?'],
    [{ path: 'Bevy' }, ['path'], '{ value: "Bevy" }'],
    [{ path: 5 }, ['path'], 'must be a path'],
    [{ path: '{{ record.id }}' }, ['path'], 'is not a path'],
    [{ answer: '' }, ['answer'], 'label of a question'],
    [{ path: 'record.id', defualt: 1 }, ['defualt'], 'did you mean "default"?'],
    [{ path: 'record.id', survey: 'x' }, ['survey'], 'unknown key "survey"'],
    [{ path: 'record.id', table: 5 }, ['table'], 'must be the name of a lookup table'],
    [{ answer: 'Diet', table: '' }, ['table'], 'must be the name of a lookup table'],
    [{ value: 1, table: 'channels' }, ['table'], 'unknown key "table"'],
    [{ value: 1, default: 2 }, ['default'], 'unknown key "default"'],
    [{ path: 'record.id', value: 1 }, ['value'], 'unknown key "value"'],
    [{ path: 'record.id', format: 'datum' }, ['format'], 'did you mean "date"?'],
    [{ path: 'record.id', format: 'constructor' }, ['format'], 'must be one of'],
    [{ path: 'record.id', map: ['a'] }, ['map'], 'must be an object'],
    [{ path: 'record.id', required: 'yes' }, ['required'], 'must be true or false'],
    [{ answer: 'Diet', join: 1 }, ['join'], 'must be text'],
    [{ answer: 'Diet', survey: 1 }, ['survey'], 'must be the name of a survey'],
  ])('%j is refused', (source, at, message) => {
    expect(compileMapping(source)).toEqual({
      ok: false,
      issues: [{ path: at, message: expect.stringContaining(message) }],
    })
  })

  it.each<[unknown, string]>([
    [path('nowhere', { required: true }), 'record.nowhere is required and has no value'],
    [path('last_name', { required: true }), 'record.last_name is required and has no value'],
    [path('email', { format: 'number', required: true }), 'record.email is required and has no value'],
    [path('email', { map: { a: 'b' }, required: true }), 'record.email is required and has no value'],
    [{ answer: 'Shoes', required: true }, 'answers["Shoes"] is required and has no value'],
  ])('%j fails by its name, without the value', (source, message) => {
    let thrown: unknown
    try {
      compile(source).evaluate(scope)
    } catch (error) {
      thrown = error
    }
    expect(isBridgeError(thrown, 'record')).toBe(true)
    expect(thrown).toMatchObject({ code: 'ERR_MAPPING_REQUIRED', message })
  })

  it('never hand out what is inherited, whatever the data', () => {
    const name = fc.constantFrom('constructor', '__proto__', 'toString', 'valueOf', 'hasOwnProperty', 'a', '0')
    const fields = fc.dictionary(name, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 })
    const format = fc.constantFrom(undefined, 'date', 'datetime', 'number', 'bool', 'list', 'json')
    fc.assert(
      fc.property(fc.array(name, { maxLength: 3 }), fields, format, (names, found, wanted) => {
        const on = scopeOf('event', JSON.parse(JSON.stringify(found)) as JsonObject)
        const source = { path: ['record', ...names].join('.'), ...(wanted === undefined ? {} : { format: wanted }) }
        const value = compile(source).evaluate(on)
        expect(['function', 'symbol', 'bigint']).not.toContain(typeof value)
        // What comes out is JSON that was in the data, or made of it.
        if (wanted === undefined && value !== undefined)
          expect(JSON.stringify(on.record)).toContain(JSON.stringify(value))
      }),
      { numRuns: 500 },
    )
  })
})
