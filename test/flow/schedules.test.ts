import { describe, expect, it } from 'vitest'
import { delivered, retry } from '../../src/core/plugin-contract.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, type Bench } from '../kit/dispatch-bench.ts'

const HOUR = 3_600_000
const attendee = (id: number, chapter: number, more: object = {}) => ({
  type: 'attendee',
  data: { id, event_chapter_id: chapter, ...more },
})
/** The clock starts at midnight UTC. */
const daily = { size: 500, wait: 0, schedule: { when: { at: '09:00' }, timezone: 'UTC', by: 'chapter.id' } }

async function benchIn(mode: 'latest' | 'every', more: object = {}): Promise<Bench> {
  const bench = createBench()
  await bench.apply([destination('digest', { mode, batch: daily, maxExceptions: 10, ...more })])
  return bench
}

const batches = (bench: Bench): string[][] => (bench.sent['digest'] ?? []).map((batch) => batch.map(({ key }) => key))
const waiting = async (bench: Bench) => {
  const [status] = await bench.supervisor.status()
  return status !== undefined && 'exceptions' in status ? status.exceptions : undefined
}

describe.each(['latest', 'every'] as const)('a scheduled batch, mode %s', (mode) => {
  it('goes at its time, one for each value of `by`, and outside the cap on exceptions', async () => {
    const bench = await benchIn(mode)
    for (let id = 1; id <= 30; id++) bench.index.index(attendee(id, id % 2))
    await bench.clock.advance(9 * HOUR - 1)
    expect(batches(bench)).toEqual([])
    expect(await waiting(bench)).toMatchObject({ batch: 30, retry: 0 })
    expect((await bench.supervisor.status())[0]).toMatchObject({ state: 'running', cursor: { position: { seq: 31 } } })
    await bench.clock.advance(1)
    expect(batches(bench).map((batch) => batch.length)).toEqual([15, 15])
    expect(bench.sent['digest']?.map((batch) => new Set(batch.map(({ group }) => group)).size)).toEqual([1, 1])
    expect(await waiting(bench)).toMatchObject({ batch: 0 })
    bench.index.index(attendee(99, 1))
    await bench.clock.advance(24 * HOUR - 1)
    expect(batches(bench)).toHaveLength(2)
    await bench.clock.advance(1)
    expect(batches(bench)[2]).toEqual(['attendee:99'])
  })

  it('is cut at `size`', async () => {
    const bench = await benchIn(mode, { batch: { ...daily, size: 4 } })
    for (let id = 1; id <= 10; id++) bench.index.index(attendee(id, 1))
    await bench.clock.advance(9 * HOUR)
    expect(batches(bench).map((batch) => batch.length)).toEqual([4, 4, 2])
  })

  it('survives a restart; one whose time passed meanwhile goes at once', async () => {
    const bench = await benchIn(mode)
    for (let id = 1; id <= 3; id++) bench.index.index(attendee(id, 1))
    await bench.clock.advance(HOUR)
    const again = await bench.restart()
    again.clock.jump(9 * HOUR)
    await again.apply([destination('digest', { mode, batch: daily })])
    await again.clock.advance(0)
    expect(batches(again)).toEqual([['attendee:1', 'attendee:2', 'attendee:3']])
  })

  it('that fails is tried again as one', async () => {
    const bench = await benchIn(mode)
    for (let id = 1; id <= 3; id++) bench.index.index(attendee(id, 1))
    bench.scripts['digest'] = (jobs) => jobs.map(() => retry({ reason: '503' }))
    await bench.clock.advance(9 * HOUR)
    bench.scripts['digest'] = (jobs) => jobs.map(() => delivered())
    await bench.clock.advance(HOUR)
    expect(batches(bench).map((batch) => batch.length)).toEqual([3, 3])
    expect(bench.sent['digest']?.[1]?.every(({ attempt }) => attempt === 2)).toBe(true)
  })

  it('waits for a joined head first', async () => {
    const bench = await benchIn(mode, { reads: new Set(['event']) })
    bench.index.index(attendee(1, 1, { event_id: 9 }))
    await settleAll()
    expect(await waiting(bench)).toMatchObject({ join: 1, batch: 0 })
    bench.index.index({ type: 'event', data: { id: 9 } })
    await settleAll()
    expect(await waiting(bench)).toMatchObject({ join: 0, batch: 2 })
    await bench.clock.advance(9 * HOUR)
    expect(batches(bench).flat().sort()).toEqual(['attendee:1', 'event:9'])
  })
})

describe('several states of a record in one wait', () => {
  it('latest: it goes once, the newest', async () => {
    const bench = await benchIn('latest')
    for (let v = 1; v <= 3; v++) bench.index.index(attendee(1, 1, { v }))
    await bench.clock.advance(9 * HOUR)
    expect(bench.got('digest')).toEqual(['attendee:1@3'])
  })

  it('every: all of them go, in order, one to a batch', async () => {
    const bench = await benchIn('every')
    for (let v = 1; v <= 3; v++) bench.index.index(attendee(1, 1, { v }))
    await bench.clock.advance(9 * HOUR)
    expect(batches(bench).map((batch) => batch.length)).toEqual([1, 1, 1])
    expect(bench.got('digest')).toEqual(['attendee:1@1', 'attendee:1@2', 'attendee:1@3'])
  })

  it('every: one that fails goes before those that came after it', async () => {
    const bench = await benchIn('every')
    for (let v = 1; v <= 3; v++) bench.index.index(attendee(1, 1, { v }))
    let calls = 0
    bench.scripts['digest'] = () => (calls++ === 0 ? [retry({ reason: '503' })] : [delivered()])
    await bench.clock.advance(12 * HOUR)
    expect(bench.got('digest')).toEqual(['attendee:1@1', 'attendee:1@1', 'attendee:1@2', 'attendee:1@3'])
    expect(await waiting(bench)).toMatchObject({ retry: 0, batch: 0, held: 0 })
  })
})

describe('every: the timer of a later state goes off first', () => {
  // Timers count another clock than the schedule is made of: a step between the two states makes more of what rounding does anyway.
  it.each([
    ['in one group', 1],
    ['in another group', 2],
  ])('%s', async (_, chapter) => {
    const bench = await benchIn('every')
    bench.index.index(attendee(1, 1), attendee(2, 1))
    await settleAll()
    bench.clock.jump(60_000)
    bench.index.index(attendee(1, chapter, { v: 2 }), attendee(1, chapter, { v: 3 }))
    await bench.clock.advance(9 * HOUR)
    expect(bench.got('digest').filter((one) => one.startsWith('attendee:1'))).toEqual([
      'attendee:1@1',
      'attendee:1@2',
      'attendee:1@2',
    ])
    expect(bench.sent['digest']?.flat().map(({ data }) => data['v'])).toEqual([undefined, undefined, 2, 3])
    expect(await waiting(bench)).toMatchObject({ retry: 0, batch: 0, held: 0 })
  })
})

describe('every so often', () => {
  it('goes at whole multiples of the span', async () => {
    const bench = createBench()
    const batch = { size: 500, wait: 0, schedule: { when: { every: HOUR }, timezone: 'UTC' } }
    await bench.apply([destination('digest', { mode: 'latest', batch })])
    await bench.clock.advance(HOUR / 2)
    bench.index.index(attendee(1, 1), attendee(2, 2))
    await bench.clock.advance(HOUR / 2 - 1)
    expect(batches(bench)).toEqual([])
    await bench.clock.advance(1)
    expect(batches(bench)).toEqual([['attendee:1', 'attendee:2']])
  })
})
