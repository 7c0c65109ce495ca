import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPath, parsePath, readPath } from '../../src/core/expressions/paths.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'
import { scopeOf } from '../kit/scope.ts'

const data: JsonObject = {
  id: 1,
  first_name: 'Avery',
  'odd name': { 'a.b': 2 },
  items: [{ x: 'first' }, { x: null }],
  surveys: { pre_order: { fields: [{ label: ' T-shirt Size ', value: 'M' }] } },
}
const scope = scopeOf('attendee', data)

function read(text: string): Json | undefined {
  const path = parsePath(text)
  if (!path.ok) throw new Error(path.issues[0]?.message)
  return readPath(scope, path.value)
}

describe('paths', () => {
  it.each([
    ['type', 'attendee'],
    ['record.first_name', 'Avery'],
    [' record.first_name ', 'Avery'],
    ['record', data],
    ['record.items[0].x', 'first'],
    ['record.items.0.x', 'first'],
    ['record["odd name"]["a.b"]', 2],
    ["record['first_name']", 'Avery'],
    ['record.items[1].x', null],
    ['record.items[7].x', undefined],
    ['record.items.length', undefined],
    ['record.first_name.length', undefined],
    ['record.first_name[0]', undefined],
    ['record.nothing.at.all', undefined],
    ['before.first_name', undefined],
    ['answers["T-shirt size"]', 'M'],
    ["answers['t-SHIRT size']", 'M'],
    ['answers["Shoe size"]', undefined],
    ['delivery.seq', 5],
    ['record.constructor', undefined],
    ['record.__proto__', undefined],
    ['record.items.constructor', undefined],
    ['answers.toString', undefined],
  ])('%s', (text, expected) => expect(read(text)).toEqual(expected))

  it.each([
    ['evnt.title', 'did you mean "event"?'],
    ['status', 'did you mean "record.status"?'],
    ['Bevy', '{ value: "Bevy" }'],
    [
      'General Admission',
      'is not a path such as record.first_name; for a fixed text write { value: "General Admission" }',
    ],
    ['', 'is not a path'],
    ['record.', 'is not a path'],
    ['record..x', 'is not a path'],
    ['.record', 'is not a path'],
    ['record[x]', 'is not a path'],
    ['record["x]', 'is not a path'],
    ['["record"].x', 'is not a path'],
    ['https://example.org/x', '{ value: "https://example.org/x" }'],
    ['constructor', 'does not start with one of'],
    ['__proto__.x', 'does not start with one of'],
  ])('refuses %j', (text, message) => {
    const path = parsePath(text)
    expect(path.ok ? undefined : path.issues[0]?.message).toContain(message)
  })

  it('reads back any path it writes', () => {
    const segment = fc.oneof(fc.string({ minLength: 1 }), fc.nat(999))
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 5 }), (rest) => {
        const path = parsePath(formatPath(['record', ...rest]))
        expect(path.ok && path.value.rest).toEqual(rest)
      }),
    )
  })

  it('leads to own properties only, whatever the names', () => {
    const inherited = ['constructor', '__proto__', 'toString', 'valueOf', 'length', 'at', 'map', 'hasOwnProperty']
    const names = fc.array(fc.constantFrom(...inherited, 'items', '0', 'first_name'), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(names, (rest) => {
        const found = readPath(scope, { text: '', root: 'record', rest })
        expect(typeof found).not.toBe('function')
        if (rest.some((name) => inherited.includes(name))) expect(found).toBeUndefined()
      }),
    )
  })
})
