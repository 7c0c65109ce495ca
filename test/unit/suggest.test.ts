import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, editDistance, nearest } from '../../src/core/suggest.ts'

describe('nearest', () => {
  it.each([
    ['evnt', 'event'],
    ['Event', 'event'],
    ['recrod', 'record'],
    ['chpater', 'chapter'],
    ['$ne', '$neq'],
    ['$startswith', '$startsWith'],
    ['Cancelled', 'Canceled'],
    ['checked_in', 'checked-in'],
    ['zzz', undefined],
    ['', undefined],
    ['x', undefined],
  ])('of %j is %j', (word, expected) => {
    const candidates = ['event', 'record', 'chapter', '$neq', '$startsWith', 'Canceled', 'checked-in', 'is']
    expect(nearest(word, candidates)).toBe(expected)
  })

  it('prefers fewer mistakes, then the first', () => {
    expect(nearest('cat', ['cart', 'cut', 'cat'])).toBe('cat')
    expect(nearest('cot', ['cat', 'cut'])).toBe('cat')
  })

  it('makes a hint only of another word', () => {
    expect(didYouMean('evnt', ['event'])).toBe(' (did you mean "event"?)')
    expect(didYouMean('event', ['event'])).toBe('')
    expect(didYouMean('zebra', ['event'])).toBe('')
  })

  it('finds a word again after one mistake of any kind', () => {
    const word = fc.stringMatching(/^[a-z]{5,20}$/)
    fc.assert(
      fc.property(word, fc.nat(), fc.constantFrom('swap', 'drop', 'double'), (text, place, mistake) => {
        const at = place % (text.length - 1)
        const [a = '', b = ''] = [text[at], text[at + 1]]
        const middle = { swap: b + a, drop: b, double: a + a + b }[mistake]
        const mistyped = text.slice(0, at) + middle + text.slice(at + 2)
        expect(editDistance(mistyped, text)).toBeLessThanOrEqual(1)
        expect(nearest(mistyped, ['0123456789', text])).toBe(text)
      }),
    )
  })

  it('is a distance: symmetric, and nothing only for equals', () => {
    const word = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') })
    fc.assert(
      fc.property(word, word, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
      }),
    )
  })
})
