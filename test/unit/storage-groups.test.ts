import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import type { RawOp } from '../../src/storage/batch-driver.ts'
import { createGroups } from '../../src/storage/sqlite/groups.ts'
import type { CallFailures, GroupOrder, PackedGroup } from '../../src/storage/sqlite/protocol.ts'

const put = (key: string, size = 1): RawOp => ({ op: 'setRaw', key, value: new Uint8Array(size) })

interface Sent {
  readonly group: PackedGroup
  readonly order: GroupOrder
  answer(failures?: CallFailures): void
  fail(error: Error): void
}

function setUp() {
  const sent: Sent[] = []
  const groups = createGroups(
    (group, order) =>
      new Promise((resolve, reject) =>
        sent.push({ group, order, answer: (failures = []) => resolve(failures), fail: reject }),
      ),
    () => {},
  )
  const outcomes: Record<string, string> = {}
  const commit = (name: string, ...ops: RawOp[]) =>
    groups.commit(ops).then(
      () => void (outcomes[name] = 'done'),
      (error) => void (outcomes[name] = error.message),
    )
  return { sent, outcomes, commit, groups }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn()
}

it('sends all calls of one turn together, and those of the next without waiting for an answer', async () => {
  const { sent, outcomes, commit, groups } = setUp()
  void commit('a', put('k:a', 3), { op: 'remove', key: 'k:x' }, { op: 'expect', key: 'k:y', present: false })
  void commit('b', put('k:b', 2))
  await turns()
  void commit('c', put('k:c'))
  void commit('d', put('k:d'))
  await turns()
  expect(sent.map(({ group }) => group.keys)).toEqual([
    ['k:a', 'k:x', 'k:y', 'k:b'],
    ['k:c', 'k:d'],
  ])
  expect(sent[0]?.group).toMatchObject({ counts: [3, 1], codes: [0, 1, 3, 0], sizes: [3, 0, 0, 2] })
  expect(sent[0]?.group.bytes).toHaveLength(5)
  expect(outcomes).toEqual({})
  sent[0]?.answer([[1, { code: 'ERR_STORE_EXPECT', message: 'alone' }]])
  await turns()
  expect(outcomes).toEqual({ a: 'done', b: 'alone' })
  sent[1]?.answer()
  await groups.idle()
  expect(outcomes).toMatchObject({ c: 'done', d: 'done' })
})

it('tells the worker which groups were made before a failure was known', async () => {
  const { sent, outcomes, commit } = setUp()
  void commit('a', put('k:a'))
  await turns()
  void commit('b', put('k:b'))
  await turns()
  sent[0]?.fail(new StoreError('ERR_STORE_IO', 'disk'))
  await turns()
  void commit('c', put('k:c'))
  await turns()
  sent[1]?.fail(new StoreError('ERR_STORE_IO', 'disk, too'))
  await turns()
  void commit('d', put('k:d'))
  await turns()
  expect(outcomes).toEqual({ a: 'disk', b: 'disk, too' })
  expect(sent.map(({ order }) => order)).toEqual([
    { serial: 1, since: 1 },
    { serial: 2, since: 1 },
    { serial: 3, since: 3 },
    { serial: 4, since: 3 },
  ])
})

it('fails what was not even sent along with a failed group', async () => {
  const { sent, outcomes, commit } = setUp()
  void commit('a', put('k:a', 17_000_000))
  await turns()
  void commit('b', put('k:b'))
  await turns()
  sent[0]?.fail(new StoreError('ERR_STORE_IO', 'disk'))
  await turns()
  expect(outcomes).toEqual({ a: 'disk', b: 'disk' })
  expect(sent).toHaveLength(1)
  void commit('c', put('k:c'))
  await turns()
  expect(sent[1]?.group.keys).toEqual(['k:c'])
})

it.each([
  ['bytes', [put('k:1', 9_000_000)], [put('k:2', 9_000_000)], [put('k:3', 9_000_000)]],
  ['a value larger than a group', [put('k:1', 20_000_000)], [put('k:2')], [put('k:3')]],
  [
    'ops',
    Array.from({ length: 6_000 }, () => put('k:1')),
    Array.from({ length: 6_000 }, () => put('k:2')),
    [put('k:3')],
  ],
])('bounds a group, and what is under way, by %s, keeping the order', async (bound, ...calls) => {
  const { sent, outcomes, commit, groups } = setUp()
  for (const [index, ops] of calls.entries()) void commit(String(index), ...ops)
  await turns()
  if (bound !== 'ops') expect(sent.length).toBeLessThan(3)
  const seen: string[] = []
  for (let index = 0; Object.keys(outcomes).length < 3; index++) {
    while (sent[index] === undefined) await nextTurn()
    expect(sent[index]?.group.counts.length).toBeLessThan(3)
    seen.push(...new Set(sent[index]?.group.keys))
    sent[index]?.answer()
    await turns()
  }
  await groups.idle()
  expect(seen).toEqual(['k:1', 'k:2', 'k:3'])
})

it('is idle after the last answer, also when that comes while it looks for more', async () => {
  const { sent, commit, groups } = setUp()
  void commit('a', put('k:a'))
  await turns()
  void commit('b', put('k:b'))
  await turns()
  let idle = false
  void groups.idle().then(() => (idle = true))
  sent[0]?.answer()
  // Microtasks only: it has gone on, and has not looked yet.
  for (let step = 0; step < 20; step++) await Promise.resolve()
  sent[1]?.answer()
  await turns()
  expect(idle).toBe(true)
})
