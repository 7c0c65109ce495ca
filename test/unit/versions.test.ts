import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Incoming, StoredHead } from '../../src/core/records/versions.ts'
import { decide, nextHead } from '../../src/core/records/versions.ts'
import type { Position, Verdict } from '../../src/core/types.ts'

const at = (seq: number, n = 1): Position => ({ seq, n })

/** A state: its content, its version, where it arrived. */
function state(content: string, version: number | null, position: Position, asOf?: Position): Incoming {
  const data = { id: 1, content, version }
  return { type: 'event', id: '1', key: 'event:1', data, hash: `${content}/${version}`, version, position, asOf }
}

/** Plays states in the order given; the verdicts and the head in the end. */
function play(states: readonly Incoming[]): { verdicts: Verdict[]; head: StoredHead | undefined } {
  const verdicts: Verdict[] = []
  let head: StoredHead | undefined
  for (const incoming of states) {
    const decision = decide(incoming, head)
    head = nextHead(incoming, head, decision)
    verdicts.push(decision.verdict)
  }
  return { verdicts, head }
}

describe('decide', () => {
  it.each<[string, Incoming[], string, string, number | null]>([
    ['first sight', [state('a', null, at(1))], 'accepted', 'a', null],
    ['the newer version wins', [state('a', 5, at(1)), state('b', 6, at(2))], 'accepted accepted', 'b', 6],
    ['an older version is stale', [state('a', 5, at(1)), state('b', 4, at(2))], 'accepted stale', 'a', 5],
    [
      'equal versions, other content: arrival',
      [state('a', 5, at(1)), state('b', 5, at(2))],
      'accepted accepted',
      'b',
      5,
    ],
    ['the same again', [state('a', 5, at(1)), state('a', 5, at(2))], 'accepted unchanged', 'a', 5],
    ['no versions: arrival', [state('a', null, at(1)), state('b', null, at(1, 2))], 'accepted accepted', 'b', null],
    [
      'without a version the head keeps its own',
      [state('a', 5, at(1)), state('b', null, at(2)), state('c', 4, at(3)), state('d', 6, at(4))],
      'accepted accepted stale accepted',
      'd',
      6,
    ],
    ['a version after none', [state('a', null, at(1)), state('b', 3, at(2))], 'accepted accepted', 'b', 3],
    ['an old body retried', [state('b', null, at(4)), state('a', null, at(5), at(2, 0))], 'accepted stale', 'b', null],
    [
      'a retried body that is newest',
      [state('b', null, at(1)), state('a', null, at(5), at(2, 0))],
      'accepted accepted',
      'a',
      null,
    ],
    [
      'what arrives after a retried body',
      [state('b', null, at(1)), state('a', null, at(9), at(2, 0)), state('c', null, at(3)), state('d', null, at(10))],
      'accepted accepted accepted accepted',
      'd',
      null,
    ],
    [
      'a state seen again stands later in the order',
      [state('a', null, at(4)), state('a', null, at(10)), state('b', null, at(11), at(7, 0))],
      'accepted unchanged stale',
      'a',
      null,
    ],
    [
      'one key twice in a retried body',
      [state('a', null, at(8), at(2, 0)), state('b', null, at(8, 2), at(2, 0))],
      'accepted accepted',
      'b',
      null,
    ],
    [
      'versions do not mind when a body is retried',
      [state('a', 5, at(4)), state('b', 6, at(5), at(2, 0)), state('c', 5, at(6), at(2, 0))],
      'accepted accepted stale',
      'b',
      6,
    ],
  ])('%s', (_, states, verdicts, content, version) => {
    const result = play(states)
    expect(result.verdicts.join(' ')).toBe(verdicts)
    expect(result.head).toMatchObject({ data: { content }, version })
  })

  it('remembers where a record was first accepted', () => {
    const { head } = play([state('a', 1, at(3)), state('b', 2, at(4)), state('c', 3, at(5))])
    expect(head).toMatchObject({ position: at(5), since: at(3) })
  })

  const arrivals = fc
    .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 6 })
    .chain((versions) => fc.array(fc.constantFrom(...versions), { minLength: 1, maxLength: 12 }))

  it('ends in the newest version whatever the order and however often each comes', () => {
    fc.assert(
      fc.property(arrivals, (versions) => {
        const { head, verdicts } = play(versions.map((version, index) => state(`v${version}`, version, at(index + 1))))
        const newest = Math.max(...versions)
        expect(head).toMatchObject({ version: newest, data: { content: `v${newest}` } })
        // Each accepted one is newer than all before, each stale one older than one before.
        for (const [index, version] of versions.entries()) {
          const before = Math.max(0, ...versions.slice(0, index))
          expect(verdicts[index]).toBe(version > before ? 'accepted' : version < before ? 'stale' : 'unchanged')
        }
      }),
    )
  })

  it('ends in the last arrival where nothing has a version, whatever is retried late', () => {
    const order = fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 1 })
    const contents = fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 9, maxLength: 9 })
    fc.assert(
      fc.property(order, contents, (places, content) => {
        // `places` is where each body once stood; they are handled in the order of the list.
        const states = places.map((place, index) => state(content[place] ?? 'a', null, at(100 + index), at(place, 0)))
        expect(play(states).head?.data).toMatchObject({ content: content[Math.max(...places)] })
      }),
    )
  })

  it('leaves content, version and position alone unless accepted', () => {
    const any = fc.record({
      content: fc.constantFrom('a', 'b'),
      version: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null }),
      asOf: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 10 }), (list) => {
        let head: StoredHead | undefined
        for (const [index, { content, version, asOf }] of list.entries()) {
          const incoming = state(content, version, at(10 + index), asOf === undefined ? undefined : at(asOf))
          const { verdict, version: after } = decide(incoming, head)
          const next = nextHead(incoming, head, { verdict, version: after })
          if (verdict === 'accepted') expect(next).toMatchObject({ position: incoming.position, data: incoming.data })
          else expect({ ...next, asOf: 0 }).toEqual({ ...head, asOf: 0 })
          if (head?.version != null && version != null && version < head.version) expect(verdict).not.toBe('accepted')
          head = next
        }
      }),
    )
  })
})
