import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseInstant } from '../../src/core/records/instants.ts'

const at = (iso: string): number => Date.parse(iso) * 1000

describe('instants', () => {
  it.each([
    ['2026-03-02T09:14:05Z', at('2026-03-02T09:14:05Z'), false],
    ['2026-03-02t09:14:05z'.toUpperCase(), at('2026-03-02T09:14:05Z'), false],
    ['2026-03-20T18:00:00-07:00', at('2026-03-21T01:00:00Z'), false],
    ['2026-03-20T18:00:00+0530', at('2026-03-20T12:30:00Z'), false],
    ['2026-03-20T18:00:00+02', at('2026-03-20T16:00:00Z'), false],
    ['2026-01-14T07:23:57.064179-09:00', at('2026-01-14T16:23:57Z') + 64_179, false],
    ['2026-01-14T07:23:57.123456789Z', at('2026-01-14T07:23:57Z') + 123_456, false],
    ['2026-01-14T07:23:57,5Z', at('2026-01-14T07:23:57Z') + 500_000, false],
    ['2026-03-02 09:14:05', at('2026-03-02T09:14:05Z'), true],
    ['2026-03-02 09:14', at('2026-03-02T09:14:00Z'), true],
    ['2026-03-02', at('2026-03-02T00:00:00Z'), true],
    [' 2026-03-02T09:14:05 Z ', at('2026-03-02T09:14:05Z'), false],
    ['2119-07-30T18:00:00-05:00', at('2119-07-30T23:00:00Z'), false],
    ['2024-02-29', at('2024-02-29T00:00:00Z'), true],
    ['1969-12-31T23:59:59Z', -1_000_000, false],
  ])('reads %j', (text, micros, assumedUtc) => expect(parseInstant(text)).toEqual({ micros, assumedUtc }))

  it.each([
    '',
    'soon',
    '2026',
    '2026-03',
    '20260302',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-04-31',
    '2026-03-02T24:00:00Z',
    '2026-03-02T09:60:00Z',
    '2026-03-02T09:14:60Z',
    '2026-03-02T09Z',
    '2026-03-02T09:14:05+24:00',
    '2026-03-02T09:14:05+02:60',
    '2026-03-02T09:14:05 CET',
    '0001-01-01T00:00:00Z',
    '12026-03-02',
    20_260_302,
    null,
    {},
  ])('does not read %j', (text) => expect(parseInstant(text)).toBeUndefined())

  it('reads every instant as Date does', () => {
    const dates = fc.date({ min: new Date('0100-01-01'), max: new Date('2255-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(dates, (date) => {
        expect(parseInstant(date.toISOString())?.micros).toBe(date.getTime() * 1000)
      }),
    )
  })
})
