import { describe, expect, it } from 'vitest'
import { answersOf, findAnswer } from '../../src/core/expressions/answers.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'

const surveys: JsonObject = {
  after: {
    fields: [
      { label: 'Size', value: 'later' },
      { label: 'Rating', value: 5 },
    ],
  },
  pre_order: {
    created_date: '2026-03-01',
    fields: [
      { label: 'Size ', value: 'M' },
      { label: 'size', value: 'second' },
      { label: 'Topics', value: ['a', 'b'] },
      { label: 'Diet', value: null },
      { label: 'Open' },
      { label: '__proto__', value: { polluted: true } },
    ],
  },
}

describe('answers', () => {
  it('come from all surveys, the first asked first', () => {
    const answers = answersOf({ surveys })
    expect(Object.entries(answers)).toEqual([
      ['Size ', 'M'],
      ['Topics', ['a', 'b']],
      ['Diet', null],
      ['Open', null],
      ['__proto__', { polluted: true }],
      ['Rating', 5],
    ])
    expect(Object.getPrototypeOf(answers)).toBeNull()
  })

  it('come from one survey when asked so', () => {
    expect({ ...answersOf({ surveys }, 'after') }).toEqual({ Size: 'later', Rating: 5 })
    expect({ ...answersOf({ surveys }, 'toString') }).toEqual({})
  })

  it.each([
    ['Size', 'M'],
    ['  sIZE', 'M'],
    ['Topics', ['a', 'b']],
    ['Diet', null],
    ['Shoes', undefined],
    ['constructor', undefined],
  ])('are found by label: %j', (label, expected) => expect(findAnswer(answersOf({ surveys }), label)).toEqual(expected))

  it.each<[Json]>([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ pre_order: null }],
    [{ pre_order: { fields: 'x' } }],
    [{ pre_order: { fields: [null, 1, 'x', {}, { label: null, value: 1 }, { value: 2 }] } }],
  ])('are none in %j', (odd) => expect({ ...answersOf({ surveys: odd }) }).toEqual({}))
})
