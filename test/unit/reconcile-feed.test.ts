import { describe, expect, it } from 'vitest'
import type { NewDelivery } from '../../src/core/ports.ts'
import { createFeed } from '../../src/reconcile/feed.ts'
import { createHandClock, settleAll } from '../kit/clock.ts'
import { createFakeIndex } from '../kit/fake-index.ts'
import { createMemoryLog } from '../kit/log.ts'

const { signal } = new AbortController()
const bodyOf = ({ bytes }: NewDelivery): unknown => JSON.parse(new TextDecoder().decode(bytes))

function open() {
  const index = createFakeIndex()
  const appended: NewDelivery[] = []
  const room = { storable: true, tail: 0, broken: false }
  const journal = {
    get tail() {
      return room.tail
    },
    async append(delivery: NewDelivery) {
      if (room.broken) throw new Error('disk')
      appended.push(delivery)
      return { seq: room.tail + appended.length }
    },
  }
  const feed = createFeed({
    journal,
    index,
    clock: createHandClock(),
    log: createMemoryLog(),
    storable: () => room.storable,
  })
  return { index, appended, room, feed }
}

describe('what was fetched', () => {
  it('is put over the newest state, also where that was not indexed yet when the fetch began', async () => {
    const { index, appended, room, feed } = open()
    index.index({ type: 'attendee', data: { id: 1, status: 'registered', size: 'S' } })
    room.tail = 2
    const taking = feed.take(
      { type: 'attendee', records: [{ id: 1, status: 'checked-in' }], asOf: feed.mark(), take: 'news' },
      signal,
    )
    await settleAll()
    expect(appended).toEqual([])
    index.index({ type: 'attendee', data: { id: 1, status: 'registered', size: 'L' } })
    expect(await taking).toMatchObject({ state: 'done', value: { differs: 1, taken: 1 } })
    expect(appended).toMatchObject([{ asOf: { seq: 3, n: 0 } }])
    expect(bodyOf(appended[0] as NewDelivery)).toEqual([
      { type: 'attendee', data: [{ id: 1, status: 'checked-in', size: 'L' }] },
    ])
  })

  it('gives up waiting for the index with its signal', async () => {
    const { room, feed } = open()
    room.tail = 1
    const ending = new AbortController()
    const taking = feed.take({ type: 'event', records: [{ id: 1 }], asOf: feed.mark(), take: 'news' }, ending.signal)
    ending.abort(new Error('enough'))
    await expect(taking).rejects.toThrow('enough')
  })

  it('counts a record that stands twice once, and one without an id as unusable', async () => {
    const { appended, feed } = open()
    const records = [{ id: 1 }, { id: '1' }, { id: null }, { id: { a: 1 } }]
    const turn = await feed.take({ type: 'event', records, asOf: feed.mark(), take: 'seed' }, signal)
    expect(turn).toMatchObject({ state: 'done', value: { missing: 1, unusable: 2, taken: 1 } })
    expect(appended).toMatchObject([{ seed: true }])
  })

  it('waits for room on the disk and for a store that takes it, and that is not held against Bevy', async () => {
    const { room, feed } = open()
    const fetched = { type: 'event', records: [{ id: 1 }], asOf: feed.mark(), take: 'news' } as const
    room.storable = false
    expect(await feed.take(fetched, signal)).toMatchObject({ state: 'again', ours: true })
    room.storable = true
    room.broken = true
    expect(await feed.take(fetched, signal)).toMatchObject({ state: 'again', ours: true })
  })
})
