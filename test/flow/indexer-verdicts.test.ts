import { describe, expect, it } from 'vitest'
import type { Verdict } from '../../src/core/types.ts'
import { envelope, sampleBytes, sampleNames } from '../kit/bodies.ts'
import { openIndexing, verdicts } from '../kit/indexing.ts'

const registered = sampleBytes('attendee-registered.json')
const checkedIn = sampleBytes('attendee-checked-in.json')

describe('verdicts', () => {
  it('accepts every record of every sample, and reads them back the same after a restart', async () => {
    for (const name of sampleNames) {
      const first = await openIndexing()
      await first.receive(sampleBytes(name))
      const delivery = await first.indexer.read(1)
      expect(delivery?.records.map(({ verdict }) => verdict)).toEqual(
        Array<Verdict>(delivery?.records.length ?? 0).fill('accepted'),
      )
      expect(await first.indexer.readQuarantine()).toEqual([])
      const again = await openIndexing(first.store)
      expect(await again.indexer.read(1)).toEqual(delivery)
      await first.indexer.stop()
    }
  })

  it('follows a record through its life, tombstone first, with the state before', async () => {
    const bridge = await openIndexing()
    const names = ['deleted', 'registered', 'checked-in', 'checkin-undone', 'reregistered-stale-deleted_date']
    await bridge.receive(...names.map((name) => sampleBytes(`attendee-${name}.json`)))
    const records = await Promise.all([1, 2, 3, 4, 5].map(async (seq) => (await bridge.indexer.read(seq))?.records[0]))
    expect(records.map((record) => `${record?.data['status']} ${record?.before?.['status']}`)).toEqual([
      'deleted undefined',
      'registered deleted',
      'checked-in registered',
      'registered checked-in',
      'registered registered',
    ])
    expect(await bridge.indexer.findByKey('attendee:5001')).toMatchObject({
      position: { seq: 5, n: 1 },
      version: null,
      hash: records[4]?.hash,
      data: records[4]?.data,
    })
  })

  it('sees the records of one body in order, the same id twice included', async () => {
    const bridge = await openIndexing()
    const [a, b] = [
      { id: 1, status: 'a' },
      { status: 'b', id: '1' },
    ]
    await bridge.receive(envelope('attendee', a, b, b, a))
    expect(await verdicts(bridge, 1)).toEqual([
      'attendee:1 accepted',
      'attendee:1 accepted',
      'attendee:1 unchanged',
      'attendee:1 accepted',
    ])
    const records = (await bridge.indexer.read(1))?.records
    expect(records?.map(({ before }) => before)).toEqual([undefined, a, undefined, b])
  })

  it('orders events by their version, and the rest by arrival', async () => {
    const bridge = await openIndexing()
    const event = (title: string, updated_ts?: unknown) => envelope('event', { id: 9, title, updated_ts } as never)
    await bridge.receive(
      event('newer', '2026-02-10T10:00:00.5-08:00'),
      event('older', '2026-02-10T18:00:00.499999Z'),
      event('no version'),
      event('far future', '2126-01-01T00:00:00Z'),
      event('unreadable', 'soon'),
      event('older than the head remembers', '2026-02-10 18:00:00'),
      event('newest', '2026-02-10 18:00:01'),
    )
    const states = await Promise.all([1, 2, 3, 4, 5, 6, 7].map((seq) => verdicts(bridge, seq)))
    expect(states.flat().map((line) => line.split(' ')[1])).toEqual([
      'accepted',
      'stale',
      'accepted',
      'accepted',
      'accepted',
      'stale',
      'accepted',
    ])
    expect(await bridge.indexer.findByKey('event:9')).toMatchObject({ data: { title: 'newest' } })
    const notes = []
    for await (const sighting of bridge.indexer.history('event:9')) notes.push(...sighting.notes)
    expect(notes).toEqual([
      'updated_ts: has no zone, taken as UTC',
      'updated_ts: has no zone, taken as UTC',
      'updated_ts: is not a date',
      'updated_ts: lies in the future, no version',
      'updated_ts: missing, no version',
    ])
  })

  it('takes a repeated delivery for unchanged, and a newer state merged into a retry for accepted', async () => {
    const bridge = await openIndexing()
    await bridge.receive(registered, registered, checkedIn)
    expect((await Promise.all([1, 2, 3].map((seq) => verdicts(bridge, seq)))).flat()).toEqual([
      'attendee:5001 accepted',
      'attendee:5001 unchanged',
      'attendee:5001 accepted',
    ])
    expect(bridge.indexer.stats().types['attendee']).toEqual({ accepted: 2, unchanged: 1, stale: 0, invalid: 0 })
  })

  it('never lets a body retried from quarantine overwrite newer state, not even across a restart', async () => {
    const first = await openIndexing()
    await first.receive(checkedIn, registered, registered)
    await first.indexer.stop()
    const again = await openIndexing(first.store)
    await again.receive(
      { bytes: checkedIn, receivedAt: 0, asOf: { seq: 2, n: 0 } },
      { bytes: checkedIn, receivedAt: 0, asOf: { seq: 4, n: 0 } },
    )
    expect([await verdicts(again, 4), await verdicts(again, 5)]).toEqual([
      ['attendee:5001 stale'],
      ['attendee:5001 accepted'],
    ])
  })

  it('compares ids beyond 2^53 exactly', async () => {
    const bridge = await openIndexing()
    const body = (id: string) => new TextEncoder().encode(`[{"type":"user","data":[{"id":${id}}]}]`)
    await bridge.receive(body('9007199254740993'), body('9007199254740992'), body('"9007199254740993"'))
    const states = await Promise.all([1, 2, 3].map((seq) => verdicts(bridge, seq)))
    expect(states.flat()).toEqual([
      'user:9007199254740993 accepted',
      'user:9007199254740992 accepted',
      'user:9007199254740993 unchanged',
    ])
  })
})
