import { expect, it } from 'vitest'
import { createWeightedCache } from '../../src/core/weighted-cache.ts'

it('drops what was used longest ago, and nothing it has room for', () => {
  const cache = createWeightedCache<string, number>(10)
  cache.set('a', 1, 4)
  cache.set('b', 2, 4)
  cache.get('a')
  cache.set('c', 3, 4)
  expect([cache.has('a'), cache.has('b'), cache.has('c'), cache.weight]).toEqual([true, false, true, 8])
  cache.set('a', 4, 6)
  expect([cache.get('a'), cache.get('c'), cache.weight]).toEqual([4, 3, 10])
})

it('does not keep what is heavier than all of it, nor what that replaces', () => {
  const cache = createWeightedCache<string, number>(10)
  cache.set('a', 1, 4)
  cache.set('b', 2, 4)
  cache.set('a', 3, 11)
  expect([cache.get('a'), cache.get('b'), cache.weight]).toEqual([undefined, 2, 4])
})

it('gives a value away without counting that as use', () => {
  const cache = createWeightedCache<string, number>(10)
  cache.set('a', 1, 4)
  cache.set('b', 2, 4)
  expect([cache.peek('a'), cache.peek('c')]).toEqual([1, undefined])
  cache.set('c', 3, 4)
  expect([cache.has('a'), cache.has('b'), cache.size]).toEqual([false, true, 2])
})
