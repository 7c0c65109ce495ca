import { describe, expect, it } from 'vitest'
import { envelope } from '../kit/bodies.ts'
import { settleAll } from '../kit/clock.ts'
import { openIndexing } from '../kit/indexing.ts'
import { createMemoryStore } from '../kit/memory-store.ts'

const SMALL = 64
const bodies = Array.from({ length: 3 * SMALL }, (_, index) => envelope('user', { id: index }))

describe('indexing while deliveries come in', () => {
  it('takes small batches with pauses between them, and full turns again when it is quiet', async () => {
    let busy = true
    const bridge = await openIndexing(createMemoryStore(), { busy: () => busy })
    const done = bridge.receive(...bodies)
    const indexed = async (seq: number) => {
      for (let turn = 0; bridge.indexer.indexed < seq && turn < 50; turn++) await settleAll()
      return bridge.indexer.indexed
    }
    expect(await indexed(SMALL)).toBe(SMALL)
    await settleAll()
    expect(bridge.indexer.indexed).toBe(SMALL)
    await bridge.clock.advance(50)
    expect(await indexed(2 * SMALL)).toBe(2 * SMALL)
    busy = false
    await bridge.clock.advance(50)
    await done
    expect(bridge.indexer.indexed).toBe(bodies.length)
  })

  it('pauses no more for deliveries that have waited ten seconds', async () => {
    const bridge = await openIndexing(createMemoryStore(), { busy: () => true })
    const old = bodies.map((bytes) => ({ bytes, receivedAt: bridge.clock.now() - 10_001 }))
    await bridge.receive(...old)
    expect(bridge.indexer.indexed).toBe(bodies.length)
  })
})

it('a head that was looked for before it came is found afterwards', async () => {
  const bridge = await openIndexing()
  expect(await bridge.indexer.heads(['user:1', 'user:2'])).toEqual([undefined, undefined])
  await bridge.receive(envelope('user', { id: 1 }))
  expect(await bridge.indexer.heads(['user:1', 'user:2'])).toMatchObject([{ key: 'user:1' }, undefined])
})
