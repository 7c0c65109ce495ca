import { describe, expect, it } from 'vitest'
import { createPace, createPaces } from '../../src/http/pace.ts'
import { createHandClock, settleAll } from '../kit/clock.ts'

const rates = { rate: { limit: 3, per: 1000 }, bucketRate: { limit: 1, per: 1000 } }

describe('the pace of an account', () => {
  it('keeps each bucket at its own pace, and all of them at the account’s', async () => {
    const clock = createHandClock()
    const pace = createPace(rates, clock)
    const went: string[] = []
    for (const bucket of ['a', 'a', 'b', 'c', 'd']) void pace.acquire(bucket).then(() => went.push(bucket))
    await settleAll()
    expect(went).toEqual(['a', 'b', 'c'])
    expect(pace.wait('e')).toBe(1000)
    await clock.advance(1000)
    expect(went.sort()).toEqual(['a', 'a', 'b', 'c', 'd'])
  })

  it('a full bucket costs the others nothing', async () => {
    const clock = createHandClock()
    const pace = createPace({ rate: { limit: 2, per: 1000 }, bucketRate: { limit: 1, per: 5000 } }, clock)
    const went: string[] = []
    for (const bucket of ['a', 'a', 'a', 'b']) void pace.acquire(bucket).then(() => went.push(bucket))
    await settleAll()
    expect(went.sort()).toEqual(['a', 'b'])
  })

  it('a hold of a bucket holds it alone; a hold of the account holds all and tells who listens', async () => {
    const clock = createHandClock()
    const pace = createPace({ rate: undefined, bucketRate: undefined }, clock)
    const held: number[] = []
    const stop = pace.onHold((ms) => held.push(ms))
    pace.hold(5000, 'a')
    expect([pace.wait('a'), pace.wait('b'), pace.wait()]).toEqual([5000, 0, 0])
    pace.hold(2000)
    expect([pace.wait('a'), pace.wait('b'), pace.wait()]).toEqual([5000, 2000, 2000])
    stop()
    pace.hold(3000)
    expect(held).toEqual([2000])
    await clock.advance(5000)
    expect([pace.wait('a'), pace.wait()]).toEqual([0, 0])
  })

  it('is one for all destinations of an account, and made anew when its rates change', () => {
    const paceOf = createPaces(createHandClock())
    const pace = paceOf('slack', rates)
    expect(paceOf('slack', { ...rates })).toBe(pace)
    expect(paceOf('other', rates)).not.toBe(pace)
    expect(paceOf('slack', { ...rates, rate: undefined })).not.toBe(pace)
  })
})
