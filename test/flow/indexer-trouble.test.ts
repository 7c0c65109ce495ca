import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import { seqKey } from '../../src/core/keys.ts'
import type { StoreOp } from '../../src/core/ports.ts'
import { envelope } from '../kit/bodies.ts'
import { entriesWritten, filled, openIndexing } from '../kit/indexing.ts'

const io = () => new StoreError('ERR_STORE_IO', 'the disk is away')
const users = (count: number, status: string) =>
  Array.from({ length: count }, (_, index) => envelope('user', { id: (index % 3) + 1, status: `${status} ${index}` }))

const isIndexing = (ops: readonly StoreOp[]) => ops.some(({ op, key }) => op === 'set' && key === 'meta:indexed')

describe('a failing store', () => {
  it('is waited out, longer each time, with nothing skipped, written twice or shown early', async () => {
    const bridge = await openIndexing(await filled(users(4, 'a')))
    let failures = 12
    bridge.store.before = (ops) => {
      if (isIndexing(ops) && failures-- > 0) throw io()
    }
    bridge.indexer.start()
    const waits: number[] = []
    while (bridge.indexer.indexed < 4) {
      await bridge.clock.advance(0)
      const wait = bridge.clock.next()
      if (wait === undefined) continue
      waits.push(wait)
      expect([bridge.indexer.indexed, await bridge.indexer.read(1), await bridge.indexer.findByKey('user:1')]).toEqual([
        0,
        undefined,
        undefined,
      ])
      await bridge.clock.advance(wait)
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000])
    expect([...entriesWritten(bridge.store).values()]).toEqual([1, 1, 1, 1])
    expect(bridge.alerts[0]).toMatchObject({ cause: 'store', subject: 'indexer' })
    await bridge.indexer.stop()
  })

  it('that committed though it said it failed makes nothing twice', async () => {
    const bridge = await openIndexing(await filled(users(5, 'a')))
    const { commit } = bridge.store
    let lies = 1
    bridge.store.commit = async (ops) => {
      await commit(ops)
      if (lies-- > 0) throw io()
    }
    bridge.indexer.start()
    await bridge.clock.advance(100)
    await bridge.receive(...users(3, 'b'))
    expect([...entriesWritten(bridge.store).values()]).toEqual(Array(8).fill(1))
    expect(await bridge.indexer.findByKey('user:3')).toMatchObject({
      data: { status: 'b 2' },
      position: { seq: 8, n: 1 },
    })
    await bridge.indexer.stop()
  })

  it('that cannot read is waited out too: heads, journal', async () => {
    const bridge = await openIndexing(await filled(users(2, 'a')))
    const { getMany, getRaw } = bridge.store
    let failures = 2
    bridge.store.getMany = (keys) => (failures-- > 0 ? Promise.reject(io()) : getMany(keys))
    bridge.store.getRaw = (key) => (failures-- > 0 ? Promise.reject(io()) : getRaw(key))
    bridge.indexer.start()
    await bridge.clock.advance(1000)
    expect(bridge.indexer.indexed).toBe(2)
    await bridge.indexer.stop()
  })

  it('never makes the indexer skip a damaged delivery; it waits there and says so', async () => {
    const store = await filled(users(3, 'a'))
    const key = seqKey('journal', 2)
    const whole = store.data.get(key) as Uint8Array
    store.data.set(key, whole.slice(0, -1))
    const bridge = await openIndexing(store)
    bridge.indexer.start()
    await bridge.clock.advance(60_000)
    expect(bridge.indexer.indexed).toBeLessThan(2)
    expect(bridge.alerts.at(-1)).toMatchObject({ cause: 'store', facts: { seq: 2, code: 'ERR_JOURNAL_DAMAGED' } })
    store.data.set(key, whole)
    await bridge.clock.advance(60_000)
    expect(bridge.indexer.indexed).toBe(3)
    await bridge.indexer.stop()
  })

  it('lets the indexer stop while it waits', async () => {
    const bridge = await openIndexing(await filled(users(1, 'a')))
    bridge.store.before = () => {
      throw io()
    }
    bridge.indexer.start()
    await bridge.clock.advance(0)
    const idle = bridge.indexer.idle()
    await bridge.indexer.stop()
    await idle
    expect([bridge.indexer.indexed, bridge.clock.next()]).toEqual([0, undefined])
  })
})

describe('a slow read of a head', () => {
  it('that ends after a newer state was committed does not bring the old one back', async () => {
    const first = await openIndexing()
    await first.receive(envelope('user', { id: 1, status: 'old' }))
    await first.indexer.stop()
    const again = await openIndexing(first.store)
    const { getMany } = again.store
    const gate = Promise.withResolvers<void>()
    again.store.getMany = async (keys) => {
      again.store.getMany = getMany
      const found = await getMany(keys)
      await gate.promise
      return found
    }
    const slow = again.indexer.findByKey('user:1')
    await again.receive(envelope('user', { id: 1, status: 'new' }))
    gate.resolve()
    await slow
    expect(await again.indexer.findByKey('user:1')).toMatchObject({ data: { status: 'new' } })
    await again.receive(envelope('user', { id: 1, status: 'new' }))
    expect((await again.indexer.read(3))?.records[0]?.verdict).toBe('unchanged')
    await again.indexer.stop()
  })
})

describe('what cannot be written', () => {
  it('sets its own delivery aside and lets the others go on', async () => {
    const store = await filled([...users(2, 'a'), envelope('user', { id: 9, poison: true }), ...users(2, 'b')])
    const bridge = await openIndexing(store)
    store.before = (ops) => {
      const poisoned = ops.some(
        (op) => op.op === 'set' && op.key.startsWith('head:') && JSON.stringify(op.value).includes('poison'),
      )
      if (poisoned) throw new StoreError('ERR_STORE_TOO_BIG', 'a value is too big for the database')
    }
    await bridge.receive()
    expect(bridge.indexer.indexed).toBe(5)
    expect(await bridge.indexer.readQuarantine()).toMatchObject([
      { position: { seq: 3, n: 0 }, code: 'ERR_BODY_UNEXPECTED' },
    ])
    expect(await bridge.indexer.findByKey('user:9')).toBeUndefined()
    expect(await bridge.indexer.findByKey('user:2')).toMatchObject({ data: { status: 'b 1' } })
    expect([...entriesWritten(store).values()]).toEqual([1, 1, 1, 1, 1])
    await bridge.indexer.stop()
  })
})
