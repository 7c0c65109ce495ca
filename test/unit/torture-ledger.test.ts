/** The accounts of a torture run, told from made-up facts: each broken promise is found, and nothing else. */

import { describe, expect, it } from 'vitest'
import type {
  LedgerBooks,
  LedgerDestination,
  LedgerFacts,
  LedgerRecord,
  Matches,
  Take,
} from '../../src/core/torture/facts.ts'
import { settleAccounts } from '../../src/core/torture/ledger.ts'

const at = (seq: number, n = 1) => ({ seq, n })
const record = (seq: number, key: string, match: Matches = 'yes', more: Partial<LedgerRecord> = {}): LedgerRecord => ({
  position: at(seq),
  key,
  verdict: 'accepted',
  matches: [match],
  ...more,
})
const books = (next: number, more: Partial<LedgerBooks> = {}): LedgerBooks => ({
  cursor: { position: at(next, 0), done: [] },
  waiting: [],
  dead: [],
  ...more,
})
const take = (seq: number, more: Partial<Take> = {}): Take => ({
  destination: 'crm',
  position: at(seq),
  life: 1,
  delivered: true,
  aside: false,
  left: false,
  ...more,
})

interface Story {
  readonly records: readonly LedgerRecord[]
  readonly takes: readonly Take[]
  readonly destination?: Partial<LedgerDestination>
}

function settle({ records, takes, destination = {} }: Story, more: Partial<LedgerFacts> = {}) {
  const last = Math.max(...records.map(({ position }) => position.seq))
  return settleAccounts({
    acknowledged: [],
    deliveries: records.map((one) => ({
      seq: one.position.seq,
      digest: `d${one.position.seq}`,
      records: [one],
      setAside: false,
    })),
    heads: [],
    destinations: [
      { name: 'crm', mode: 'every', showsNewest: false, books: books(last + 1), booksAt: new Map(), ...destination },
    ],
    takes,
    ...more,
  })
}

const brokenIn = (story: Story, more?: Partial<LedgerFacts>) =>
  settle(story, more).broken.map(({ promise, detail }) => `${promise}: ${detail}`)
const fatesOf = (story: Story) => settle(story).destinations[0]

describe('the journal', () => {
  const story: Story = { records: [record(1, 'user:1')], takes: [take(1)] }
  it.each([
    ['what was answered 200 is there', { seq: 1, digest: 'd1' }, []],
    ['also when its number was lost on the way', { seq: undefined, digest: 'd1' }, []],
    [
      'or it is missed',
      { seq: 2, digest: 'd2' },
      ['acknowledged is stored: delivery 2 was answered 200 and is not in the journal'],
    ],
    [
      'as it was posted',
      { seq: 1, digest: 'other' },
      ['acknowledged is stored: delivery 1 was answered 200 and is another body in the journal'],
    ],
    [
      'even without a number',
      { seq: undefined, digest: 'other' },
      ['acknowledged is stored: delivery without a number was answered 200 and is not in the journal'],
    ],
  ])('%s', (_, acknowledgment, broken) => {
    expect(brokenIn(story, { acknowledged: [acknowledgment] })).toEqual(broken)
  })

  it('is indexed to its end, and its newest states are the heads', () => {
    const deliveries = [{ seq: 1, digest: 'd1', records: undefined, setAside: false }]
    const heads = [
      { key: 'user:1', expected: at(3), found: at(3) },
      { key: 'user:2', expected: at(3), found: at(2) },
      { key: 'user:3', expected: at(3), found: undefined },
    ]
    expect(brokenIn({ records: [record(1, 'user:1')], takes: [] }, { deliveries, heads })).toEqual([
      'stored is indexed: delivery 1 is not indexed',
      'the newest state is the head: its head is at 2.1',
      'the newest state is the head: it has no head',
    ])
  })
})

describe('what becomes of a record', () => {
  it('delivered, waiting, dead, or skipped for a reason: never nothing', () => {
    const records = [
      record(1, 'user:1'),
      record(2, 'user:2'),
      record(3, 'user:3'),
      record(4, 'user:4', 'no'),
      record(5, 'user:5', 'maybe'),
      record(6, 'user:6'),
      record(7, 'user:7', 'late'),
      record(8, 'user:8'),
    ]
    const open = books(8, {
      waiting: [{ key: 'user:2', position: at(2) }],
      dead: [{ key: 'user:3', position: at(3) }],
    })
    const story: Story = { records, takes: [take(1)], destination: { books: open } }
    expect(fatesOf(story)).toEqual({
      name: 'crm',
      delivered: 1,
      waiting: 2,
      dead: 1,
      repeated: 0,
      skipped: { 'no route matches': 1, 'a joined record did not match when it was read': 1 },
    })
    expect(settle(story).broken.map(({ promise, key }) => [promise, key])).toEqual([
      ['nothing is lost', 'user:6'],
      ['nothing is lost', 'user:7'],
    ])
  })

  it('what is done above the cursor is settled', () => {
    const open = books(1, { cursor: { position: at(1, 0), done: [at(2)] } })
    const story: Story = { records: [record(1, 'a:1'), record(2, 'a:2')], takes: [], destination: { books: open } }
    expect(fatesOf(story)).toMatchObject({ waiting: 1 })
    expect(brokenIn(story)).toHaveLength(1)
  })

  it.each([
    ['mode every: each state counts', { mode: 'every' as const }, 1],
    ['mode latest: only the newest does', { mode: 'latest' as const }, 0],
    ['so it is with a table', { mode: 'every' as const, showsNewest: true }, 0],
  ])('%s', (_, destination, lost) => {
    const story: Story = { records: [record(1, 'a:1'), record(2, 'a:1')], takes: [take(2)], destination }
    expect(brokenIn(story)).toHaveLength(lost)
  })

  it('mode latest: an exception is of a record, whatever state it was when it failed', () => {
    const open = books(3, { waiting: [{ key: 'a:1', position: at(1) }] })
    const story: Story = {
      records: [record(1, 'a:1'), record(2, 'a:1')],
      takes: [],
      destination: { mode: 'latest', books: open },
    }
    expect([brokenIn(story), fatesOf(story)?.waiting]).toEqual([[], 2])
  })

  it('only what matches is sent, or leaves', () => {
    const records = [record(1, 'a:1', 'no'), record(2, 'a:2', 'no')]
    expect(brokenIn({ records, takes: [take(1), take(2, { left: true }), take(9)] })).toEqual([
      'only matches are sent: the journal has no accepted state there',
      'only matches are sent: no route matches it',
    ])
  })
})

describe('repeats', () => {
  const records = [record(1, 'a:1')]
  const twice = (more: Partial<Take> = {}) => [take(1), take(1, { life: 2, ...more })]
  it.each([
    ['not settled when the process died', twice(), books(1), []],
    ['as an exception', twice(), books(2, { waiting: [{ key: 'a:1', position: at(1) }] }), []],
    ['nobody looked at the books', twice(), undefined, []],
    ['not answered, so not known', [take(1, { delivered: false }), take(1)], books(2), []],
    [
      'settled on disk',
      twice(),
      books(2),
      ['settled is not repeated: life 1 had settled it on disk, life 2 sent it again'],
    ],
    ['in one life', twice({ life: 1 }), books(1), ['settled is not repeated: life 1 sent it twice']],
    [
      'rows of a file',
      [take(1, { life: 0 }), take(1, { life: 0 })],
      undefined,
      ['a row once: it stands there more than once'],
    ],
  ])('%s', (_, takes, then, broken) => {
    const booksAt = new Map(then === undefined ? [] : [[1, then]])
    const story: Story = { records, takes, destination: { booksAt } }
    expect(brokenIn(story)).toEqual(broken)
    const delivered = takes.filter((one) => one.delivered).length
    expect(fatesOf(story)).toMatchObject({ delivered: 1, repeated: delivered > 1 ? 1 : 0 })
  })
})

describe('order', () => {
  const records = [record(1, 'a:1'), record(2, 'a:1'), record(3, 'a:1')]
  const order = (
    seqs: readonly (readonly [seq: number, life: number, more?: Partial<Take>])[],
    mode: 'every' | 'latest',
  ) =>
    brokenIn({
      records,
      takes: seqs.map(([seq, life, more]) => take(seq, { life, ...more })),
      destination: { mode },
    }).filter((line) => line.startsWith('order'))

  it('the unsettled end comes again after a kill in mode every, never in mode latest', () => {
    const again = [
      [1, 1],
      [2, 1],
      [2, 2],
      [3, 2],
    ] as const
    const back = [
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
      [3, 2],
    ] as const
    expect([order(again, 'every'), order(again, 'latest')]).toEqual([[], []])
    expect(order(back, 'every')).toEqual([])
    expect(order(back, 'latest')).toEqual(['order of a record: it came after 2.1, in life 2'])
  })

  it('a state is never overtaken, attempts that failed included', () => {
    const overtaken = [
      [1, 1, { delivered: false }],
      [2, 1],
      [1, 1],
      [3, 1],
    ] as const
    const skipped = [
      [2, 1],
      [1, 2],
      [2, 2],
      [3, 2],
    ] as const
    expect(order(overtaken, 'every')).toEqual(['order of a record: it came after 2.1, in life 1'])
    expect(order(skipped, 'every')).toEqual(['order of a record: it came after 2.1, in life 2'])
  })

  it('what is redriven or replayed stands aside', () => {
    const late = [
      [2, 1],
      [1, 1, { aside: true }],
      [3, 1],
    ] as const
    expect([order(late, 'every'), order(late, 'latest')]).toEqual([[], []])
  })
})
