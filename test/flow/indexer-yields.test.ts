import { describe, expect, it } from 'vitest'
import { envelope } from '../kit/bodies.ts'
import { settleAll } from '../kit/clock.ts'
import { openIndexing } from '../kit/indexing.ts'
import { createMemoryStore } from '../kit/memory-store.ts'

const bodies = Array.from({ length: 600 }, (_, index) => envelope('user', { id: index }))

describe('indexing while deliveries rush in', () => {
  async function rush() {
    let busy = true
    const bridge = await openIndexing(createMemoryStore(), { busy: () => busy })
    const done = bridge.receive(...bodies)
    await settleAll()
    return { bridge, done, calm: () => (busy = false) }
  }

  it('waits, and goes on when it is quiet again', async () => {
    const { bridge, done, calm } = await rush()
    await bridge.clock.advance(9_000)
    expect(bridge.indexer.indexed).toBe(0)
    calm()
    await bridge.clock.advance(50)
    await done
    expect(bridge.indexer.indexed).toBe(bodies.length)
  })

  it('waits ten seconds at the most, also when the clock is set back, and then catches up', async () => {
    const { bridge, done } = await rush()
    await bridge.clock.advance(5_000)
    bridge.clock.jump(-3_600_000)
    await bridge.clock.advance(4_900)
    expect(bridge.indexer.indexed).toBe(0)
    await bridge.clock.advance(200)
    await done
    expect(bridge.indexer.indexed).toBe(bodies.length)
    await bridge.journal.append({ bytes: bodies[0] as Uint8Array, receivedAt: 1 })
    await bridge.clock.advance(1_000)
    expect(bridge.indexer.indexed).toBe(bodies.length)
  })
})

it('a head that was looked for before it came is found afterwards', async () => {
  const bridge = await openIndexing()
  expect(await bridge.indexer.heads(['user:1', 'user:2'])).toEqual([undefined, undefined])
  await bridge.receive(envelope('user', { id: 1 }))
  expect(await bridge.indexer.heads(['user:1', 'user:2'])).toMatchObject([{ key: 'user:1' }, undefined])
})
