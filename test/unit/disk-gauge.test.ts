import { tmpdir } from 'node:os'
import { expect, it } from 'vitest'
import { createDiskGauge } from '../../src/storage/disk-gauge.ts'
import { createHandClock } from '../kit/clock.ts'
import { createMemoryLog } from '../kit/log.ts'

it('knows the real disk from the first call', () => {
  const deps = { clock: createHandClock(), log: createMemoryLog() }
  expect(createDiskGauge(tmpdir(), 1, deps).enough()).toBe(true)
  const tooMuch = createDiskGauge(tmpdir(), Number.MAX_SAFE_INTEGER, deps)
  expect(tooMuch.enough()).toBe(false)
  expect(tooMuch.free()).toBeGreaterThan(0)
})

it('measures again behind a call when the figure is a second old, and keeps the last one while that fails', async () => {
  const clock = createHandClock()
  const log = createMemoryLog()
  const figures: (number | Error)[] = [100, 50, new Error('gone'), new Error('gone'), 200]
  const gauge = createDiskGauge('/data', 80, {
    clock,
    log,
    measure: async () => {
      const figure = figures.shift() ?? 0
      if (figure instanceof Error) throw figure
      return figure
    },
  })
  expect(gauge.free()).toBe(Infinity)
  await clock.advance(0)
  expect([gauge.free(), gauge.enough()]).toEqual([100, true])
  await clock.advance(999)
  expect([gauge.enough(), figures.length]).toEqual([true, 4])
  await clock.advance(1)
  expect([gauge.enough(), gauge.free()]).toEqual([true, 100])
  await clock.advance(0)
  expect([gauge.enough(), gauge.free()]).toEqual([false, 50])
  for (let n = 0; n < 2; n++) {
    await clock.advance(1000)
    expect(gauge.enough()).toBe(false)
  }
  await clock.advance(1000)
  gauge.free()
  await clock.advance(0)
  expect([gauge.enough(), gauge.free(), figures.length]).toEqual([true, 200, 0])
  expect(log.lines.map(({ event }) => event)).toEqual(['free disk space cannot be measured'])
})
