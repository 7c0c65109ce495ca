import { describe, expect, it } from 'vitest'
import { compileFilter } from '../../src/core/expressions/filters.ts'
import { BEVY_TYPES, switchesOf } from '../../src/core/bevy/switches.ts'
import { route } from '../kit/dispatch-bench.ts'

const typesOf = (when: unknown): string[] => {
  const filter = compileFilter(when)
  if (!filter.ok) throw new Error(JSON.stringify(filter.issues))
  return BEVY_TYPES.filter((type) => filter.value.canMatch(type))
}

describe('the types a filter can match', () => {
  it.each<[unknown, readonly string[]]>([
    [undefined, BEVY_TYPES],
    [{ record: { status: 'registered' } }, BEVY_TYPES],
    [{ type: 'event' }, ['event']],
    [{ type: ['event', 'attendee'], event: { status: 'Published' } }, ['attendee', 'event']],
    [{ type: { $neq: 'user' } }, ['attendee', 'event', 'chapter', 'chaptermember']],
    [{ $not: { type: ['user', 'chapter'] } }, ['attendee', 'event', 'chaptermember']],
    [{ $or: [{ type: 'user' }, { type: 'chapter', record: { city: 'Oslo' } }] }, ['chapter', 'user']],
    [{ $not: { type: 'user', record: { id: 1 } } }, BEVY_TYPES],
    [{ type: { $startsWith: 'chapter' } }, ['chapter', 'chaptermember']],
    [{ type: 'survey' }, []],
  ])('%j: %j', (when, types) => expect(typesOf(when)).toEqual(types))

  it('tell which switches the routes need', () => {
    const routes = [route('a', ['x'], { type: 'event' }), route('b', ['x'], { type: ['event', 'user'] })]
    expect(switchesOf(routes)).toEqual([
      { type: 'event', routes: ['a', 'b'] },
      { type: 'user', routes: ['b'] },
    ])
  })
})
