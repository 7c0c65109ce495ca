import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/plugin.ts'
import { makeJob } from '../../src/testing.ts'
import type { Definition } from './definitions.ts'
import { isEmpty, toPropertyValue } from './values.ts'

const enumeration: Partial<Definition> = {
  type: 'enumeration',
  options: [{ value: 'vegan', label: 'Vegan food' }, { value: 'no_nuts', label: 'No nuts' }, { value: 'a;b' }],
}
const losAngeles = makeJob({ chapter: { id: 77, timezone: 'America/Los_Angeles' } })

describe('values by type', () => {
  it.each<[string | Partial<Definition>, Json, string | undefined]>([
    ['string', 'Ada', 'Ada'],
    ['string', 12, '12'],
    ['string', ['a', 'b'], 'a, b'],
    ['string', { a: 1 }, '{"a":1}'],
    ['phone_number', '+1 888', '+1 888'],
    ['number', 12.5, '12.5'],
    ['number', ' -3 ', '-3'],
    ['number', '1,200', undefined],
    ['number', 'many', undefined],
    ['number', 1e21, undefined],
    ['number', true, undefined],
    ['bool', true, 'true'],
    ['bool', 'No', 'false'],
    ['bool', 'perhaps', undefined],
    ['bool', [true], undefined],
    ['date', '2026-03-20', '2026-03-20'],
    ['date', '2026-03-21T01:00:00Z', '2026-03-20'],
    ['date', 'soon', undefined],
    ['datetime', '2026-03-20T18:00:00-07:00', '2026-03-21T01:00:00.000Z'],
    ['datetime', 12, undefined],
    [enumeration, 'vegan', 'vegan'],
    [enumeration, 'vegan FOOD', 'vegan'],
    [enumeration, ['No nuts', 'vegan', 'vegan'], 'no_nuts;vegan'],
    [enumeration, 'Vegan food, No nuts', 'vegan;no_nuts'],
    [enumeration, 'a;b', 'a;b'],
    [enumeration, 'kosher', undefined],
    [enumeration, ['vegan', 'kosher'], undefined],
    [{ type: 'enumeration' }, 'anything', 'anything'],
    [{ type: 'enumeration', options: [{ value: 'true' }, { value: 'false' }] }, false, 'false'],
  ])('%j of %j is %j', (given, value, expected) => {
    const definition = { name: 'x', ...(typeof given === 'string' ? { type: given } : given) } as Definition
    expect(toPropertyValue(value, definition, losAngeles)).toBe(expected)
  })

  it('is written as it looks where nothing is known of the property', () => {
    expect(toPropertyValue('2026-03-20T18:00:00-07:00', undefined, losAngeles)).toBe('2026-03-20T18:00:00-07:00')
  })

  it('is cut to what a property holds, never inside a character', () => {
    const long = `${'x'.repeat(65_535)}🎉🎉`
    expect(toPropertyValue(long, undefined, losAngeles)).toBe('x'.repeat(65_535))
  })

  it.each([undefined, null, '', ' ', [], {}])('%j is empty', (value) => expect(isEmpty(value)).toBe(true))
  it.each([0, false, 'a', ['']])('%j is not', (value) => expect(isEmpty(value)).toBe(false))
})
