import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical, contentHash, MAX_DEPTH, MAX_VALUES, parseExact } from '../../src/core/records/exact-json.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

function thrownIn(fn: () => unknown): unknown {
  try {
    return { returned: fn() }
  } catch (error) {
    return error
  }
}

describe('parseExact', () => {
  it.each<[string, Json]>([
    ['{"id":9007199254740993}', { id: '9007199254740993' }],
    ['{"id":-12345678901234567890}', { id: '-12345678901234567890' }],
    ['[9007199254740991,9007199254740992]', [9007199254740991, '9007199254740992']],
    ['[ 12345678901234567890 , 0.1234567890123456789 ]', ['12345678901234567890', 0.12345678901234568]],
    ['[1e400,-1E+999,1e3]', ['1e400', '-1E+999', 1000]],
    ['{"text":"12345678901234567890","n":1.5}', { text: '12345678901234567890', n: 1.5 }],
    ['12345678901234567890', '12345678901234567890'],
  ])('keeps the digits of %s', (text, expected) => {
    expect(parseExact(text)).toEqual(expected)
  })

  it('keeps __proto__ as a key, with and without big numbers', () => {
    for (const text of ['{"__proto__":{"x":1},"id":2}', '{"__proto__":{"x":1},"id":12345678901234567890}']) {
      const parsed = parseExact(text) as JsonObject
      expect(Object.keys(parsed)).toEqual(['__proto__', 'id'])
      expect(parsed['x']).toBeUndefined()
    }
  })

  it('refuses what is nested too deep before it is parsed', () => {
    expect(parseExact(nested(MAX_DEPTH))).toHaveLength(1)
    for (const text of [nested(MAX_DEPTH + 1), '['.repeat(1_000_000), '{"a":'.repeat(1_000_000)]) {
      expect(thrownIn(() => parseExact(text))).toMatchObject({ code: 'ERR_BODY_TOO_DEEP', kind: 'record' })
    }
  })

  it('refuses more values than would fit in memory, however small they are', () => {
    expect(parseExact(`[${'1,'.repeat(MAX_VALUES - 2)}1]`)).toHaveLength(MAX_VALUES - 1)
    expect(parseExact(JSON.stringify(','.repeat(MAX_VALUES * 2)))).toHaveLength(MAX_VALUES * 2)
    for (const text of [`[${'1,'.repeat(MAX_VALUES)}1]`, '[],'.repeat(MAX_VALUES), '{"a":{}},'.repeat(MAX_VALUES)]) {
      expect(thrownIn(() => parseExact(text))).toMatchObject({ code: 'ERR_BODY_TOO_MANY', kind: 'record' })
    }
  })

  it('does not count brackets inside strings', () => {
    const text = JSON.stringify({ a: `${'['.repeat(500)}\\"${'{'.repeat(500)}`, b: ['"', '\\', '[[['] })
    expect(parseExact(text)).toEqual(JSON.parse(text))
  })

  it.each(['', ' \n', '{"a":1,}', '[1,2', '{"email":"a@example.com" x}', 'nope', '"open'])(
    'says of %j that it is not JSON, quoting nothing',
    (text) => {
      const error = thrownIn(() => parseExact(text))
      expect(error).toMatchObject({ code: 'ERR_BODY_JSON' })
      expect(String(error)).not.toMatch(/example\.com|nope|open/)
      expect(error).not.toHaveProperty('cause')
    },
  )

  it('agrees with JSON.parse wherever that is exact', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        const exact = JSON.parse(text, (_, item: unknown) =>
          typeof item === 'number' && Number.isInteger(item) && !Number.isSafeInteger(item) ? '?' : item,
        )
        fc.pre(!JSON.stringify(exact).includes('?'))
        expect(parseExact(text)).toEqual(JSON.parse(text))
      }),
    )
  })
})

describe('contentHash', () => {
  it('does not see the order of keys, and sees everything else', () => {
    const hash = contentHash({ a: 1, b: { c: [1, 2], d: null } })
    expect(hash).toMatch(/^[0-9a-f]{32}$/)
    expect(contentHash({ b: { d: null, c: [1, 2] }, a: 1 })).toBe(hash)
    const others: JsonObject[] = [
      { a: 1, b: { c: [2, 1], d: null } },
      { a: 1, b: { c: [1, 2] } },
      { a: '1', b: {} },
    ]
    expect(new Set([hash, ...others.map(contentHash)]).size).toBe(4)
  })

  it('sees a __proto__ key', () => {
    const data = JSON.parse('{"b":1,"__proto__":{"z":1,"a":2}}') as JsonObject
    expect(canonical(data)).toBe('{"__proto__":{"a":2,"z":1},"b":1}')
  })

  it('is the same for any order of keys', () => {
    const shuffled = fc
      .dictionary(fc.string(), fc.jsonValue(), { maxKeys: 8 })
      .chain((data) => fc.tuple(fc.constant(data), fc.shuffledSubarray(Object.keys(data), { minLength: 0 })))
    fc.assert(
      fc.property(shuffled, ([data, order]) => {
        const entries = [...order, ...Object.keys(data)].map((key) => [key, data[key]])
        const text = `{${[...new Map(entries as [string, Json][])].map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',')}}`
        expect(contentHash(JSON.parse(text))).toBe(contentHash(JSON.parse(JSON.stringify(data))))
      }),
    )
  })
})
