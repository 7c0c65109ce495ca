import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import type { RawOp } from '../../src/storage/batch-driver.ts'
import { createGroups } from '../../src/storage/sqlite/groups.ts'
import type { CallFailures, PackedGroup } from '../../src/storage/sqlite/protocol.ts'

const put = (key: string, size = 1): RawOp => ({ op: 'setRaw', key, value: new Uint8Array(size) })

interface Sent {
  readonly group: PackedGroup
  answer(failures?: CallFailures): void
  fail(error: Error): void
}

function setUp() {
  const sent: Sent[] = []
  const groups = createGroups(
    (group) =>
      new Promise((resolve, reject) =>
        sent.push({ group, answer: (failures = []) => resolve(failures), fail: reject }),
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

it('sends all calls of one turn together, and those that come meanwhile next', async () => {
  const { sent, outcomes, commit, groups } = setUp()
  void commit('a', put('k:a', 3), { op: 'remove', key: 'k:x' }, { op: 'expect', key: 'k:y', present: false })
  void commit('b', put('k:b', 2))
  await nextTurn()
  void commit('c', put('k:c'))
  void commit('d', put('k:d'))
  await nextTurn()
  expect(sent.map(({ group }) => group.keys)).toEqual([['k:a', 'k:x', 'k:y', 'k:b']])
  expect(sent[0]?.group).toMatchObject({ counts: [3, 1], codes: [0, 1, 3, 0], sizes: [3, 0, 0, 2] })
  expect(sent[0]?.group.bytes).toHaveLength(5)
  expect(outcomes).toEqual({})
  sent[0]?.answer([[1, { code: 'ERR_STORE_EXPECT', message: 'alone' }]])
  await nextTurn()
  await nextTurn()
  expect(outcomes).toEqual({ a: 'done', b: 'alone' })
  expect(sent[1]?.group.keys).toEqual(['k:c', 'k:d'])
  sent[1]?.answer()
  await groups.idle()
  expect(outcomes).toMatchObject({ c: 'done', d: 'done' })
})

it('fails what waits along with a failed group, and nothing that comes later', async () => {
  const { sent, outcomes, commit } = setUp()
  void commit('a', put('k:a'))
  await nextTurn()
  void commit('b', put('k:b'))
  await nextTurn()
  sent[0]?.fail(new StoreError('ERR_STORE_IO', 'disk'))
  await nextTurn()
  expect(outcomes).toEqual({ a: 'disk', b: 'disk' })
  expect(sent).toHaveLength(1)
  void commit('c', put('k:c'))
  await nextTurn()
  await nextTurn()
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
])('bounds a group by %s, keeping the order', async (_, ...calls) => {
  const { sent, outcomes, commit, groups } = setUp()
  for (const [index, ops] of calls.entries()) void commit(String(index), ...ops)
  const seen: string[] = []
  for (let index = 0; Object.keys(outcomes).length < 3; index++) {
    while (sent[index] === undefined) await nextTurn()
    expect(sent[index]?.group.counts.length).toBeLessThan(3)
    seen.push(...new Set(sent[index]?.group.keys))
    sent[index]?.answer()
    await nextTurn()
  }
  await groups.idle()
  expect(seen).toEqual(['k:1', 'k:2', 'k:3'])
})
