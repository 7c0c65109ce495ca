import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createRateWindow } from '../../src/core/dispatch/rate.ts'
import { createRateLimiter } from '../../src/http/rate-limiter.ts'
import { createHandClock, settleAll } from '../kit/clock.ts'

describe('rate window', () => {
  it('never lets more than the limit into any span, and never waits longer than needed', () => {
    const steps = fc.array(fc.nat(40), { minLength: 1, maxLength: 120 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 7 }), fc.integer({ min: 1, max: 50 }), steps, (limit, per, gaps) => {
        const window = createRateWindow({ limit, per })
        const taken: number[] = []
        let now = 0
        for (const gap of gaps) {
          now += gap
          const inSpan = taken.filter((at) => at > now - per)
          const wait = window.wait(now)
          expect(wait).toBe(inSpan.length < limit ? 0 : (inSpan[inSpan.length - limit] as number) + per - now)
          if (wait > 0) continue
          window.take(now)
          taken.push(now)
        }
      }),
    )
  })

  it.each([
    { limit: 0, per: 1000 },
    { limit: 1.5, per: 1000 },
    { limit: 1, per: 0 },
    { limit: 1, per: NaN },
  ])('refuses $limit per $per', (rate) => {
    expect(() => createRateWindow(rate)).toThrow(RangeError)
  })
})

describe('rate limiter', () => {
  it('lets requests through first come, first served, at the rate', async () => {
    const clock = createHandClock()
    const limiter = createRateLimiter({ limit: 2, per: 1000 }, clock)
    const passed: string[] = []
    for (const name of ['a', 'b', 'c', 'd', 'e'])
      void limiter.acquire().then(() => passed.push(`${name}@${clock.monotonic()}`))
    await settleAll()
    expect(passed).toEqual(['a@0', 'b@0'])
    await clock.advance(2500)
    expect(passed).toEqual(['a@0', 'b@0', 'c@1000', 'd@1000', 'e@2000'])
  })

  it('is not moved by a jump of the wall clock', async () => {
    const clock = createHandClock()
    const limiter = createRateLimiter({ limit: 1, per: 1000 }, clock)
    await limiter.acquire()
    let passed = false
    void limiter.acquire().then(() => (passed = true))
    clock.jump(86_400_000)
    await clock.advance(999)
    expect(passed).toBe(false)
    await clock.advance(1)
    expect(passed).toBe(true)
  })

  it('holds everything, the longest hold counts, without a rate too', async () => {
    const clock = createHandClock()
    const limiter = createRateLimiter(undefined, clock)
    await limiter.acquire()
    limiter.hold(5000)
    limiter.hold(1000)
    let at = 0
    void limiter.acquire().then(() => (at = clock.monotonic()))
    await clock.advance(3000)
    limiter.hold(4000)
    await clock.advance(10_000)
    expect(at).toBe(7000)
  })

  it('gives the place of one that was aborted to the next, and uses up nothing for it', async () => {
    const clock = createHandClock()
    const limiter = createRateLimiter({ limit: 1, per: 1000 }, clock)
    await limiter.acquire()
    const abort = new AbortController()
    const aborted = limiter.acquire(abort.signal)
    let at = 0
    void limiter.acquire().then(() => (at = clock.monotonic()))
    abort.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    await expect(limiter.acquire(abort.signal)).rejects.toThrow('enough')
    await clock.advance(1000)
    expect(at).toBe(1000)
    expect(clock.next()).toBeUndefined()
  })
})
