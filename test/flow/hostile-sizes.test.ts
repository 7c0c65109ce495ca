/** Records so large that thousands of them waiting would fill the memory: they are not kept, but read again. */

import { describe, expect, it } from 'vitest'
import { createScopes } from '../../src/dispatcher/scopes.ts'
import type { IndexReader } from '../../src/core/ports.ts'
import { createBench, destination } from '../kit/dispatch-bench.ts'
import { createFakeIndex } from '../kit/fake-index.ts'

const LARGE = 'x'.repeat(200_000)

describe('large records', () => {
  it('are not kept with their scopes, nor are records joined to them; others are, up to a limit', async () => {
    const index = createFakeIndex()
    const reads: number[] = []
    const counted: IndexReader = {
      ...index,
      get indexed() {
        return index.indexed
      },
      read: (seq) => (reads.push(seq), index.read(seq)),
    }
    index.index({ type: 'event', data: { id: 1, description: LARGE } })
    index.index({ type: 'attendee', data: { id: 2, event_id: 1 } })
    index.index({ type: 'user', data: { id: 3 } })
    const scopes = createScopes(counted, { timezone: 'UTC', tables: new Map() })
    for (const seq of [1, 2, 3, 1, 2, 3]) await scopes.ofDelivery(seq)
    expect(reads).toEqual([1, 2, 3, 1, 2])
    // Together asked for, read once.
    await Promise.all([scopes.ofDelivery(1), scopes.ofDelivery(1)])
    expect(reads).toEqual([1, 2, 3, 1, 2, 1])
    // Sixteen million characters are kept at most, in whatever pieces.
    for (let id = 0; id < 20; id++) {
      const data = Array.from({ length: 20 }, (_, n) => ({
        type: 'user',
        data: { id: n, id2: id, text: 'y'.repeat(60_000) },
      }))
      await scopes.ofDelivery(index.index(...data))
    }
    reads.length = 0
    for (let seq = 4; seq <= 23; seq++) await scopes.ofDelivery(seq)
    expect(reads.length).toBeGreaterThan(5)
  })

  it('wait for their destination on disk alone, and are sent whole all the same', async () => {
    const bench = createBench()
    const { index } = bench
    const held: (() => void)[] = []
    bench.scripts['slow'] = async () => {
      await new Promise<void>((resolve) => held.push(resolve))
    }
    await bench.apply([destination('slow', { mode: 'every', concurrency: 1, batch: { size: 1, wait: 0 } })])
    for (let id = 1; id <= 5; id++) index.index({ type: 'user', data: { id, text: id === 3 ? LARGE : 'small' } })
    while ((bench.sent['slow'] ?? []).length < 5) {
      await bench.clock.advance(1)
      held.shift()?.()
    }
    expect(bench.sent['slow']?.flat().map(({ data }) => [data['id'], String(data['text']).length])).toEqual([
      [1, 5],
      [2, 5],
      [3, LARGE.length],
      [4, 5],
      [5, 5],
    ])
  })
})
