import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/clock.ts'

describe('the machine’s clock', () => {
  it('never calls a timer early: who waits for a moment finds it has come', async () => {
    const early = await Promise.all(
      Array.from({ length: 400 }, (_, index) => {
        const due = systemClock.monotonic() + (index % 40) / 4
        return new Promise<boolean>((resolve) => {
          systemClock.timer((index % 40) / 4, () => resolve(systemClock.monotonic() < due))
        })
      }),
    )
    expect(early.filter(Boolean)).toEqual([])
  })

  it('calls no timer in the same turn, and none that was canceled', async () => {
    let called = 0
    systemClock.timer(0, () => (called += 1))
    const cancel = systemClock.timer(1, () => (called += 100))
    expect(called).toBe(0)
    cancel()
    await new Promise<void>((resolve) => systemClock.timer(5, resolve))
    expect(called).toBe(1)
  })

  it('waits longer than setTimeout can count', () => {
    let called = false
    const cancel = systemClock.timer(2 ** 33, () => (called = true))
    cancel()
    expect(called).toBe(false)
  })
})
