import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bucketOf, bucketPrefix, hashKey, isKey, seqKey, seqOfKey } from '../../src/core/keys.ts'

const seq = fc.integer({ min: 0, max: 9_999_999_999_999 })

describe('seqKey', () => {
  it('puts a thousand numbers into a bucket', () => {
    expect(seqKey('journal', 12_345)).toBe('journal:0000000012:0000000012345')
    expect([0, 999, 1000].map(bucketOf)).toEqual([0, 0, 1])
    expect(bucketPrefix('journal', 12)).toBe('journal:0000000012')
  })

  it('orders keys as numbers', () => {
    fc.assert(
      fc.property(seq, seq, (a, b) => {
        expect(Math.sign(a - b)).toBe(seqKey('j', a) < seqKey('j', b) ? -1 : Number(seqKey('j', a) > seqKey('j', b)))
      }),
    )
  })

  it('is a key that gives its number back', () => {
    fc.assert(
      fc.property(seq, (n) => {
        expect([isKey(seqKey('journal', n)), seqOfKey(seqKey('journal', n))]).toEqual([true, n])
      }),
    )
    expect(seqOfKey('journal:first')).toBeUndefined()
    expect(seqOfKey('journal:0000000012:000000001234x')).toBeUndefined()
  })

  it.each([-1, 1.5, Number.NaN, 10 ** 13])('refuses %s', (n) => {
    expect(() => seqKey('journal', n)).toThrow(RangeError)
  })
})

describe('hashKey', () => {
  it('makes any text a key segment, the same each time', () => {
    // printf 'event:1' | sha256sum
    expect(hashKey('event:1')).toBe('c46a902b604b50dac37f19de8002eb80')
    for (const text of ['', 'Größe:1', '../../x', 'a?b$', '\ud83d']) expect(isKey(`head:${hashKey(text)}`)).toBe(true)
  })
})
