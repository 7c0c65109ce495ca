import { expect, it } from 'vitest'
import { createDeliveries } from '../../src/indexer/deliveries.ts'
import type { IndexedDelivery } from '../../src/core/types.ts'
import { envelope } from '../kit/bodies.ts'
import { openIndexing } from '../kit/indexing.ts'
import { createMemoryStore } from '../kit/memory-store.ts'

const KB = 1024
const WEIGHT = 500 + 4 * 125

/** Deliveries of a kilobyte each, as if just indexed. */
function kept(limit: number) {
  const deliveries = createDeliveries(createMemoryStore(), undefined as never, limit, KB)
  const keep = (from: number, to: number): void => {
    for (let seq = from; seq <= to; seq++) {
      deliveries.keep({ seq, receivedAt: 0, records: [] } as IndexedDelivery, 125)
    }
  }
  const read = async (from: number, to: number): Promise<void> => {
    for (let seq = from; seq <= to; seq++) await deliveries.read(seq, seq)
  }
  return { deliveries, keep, read }
}

it('reads those behind one that was not in memory too, and each once', async () => {
  const on = await openIndexing()
  await on.receive(...Array.from({ length: 40 }, (_, n) => envelope('user', { id: n })))
  const again = await openIndexing(on.store)
  const asked: string[] = []
  const { get } = on.store
  on.store.get = (key) => {
    if (key.startsWith('index:')) asked.push(key)
    return get(key)
  }
  await again.indexer.read(1)
  expect(asked).toHaveLength(1)
  await again.indexer.read(2)
  expect(asked).toHaveLength(33)
  for (let seq = 3; seq <= 40; seq++) expect((await again.indexer.read(seq))?.seq).toBe(seq)
  expect([asked.length, new Set(asked).size]).toEqual([40, 40])
})

it('is outrun when those who read along are behind by most of the memory, and only then', async () => {
  const { deliveries, keep, read } = kept(100 * WEIGHT)
  keep(1, 60)
  await read(1, 20)
  expect(deliveries.outrun()).toBe(false)
  keep(61, 115)
  await read(21, 38)
  expect(deliveries.outrun()).toBe(true)
  // Nobody has read since.
  expect(deliveries.outrun()).toBe(false)
  await read(39, 60)
  expect(deliveries.outrun()).toBe(false)
})

it('takes nobody who looks at single ones for one who reads along', async () => {
  const { deliveries, keep, read } = kept(100 * WEIGHT)
  keep(1, 100)
  for (let seq = 10; seq <= 90; seq += 5) await deliveries.read(seq, seq)
  expect(deliveries.outrun()).toBe(false)
  await read(1, 17)
  await deliveries.read(100, 100)
  await read(18, 20)
  expect(deliveries.outrun()).toBe(true)
})
