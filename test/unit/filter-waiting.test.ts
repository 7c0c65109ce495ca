import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Match, Scope } from '../../src/core/expressions/expressions.ts'
import { compileFilter } from '../../src/core/expressions/filters.ts'
import { headOf, scopeOf } from '../kit/scope.ts'

const attendee = { id: 5, event_id: 9, event_chapter_id: 77, user_id: null, status: 'registered' }
const waiting = scopeOf('attendee', attendee)

function match(source: unknown, scope: Scope = waiting): Match {
  const result = compileFilter(source)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.value.match(scope, 0)
}

const undecided = (...needs: string[]): Match => ({ state: 'undecided', needs })

describe('a head that has not arrived', () => {
  it.each<[unknown, Match]>([
    [{ event: { status: 'Published' } }, undecided('event:9')],
    [{ event: { status: { $neq: 'Draft' } } }, undecided('event:9')],
    [{ event: { status: null } }, undecided('event:9')],
    [{ $not: { event: { status: 'Draft' } } }, undecided('event:9')],
    // The chapter comes by itself or inside the event.
    [{ chapter: { country: 'US' } }, undecided('chapter:77', 'event:9')],
    [{ chapter: { country: 'US' }, event: { status: 'x' } }, undecided('chapter:77', 'event:9')],
    // One condition that is decided can decide.
    [{ event: { status: 'Published' }, record: { status: 'deleted' } }, { state: 'no' }],
    [{ record: { status: 'registered' }, event: { status: 'Published' } }, undecided('event:9')],
    [{ $or: [{ event: { status: 'Published' } }, { type: 'attendee' }] }, { state: 'yes' }],
    [{ $or: [{ event: { status: 'Published' } }, { type: 'user' }] }, undecided('event:9')],
    // Its id is known already.
    [{ event: { id: '9' } }, { state: 'yes' }],
    [{ event: { id: 10 } }, { state: 'no' }],
    [{ chapter: { id: { $in: [76, 77] } } }, { state: 'yes' }],
    [{ event: null }, { state: 'no' }],
    [{ event: { $exist: true } }, { state: 'yes' }],
  ])('%j', (source, expected) => expect(match(source)).toEqual(expected))
})

describe('a head the record does not have', () => {
  it.each<[unknown, 'yes' | 'no']>([
    [{ user: { email: 'x' } }, 'no'],
    [{ user: { email: { $neq: 'x' } } }, 'no'],
    [{ user: { email: { $nin: ['x'] } } }, 'no'],
    [{ user: { email: { $not: { $startsWith: 'x' } } } }, 'no'],
    [{ $not: { user: { email: 'x' } } }, 'no'],
    [{ $not: { user: { email: { $neq: 'x' } } } }, 'no'],
    [{ $not: { $not: { user: { email: 'x' } } } }, 'no'],
    [{ $not: { user: { email: 'x' }, type: 'attendee' } }, 'no'],
    // Another condition may still make it true.
    [{ $not: { user: { email: 'x' }, type: 'event' } }, 'yes'],
    [{ $or: [{ user: { email: { $neq: 'x' } } }, { type: 'attendee' }] }, 'yes'],
    // That there is none is a fact.
    [{ user: null }, 'yes'],
    [{ user: { email: null } }, 'yes'],
    [{ user: { $exist: false } }, 'yes'],
    [{ user: { email: [null, 'x'] } }, 'yes'],
    [{ user: { $exist: true } }, 'no'],
    [{ user: { email: { $neq: null } } }, 'no'],
    [{ $not: { user: null } }, 'no'],
  ])('%j is %s', (source, state) => expect(match(source)).toEqual({ state }))
})

describe('three-valued logic', () => {
  type Formula =
    | { readonly op: 'known'; readonly holds: boolean }
    | { readonly op: 'open'; readonly field: number; readonly negated: boolean }
    | { readonly op: 'and' | 'or' | 'not'; readonly of: readonly Formula[] }

  const known = fc.boolean().map((holds): Formula => ({ op: 'known', holds }))
  const open = fc.boolean().map((negated): Formula => ({ op: 'open', field: -1, negated }))
  const formula = fc.letrec<{ any: Formula }>((tie) => ({
    any: fc.oneof(
      { depthSize: 'medium', maxDepth: 4 },
      open,
      known,
      fc.record({ op: fc.constantFrom('and', 'or'), of: fc.array(tie('any'), { minLength: 1, maxLength: 3 }) }),
      fc.record({ op: fc.constant('not'), of: fc.tuple(tie('any')) }),
    ) as fc.Arbitrary<Formula>,
  })).any

  /** Gives every open leaf a field of its own: then three-valued logic is exact, and can be told from every world. */
  function numbered(part: Formula, next: { field: number }): Formula {
    if (part.op === 'open') return { ...part, field: next.field++ }
    return part.op === 'known' ? part : { op: part.op, of: part.of.map((inner) => numbered(inner, next)) }
  }

  function toSource(part: Formula): object {
    switch (part.op) {
      case 'known':
        return { record: { status: part.holds ? 'registered' : 'deleted' } }
      case 'open':
        return { event: { [`f${part.field}`]: part.negated ? { $neq: 1 } : 1 } }
      case 'not':
        return { $not: toSource(part.of[0] as Formula) }
      default:
        return { [`$${part.op}`]: part.of.map(toSource) }
    }
  }

  function inWorld(part: Formula, world: number): boolean {
    switch (part.op) {
      case 'known':
        return part.holds
      case 'open':
        return ((world >> part.field) % 2 === 1) !== part.negated
      case 'not':
        return !inWorld(part.of[0] as Formula, world)
      default:
        return part.op === 'and'
          ? part.of.every((inner) => inWorld(inner, world))
          : part.of.some((inner) => inWorld(inner, world))
    }
  }

  it('is undecided exactly where the worlds differ, and agrees with each when the head arrives', () => {
    const seen = { yes: 0, no: 0, undecided: 0 }
    fc.assert(
      fc.property(formula, (raw) => {
        const next = { field: 0 }
        const numberedFormula = numbered(raw, next)
        fc.pre(next.field <= 8)
        const source = toSource(numberedFormula)
        const worlds = Array.from({ length: 2 ** next.field }, (_, world) => inWorld(numberedFormula, world))
        const expected = worlds.every(Boolean) ? 'yes' : worlds.some(Boolean) ? 'undecided' : 'no'
        const found = match(source)
        seen[found.state]++
        expect(found.state).toBe(expected)
        if (found.state === 'undecided') expect(found.needs).toEqual(['event:9'])
        worlds.forEach((holds, world) => {
          const fields = Object.fromEntries(
            Array.from({ length: next.field }, (_, at) => [`f${at}`, (world >> at) % 2]),
          )
          const arrived = scopeOf('attendee', attendee, { heads: [headOf('event', { id: 9, ...fields })] })
          expect(match(source, arrived).state).toBe(holds ? 'yes' : 'no')
        })
      }),
      { numRuns: 300 },
    )
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(0)
  })
})
