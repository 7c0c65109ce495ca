import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { roughSize } from '../../src/core/records/json-size.ts'
import type { Json } from '../../src/core/types.ts'

describe('roughSize', () => {
  it('is never less than a third of the JSON, and grows with it', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
        const size = roughSize(value as Json, Infinity)
        // Escapes aside, which are longer in JSON than in memory.
        const plain = JSON.stringify(value).replace(/\\(?:u[0-9a-f]{4}|.)/g, 'x')
        expect(size).toBeGreaterThanOrEqual(plain.length / 3)
        expect(roughSize([value, value] as Json, Infinity)).toBe(8 + 2 * size)
      }),
    )
  })

  it('looks no further than it has to', () => {
    let looked = 0
    const items = Array.from({ length: 100 }, () => ({
      get text() {
        looked += 1
        return 'x'.repeat(100)
      },
    }))
    expect(roughSize(items, 1_000)).toBeGreaterThan(1_000)
    expect(looked).toBeLessThan(15)
  })
})
