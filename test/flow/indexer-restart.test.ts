import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import { seqKey } from '../../src/core/keys.ts'
import { envelope, sampleBytes } from '../kit/bodies.ts'
import { entriesWritten, filled, openIndexing } from '../kit/indexing.ts'
import type { MemoryStore } from '../kit/memory-store.ts'
import { createMemoryStore } from '../kit/memory-store.ts'
import { thrownBy } from '../kit/thrown.ts'

const io = () => new StoreError('ERR_STORE_IO', 'the disk is away')
const users = (count: number, status: string) =>
  Array.from({ length: count }, (_, index) => envelope('user', { id: (index % 3) + 1, status: `${status} ${index}` }))

/** What the index came to: all but the journal itself and the counts of it. */
const outcome = (store: MemoryStore) => {
  const decoder = new TextDecoder()
  return [...store.data]
    .filter(([key]) => !key.startsWith('journal:'))
    .map(([key, value]) => [key, decoder.decode(value)])
    .sort()
}

describe('a restart', () => {
  it('goes on where the index ends', async () => {
    const first = await openIndexing()
    await first.receive(...users(3, 'a'))
    await first.indexer.stop()
    await first.journal.append({ bytes: envelope('user', { id: 1, status: 'z' }), receivedAt: 0 })
    const again = await openIndexing(first.store)
    expect([again.indexer.indexed, again.journal.tail]).toEqual([3, 4])
    await again.receive()
    expect((await again.indexer.read(4))?.records).toMatchObject([
      { verdict: 'accepted', before: { status: 'a 0' }, data: { status: 'z' } },
    ])
    expect(again.indexer.stats().types['user']).toMatchObject({ accepted: 4 })
    expect([...entriesWritten(again.store).values()]).toEqual([1, 1, 1, 1])
  })

  it('at any commit, before it or after, ends in the same index as none', async () => {
    const bodies = [
      ...users(40, 'a'),
      sampleBytes('mixed-types-one-post.json'),
      envelope('order', { id: 1 }, { name: 'no id' }),
      new TextEncoder().encode('no json'),
      ...users(50, 'b'),
      sampleBytes('event-bulk3.json'),
      sampleBytes('event-draft-created.json'),
    ]
    const undisturbed = await openIndexing(await filled(bodies))
    await undisturbed.receive()
    const expected = outcome(undisturbed.store)
    // When to die: at which of the next commits, and whether it still reaches the disk.
    const deaths = fc.array(fc.record({ at: fc.integer({ min: 1, max: 2 }), kept: fc.boolean() }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(deaths, async (plan) => {
        const data = (await filled(bodies)).data
        const entries = new Map<string, number>()
        for (const death of [...plan, undefined]) {
          const bridge = await openIndexing(createMemoryStore(data))
          let left = death?.at ?? Infinity
          const { commit } = bridge.store
          bridge.store.commit = async (ops) => {
            if (--left === 0 && death?.kept === true) await commit(ops)
            if (left > 0) return commit(ops)
            throw io()
          }
          bridge.indexer.start()
          if (death === undefined) await bridge.indexer.idle()
          else await bridge.clock.advance(0)
          await bridge.indexer.stop()
          for (const [key, count] of entriesWritten(bridge.store)) entries.set(key, (entries.get(key) ?? 0) + count)
        }
        expect(outcome(createMemoryStore(data))).toEqual(expected)
        expect(new Set(entries.values())).toEqual(new Set([1]))
      }),
      { numRuns: 15 },
    )
  })

  it.each<[string, string, (data: Map<string, Uint8Array>) => void]>([
    ['the journal is an older backup', 'ERR_JOURNAL_BEHIND', (data) => data.delete(seqKey('journal', 3))],
    ['the mark is lost', 'ERR_INDEX_DAMAGED', (data) => data.delete('meta:indexed')],
    ['the newest entry is lost', 'ERR_INDEX_DAMAGED', (data) => data.delete(seqKey('index', 3))],
    [
      'the mark cannot be read',
      'ERR_STORE_DOCUMENT',
      (data) => data.set('meta:indexed', new TextEncoder().encode('{"seq":3}')),
    ],
  ])('is refused when %s', async (_, code, damage) => {
    const first = await openIndexing()
    await first.receive(...users(3, 'a'))
    await first.indexer.stop()
    damage(first.store.data)
    expect(await thrownBy(openIndexing(first.store))).toMatchObject({ kind: 'store', code })
  })

  it('begins at the first delivery kept when the journal was cut', async () => {
    const store = await filled(users(3, 'a'))
    store.data.delete(seqKey('journal', 1))
    await store.commit([{ op: 'set', key: 'meta:journal', value: { first: 2 } }])
    const bridge = await openIndexing(store)
    await bridge.receive()
    expect([bridge.indexer.first, bridge.indexer.indexed]).toEqual([2, 3])
    expect([await bridge.indexer.read(1), (await bridge.indexer.read(2))?.seq]).toEqual([undefined, 2])
  })
})
