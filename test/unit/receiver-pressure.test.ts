import { expect, it } from 'vitest'
import { createPressure } from '../../src/receiver/pressure.ts'

function setUp() {
  let now = 1_000
  const pressure = createPressure(() => now)
  const come = (count: number) => {
    for (let each = 0; each < count; each++) pressure.note()
  }
  return { pressure, come, wait: (ms: number) => (now += ms) }
}

it('is high while more than a few hundred a second come, and for a moment after', () => {
  const { pressure, come, wait } = setUp()
  expect(pressure.high).toBe(false)
  come(24)
  expect(pressure.high).toBe(false)
  come(1)
  expect(pressure.high).toBe(true)
  wait(50)
  expect(pressure.high).toBe(true)
  wait(50)
  expect(pressure.high).toBe(false)
})

it('is not high when as many come in a second', () => {
  const { pressure, come, wait } = setUp()
  for (let span = 0; span < 20; span++) {
    come(10)
    expect(pressure.high).toBe(false)
    wait(50)
  }
})

it('forgets what came before a silence', () => {
  const { pressure, come, wait } = setUp()
  come(100)
  wait(10_000)
  come(1)
  expect(pressure.high).toBe(false)
})
