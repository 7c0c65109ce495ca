import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { answerTo, isRefused, planRounds, strayOf } from '../../src/core/torture/plan.ts'
import { MARK } from '../../src/core/torture/facts.ts'
import { inventRound, SPEED } from '../../src/core/torture/world.ts'

const options = { seed: 7, duration: 60_000, kills: 40 }

describe('the plan of a torture run', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(planRounds(options)).toEqual(planRounds(options))
    expect(planRounds({ ...options, seed: 8 })).not.toEqual(planRounds(options))
  })

  it('lasts as long as asked for, in about as many lives', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.integer({ min: 100, max: 3_600_000 }),
        fc.integer({ min: 1, max: 200 }),
        (seed, duration, kills) => {
          const rounds = planRounds({ seed, duration, kills })
          const total = rounds.reduce((sum, { length }) => sum + length, 0)
          expect(total).toBeGreaterThanOrEqual(duration)
          expect(total).toBeLessThan(duration + 20)
          expect(rounds.length).toBeLessThan(kills * 3 + 20)
          expect(rounds.map(({ number }) => number)).toEqual(rounds.map((_, index) => index + 1))
        },
      ),
      { numRuns: 50 },
    )
  })

  it('has every end and every fault in it', () => {
    const rounds = planRounds({ ...options, kills: 200 })
    const ends = Map.groupBy(rounds, ({ end }) => (end.how === 'commit' ? `${end.how} ${end.when}` : end.how))
    expect([...ends.keys()].sort()).toEqual(['commit after', 'commit before', 'kill', 'stop'])
    expect(new Set(rounds.map(({ outage }) => outage?.answer))).toEqual(new Set([undefined, 503, 401, 'drop']))
    expect(rounds.some(({ diskFull }) => diskFull !== undefined)).toBe(true)
    expect(rounds.some(({ reload }) => reload !== undefined)).toBe(true)
    expect(rounds.some(({ records }) => records.bulk > 0)).toBe(true)
    // A pause of credentials lasts too long for a run of seconds.
    const short = planRounds({ seed: 7, duration: 50_000, kills: 200 })
    expect(short.some(({ outage }) => outage?.answer === 401)).toBe(false)
  })
})

describe('what destinations and the network do', () => {
  const asked = Array.from({ length: 2_000 }, (_, n) => answerTo(7, 'relay', `${n}`, 1))
  it('is the same whenever it is asked', () => {
    expect(Array.from({ length: 2_000 }, (_, n) => answerTo(7, 'relay', `${n}`, 1))).toEqual(asked)
    expect(asked).not.toEqual(Array.from({ length: 2_000 }, (_, n) => answerTo(7, 'crm', `${n}`, 1)))
  })

  it('is mostly well: now and then slow, failing, cut off, refused, sent once more', () => {
    const share = (fits: (answer: (typeof asked)[number]) => boolean) => asked.filter(fits).length / asked.length
    expect(share((answer) => answer.state === 'answer' && answer.status === 200)).toBeGreaterThan(0.85)
    for (const fits of [503, 429].map(
      (status) => (a: (typeof asked)[number]) => a.state === 'answer' && a.status === status,
    )) {
      expect(share(fits)).toBeGreaterThan(0.002)
    }
    expect(share((answer) => answer.state === 'drop' && answer.taken)).toBeGreaterThan(0.005)
    expect(share((answer) => answer.state === 'drop' && !answer.taken)).toBeGreaterThan(0.002)
    expect(share((answer) => answer.state === 'answer' && answer.delay > 0)).toBeGreaterThan(0.05)
    const many = Array.from({ length: 2_000 }, (_, n) => n)
    const few = (count: number) => count > 4 && count < 300
    expect(few(many.filter((n) => isRefused(7, 'relay', `${n}`)).length)).toBe(true)
    expect(few(many.filter((n) => strayOf(7, n) !== undefined).length)).toBe(true)
  })
})

describe('the records of a round', () => {
  const [round] = planRounds({ ...options, kills: 1 })
  const { single, bulk } = inventRound(
    { ...round!, length: 2_000, records: { single: 40, bulk: 40 } },
    Date.UTC(2026, 2, 1),
  )

  it('change over its length, in order, each state with a mark of its own', () => {
    const changes = [...single, ...bulk]
    const marks = changes.map(({ data }) => data[MARK])
    expect(new Set(marks).size).toBe(changes.length)
    expect(changes.length).toBeGreaterThan(100)
    for (const list of [single, bulk])
      expect(list.map(({ at }) => at)).toEqual(list.map(({ at }) => at).sort((a, b) => a - b))
    for (const key of new Set(single.map((change) => change.key))) {
      const own = single.filter((change) => change.key === key).map(({ data }) => Number(data[MARK]))
      expect(own).toEqual(own.toSorted((a, b) => a - b))
    }
    const first = single.filter(({ key }, index) => single.findIndex((one) => one.key === key) === index)
    expect(Math.max(...first.map(({ at }) => at / SPEED))).toBeLessThan(2_000)
    expect(Math.max(...first.map(({ at }) => at / SPEED))).toBeGreaterThan(1_000)
  })

  it('are others in bulk', () => {
    const keys = new Set(single.map(({ key }) => key))
    expect(bulk.filter(({ key }) => keys.has(key))).toEqual([])
  })
})
