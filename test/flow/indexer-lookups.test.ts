import { describe, expect, it } from 'vitest'
import { envelope, sampleBytes } from '../kit/bodies.ts'
import { openIndexing } from '../kit/indexing.ts'

describe('looking things up', () => {
  it('finds records by e-mail address, those that had it before included', async () => {
    const bridge = await openIndexing()
    await bridge.receive(
      sampleBytes('user-created.json'),
      envelope('attendee', { id: 1, email: ' Robin.Okafor@EXAMPLE.com' }),
      sampleBytes('chaptermember-joined.nested.json'),
      sampleBytes('user-deleted-anonymised.json'),
    )
    expect(await bridge.indexer.findByMail('robin.okafor@example.com ')).toEqual(['attendee:1', 'user:100'])
    expect(await bridge.indexer.findByMail('noor.haddad@example.com')).toEqual(['chaptermember:302'])
    expect(await bridge.indexer.findByMail('deleted+0a1b2c3d@bevylabs.com')).toEqual(['user:100'])
    expect(await bridge.indexer.findByMail('nobody@example.com')).toEqual([])
  })

  it('tells the history of a record, the newest first, over many pages', async () => {
    const bridge = await openIndexing()
    const bodies = Array.from({ length: 50 }, (_, index) =>
      envelope('user', { id: index % 25 === 3 ? 1 : 1000 + index, index }),
    )
    await bridge.receive(...bodies)
    const seen = []
    for await (const sighting of bridge.indexer.history('user:1')) seen.push(sighting)
    expect(seen).toMatchObject([
      { position: { seq: 29, n: 1 }, verdict: 'accepted', receivedAt: bridge.clock.now(), notes: [] },
      { position: { seq: 4, n: 1 }, verdict: 'accepted' },
    ])
    const newest = []
    for await (const sighting of bridge.indexer.history('user:1', { limit: 1 })) newest.push(sighting.position.seq)
    expect(newest).toEqual([29])
    for await (const sighting of bridge.indexer.history('user:2')) expect(sighting).toBe('nothing')
  })

  it('tells listeners of each delivery, in order, with the keys seen first', async () => {
    const bridge = await openIndexing()
    const told: [number, readonly string[], number][] = []
    bridge.indexer.onIndexed(() => {
      throw new Error('a broken listener')
    })
    const stop = bridge.indexer.onIndexed((seq, firstSeen) => told.push([seq, firstSeen, bridge.indexer.indexed]))
    await bridge.receive(envelope('user', { id: 1 }, { id: 2 }), envelope('user', { id: 1, x: 1 }, { id: 3 }))
    stop()
    await bridge.receive(envelope('user', { id: 4 }))
    expect(told).toEqual([
      [1, ['user:1', 'user:2'], 2],
      [2, ['user:3'], 2],
    ])
  })

  it('gives nothing beyond what is indexed, and reads a delivery once for many', async () => {
    const bridge = await openIndexing()
    await bridge.journal.append({ bytes: envelope('user', { id: 1 }), receivedAt: 0 })
    expect([await bridge.indexer.read(1), bridge.indexer.indexed, bridge.indexer.first]).toEqual([undefined, 0, 1])
    await bridge.receive()
    await bridge.indexer.stop()
    const again = await openIndexing(bridge.store)
    let reads = 0
    const { getRaw } = bridge.store
    bridge.store.getRaw = (key) => {
      reads++
      return getRaw(key)
    }
    const all = await Promise.all([1, 1, 1].map((seq) => again.indexer.read(seq)))
    expect([all[0]?.records.length, new Set(all).size, reads]).toEqual([1, 1, 1])
    expect(await again.indexer.read(1)).toBe(all[0])
    expect([await again.indexer.read(0), await again.indexer.read(2)]).toEqual([undefined, undefined])
  })
})
