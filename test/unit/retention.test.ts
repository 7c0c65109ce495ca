import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addMarks, timeOf } from '../../src/core/retention/marks.ts'
import {
  countToCut,
  createCensus,
  cutoffOf,
  lowestHolder,
  overdue,
  type Holder,
} from '../../src/core/retention/rules.ts'

const DAY = 86_400_000
const NOW = 1_000 * DAY
const at = (seq: number, days: number, bytes = 10) => ({ seq, receivedAt: NOW - days * DAY, bytes })
const cursor = (seq: number, name = 'crm'): Holder => ({ seq, by: 'cursor', name })

describe('what of the journal goes', () => {
  const oldest = [at(5, 100), at(6, 95), at(7, 90.5), at(8, 40), at(9, 1)]
  const facts = { oldest, tail: 20, holders: [cursor(21)], now: NOW, keep: { age: 90 * DAY }, bytes: 1_000 }

  it.each([
    ['what is too old', {}, 3],
    ['nothing from a holder on', { holders: [cursor(21), cursor(6, 'ops')] }, 1],
    ['nothing when the first is held', { holders: [cursor(1)] }, 0],
    ['all that is old, but never the newest', { tail: 7 }, 2],
    ['nothing without bounds', { keep: {} }, 0],
    ['as much as does not fit', { keep: { size: 965 } }, 4],
    ['by size what a holder needs stays', { keep: { size: 0 }, holders: [cursor(8)] }, 3],
    ['nothing when all fits', { keep: { size: 1_000 } }, 0],
    ['by age, then by size', { keep: { age: 90 * DAY, size: 960 } }, 4],
  ])('%s', (_name, more, expected) => {
    expect(countToCut({ ...facts, ...more })).toBe(expected)
  })

  it('a time from the future is passed over when what came after it is old, and holds nothing by itself', () => {
    const odd = { ...at(6, 0), receivedAt: NOW + 900 * DAY }
    expect(countToCut({ ...facts, oldest: [at(5, 100), odd, at(7, 95), at(8, 1)] })).toBe(3)
    expect(countToCut({ ...facts, oldest: [at(5, 100), odd, at(7, 1)] })).toBe(1)
  })

  it('never takes what is needed, never the newest, and never what is neither too old nor too much', () => {
    const holder = fc.record({
      seq: fc.integer({ min: 0, max: 70 }),
      by: fc.constantFrom<Holder['by']>('index', 'cursor', 'waiting', 'replay', 'orphan', 'quarantine'),
      name: fc.constant('x'),
    })
    const delivery = fc.record({ days: fc.integer({ min: -900, max: 200 }), bytes: fc.nat(50) })
    fc.assert(
      fc.property(
        fc.array(delivery, { maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(10),
        fc.array(holder, { maxLength: 6 }),
        fc.option(fc.integer({ min: 1, max: 180 }), { nil: undefined }),
        fc.option(fc.nat(500), { nil: undefined }),
        (list, first, behind, holders, days, size) => {
          const deliveries = list.map((one, index) => at(first + index, one.days, one.bytes))
          const tail = first + deliveries.length - 1 + behind
          const bytes = deliveries.reduce((sum, one) => sum + one.bytes, 0)
          const age = days === undefined ? undefined : days * DAY
          const cut = countToCut({ oldest: deliveries, tail, holders, now: NOW, keep: { age, size }, bytes })
          const gone = deliveries.slice(0, cut)
          for (const { seq } of gone) {
            expect(seq).toBeLessThan(tail)
            for (const needed of holders) expect(seq).toBeLessThan(needed.seq)
          }
          const last = gone.at(-1)
          if (last === undefined) return
          const before = gone.slice(0, -1).reduce((sum, one) => sum + one.bytes, 0)
          const tooOld = age !== undefined && last.receivedAt < NOW - age
          const tooMuch = size !== undefined && bytes - before > size
          expect(tooOld || tooMuch).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('names the one who needs the most, and how overdue the oldest is', () => {
    expect(lowestHolder([cursor(9), cursor(3, 'slow'), cursor(4)])?.name).toBe('slow')
    expect(lowestHolder([])).toBeUndefined()
    expect(overdue(NOW - 100 * DAY, { age: 90 * DAY }, NOW)).toBe(10 * DAY)
    expect(overdue(NOW - 80 * DAY, { age: 90 * DAY }, NOW)).toBe(0)
    expect(overdue(NOW - 100 * DAY, {}, NOW)).toBe(0)
  })
})

describe('what fits a size', () => {
  it('the newest days stay', () => {
    const census = createCensus()
    for (const day of [10, 11, 12]) census.add(day * DAY + 5, 100)
    expect([300, 299, 200, 199, 0].map((size) => census.cutoff(size) / DAY)).toEqual([-Infinity, 11, 11, 12, 13])
    expect(census.cutoff(undefined)).toBe(-Infinity)
  })

  it('the stricter of age and size counts', () => {
    const census = createCensus()
    census.add(999 * DAY, 10)
    census.add(900 * DAY, 10)
    expect(cutoffOf({ age: 10 * DAY }, NOW, census) / DAY).toBe(990)
    expect(cutoffOf({ age: 200 * DAY, size: 10 }, NOW, census) / DAY).toBe(901)
    expect(cutoffOf({}, NOW, census)).toBe(-Infinity)
  })
})

describe('times of deliveries that are gone', () => {
  it('are never earlier than the truth, and about a day from it at most', () => {
    const steps = fc.array(fc.integer({ min: -DAY, max: 3 * DAY }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 50 }), (list, piece) => {
        let time = 0
        const all = list.map((step, index) => ({ seq: index + 1, receivedAt: (time += step) }))
        let marks: ReturnType<typeof addMarks> = []
        for (let from = 0; from < all.length; from += piece) marks = addMarks(marks, all.slice(from, from + piece))
        let latest = -Infinity
        for (const { seq, receivedAt } of all) {
          latest = Math.max(latest, receivedAt)
          const told = timeOf(marks, seq)
          expect(told).toBeGreaterThanOrEqual(receivedAt)
          expect(told).toBeLessThanOrEqual(latest + 4 * DAY)
        }
      }),
      { numRuns: 200 },
    )
  })

  it('stay few', () => {
    let marks: ReturnType<typeof addMarks> = []
    for (let day = 0; day < 5_000; day++) marks = addMarks(marks, [{ seq: day + 1, receivedAt: day * DAY }])
    expect(marks.length).toBeLessThanOrEqual(400)
    expect(timeOf(marks, 4_990)).toBe(4_989 * DAY)
    expect(timeOf(marks, 5_001)).toBe(Infinity)
  })
})
