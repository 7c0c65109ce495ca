import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, formatSize, parseDuration, parseSize } from '../../src/core/durations.ts'

describe('durations', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1h30m', 5_400_000],
    [' 1h 30m ', 5_400_000],
    ['1.5s', 1500],
    ['0', 0],
    [250, 250],
    [-1, undefined],
    [Infinity, undefined],
    ['30', undefined],
    ['', undefined],
    ['s', undefined],
    ['1h30', undefined],
    ['1 week', undefined],
    ['-5s', undefined],
    ['5S', undefined],
    ['99999999999999999d', undefined],
  ])('%j is %j', (text, expected) => expect(parseDuration(text)).toBe(expected))

  it.each([
    [0, '0s'],
    [5_400_000, '1h30m'],
    [90_061_001, '1d1h1m1s1ms'],
    [-1500, '-1s500ms'],
    [Infinity, 'forever'],
  ])('%d is written %s', (ms, expected) => expect(formatDuration(ms)).toBe(expected))

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(fc.nat(10 ** 12), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
  })
})

describe('sizes', () => {
  it.each([
    ['64MB', 64_000_000],
    ['1GiB', 1_073_741_824],
    ['500kB', 500_000],
    ['500 KB', 500_000],
    ['1.5kib', 1536],
    ['12B', 12],
    ['0', 0],
    [1024, 1024],
    ['64', undefined],
    ['64M', undefined],
    ['MB', undefined],
    [Number.NaN, undefined],
    ['9999999999TB', undefined],
  ])('%j is %j', (text, expected) => expect(parseSize(text)).toBe(expected))

  it.each([
    [0, '0B'],
    [999, '999B'],
    [1500, '1.5kB'],
    [64_000_000, '64MB'],
    [999_999, '1MB'],
    [1_073_741_824, '1.1GB'],
  ])('%d is written %s', (bytes, expected) => expect(formatSize(bytes)).toBe(expected))
})
