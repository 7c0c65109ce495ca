import { describe, expect, it } from 'vitest'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, route, type Bench } from '../kit/dispatch-bench.ts'
import { compileTemplate } from '../../src/core/expressions/templates.ts'

const MINUTE = 60_000
const attendee = (id: number, more: object = {}) => ({ type: 'attendee', data: { id, event_id: 9, ...more } })
const event = (status: string) => ({ type: 'event', data: { id: 9, status, title: 'Meetup' } })
const published = { type: 'attendee', event: { status: 'Published' } }

async function benchWith(more: Parameters<typeof destination>[1], when: unknown = published): Promise<Bench> {
  const bench = createBench()
  await bench.apply([destination('crm', more)], [route('public', ['crm'], when)])
  return bench
}

const dead = (bench: Bench): string[] => [...bench.store.data.keys()].filter((key) => key.startsWith('dead:'))
const counts = async (bench: Bench) => {
  const [status] = await bench.supervisor.status()
  return status !== undefined && 'counts' in status ? status : undefined
}

describe.each(['latest', 'every'] as const)('an undecided filter, mode %s', (mode) => {
  it('waits as an exception and is matched when the head arrives', async () => {
    const bench = await benchWith({ mode })
    bench.index.index(attendee(1))
    await settleAll()
    expect(bench.got('crm')).toEqual([])
    expect((await counts(bench))?.exceptions).toMatchObject({ join: 1 })
    bench.index.index(event('Published'))
    await settleAll()
    expect(bench.got('crm')).toEqual(['attendee:1@1'])
    expect(bench.sent['crm']?.[0]?.[0]?.event).toMatchObject({ title: 'Meetup' })
  })

  it('is dropped when the head arrives and does not match', async () => {
    const bench = await benchWith({ mode })
    bench.index.index(attendee(1))
    await settleAll()
    bench.index.index(event('Draft'))
    await settleAll()
    expect(bench.got('crm')).toEqual([])
    expect((await counts(bench))?.exceptions).toMatchObject({ join: 0 })
    expect((await counts(bench))?.counts.skipped).toEqual({ unmatched: 1 })
  })

  it('keep: becomes a dead letter of reason join, redriven by itself when the head comes later', async () => {
    const bench = await benchWith({ mode })
    bench.index.index(attendee(1))
    await bench.clock.advance(15 * MINUTE - 1)
    expect(dead(bench)).toEqual([])
    await bench.clock.advance(1)
    expect(dead(bench)).toHaveLength(1)
    expect(await bench.store.get(dead(bench)[0] as string)).toMatchObject({ cause: 'join', needs: ['event:9'] })
    bench.index.index(event('Published'))
    await bench.clock.advance(0)
    expect(bench.got('crm')).toEqual(['attendee:1@1'])
    expect(dead(bench)).toEqual([])
  })

  it('keep: the redrive works after a restart too', async () => {
    const bench = await benchWith({ mode })
    bench.index.index(attendee(1))
    await bench.clock.advance(15 * MINUTE)
    const again = await bench.restart()
    bench.index.index(event('Published'))
    await again.apply([destination('crm', { mode })], [route('public', ['crm'], published)])
    await again.clock.advance(0)
    expect(again.got('crm')).toEqual(['attendee:1@1'])
    expect(dead(again)).toEqual([])
  })

  it('send and skip', async () => {
    const sends = await benchWith({ mode, join: { wait: MINUTE, otherwise: 'send' } })
    sends.index.index(attendee(1))
    await sends.clock.advance(MINUTE)
    expect(sends.got('crm')).toEqual(['attendee:1@1'])
    const skips = await benchWith({ mode, join: { wait: MINUTE, otherwise: 'skip' } })
    skips.index.index(attendee(1))
    await skips.clock.advance(MINUTE)
    expect(skips.got('crm')).toEqual([])
    expect((await counts(skips))?.counts.skipped).toEqual({ join: 1 })
  })

  it('old deliveries do not wait anew: what was waited before they were read counts', async () => {
    const bench = await benchWith({ mode })
    bench.index.index(attendee(1))
    await settleAll()
    const again = await bench.restart()
    again.clock.jump(60 * MINUTE)
    await again.apply([destination('crm', { mode, start: 'beginning' })], [route('public', ['crm'], published)])
    await again.clock.advance(0)
    expect(dead(again)).toHaveLength(1)
  })

  it('waits outside the cap on exceptions', async () => {
    const bench = await benchWith(
      { mode, maxExceptions: 2 },
      { type: ['attendee', 'user'], $or: [{ type: 'user' }, { event: { status: 'Published' } }] },
    )
    for (let id = 1; id <= 5; id++) bench.index.index(attendee(id))
    bench.index.index({ type: 'user', data: { id: 1 } })
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@6'])
  })
})

describe('a template that reads an absent head', () => {
  const template = compileTemplate('{{ event.title }}')
  if (!template.ok) throw new Error('template')
  const options = { text: template.value }

  it('waits as long and then sends', async () => {
    const bench = await benchWith({ mode: 'every', options }, { type: 'attendee' })
    bench.index.index(attendee(1), attendee(2, { event_id: null }))
    await settleAll()
    expect(bench.got('crm')).toEqual(['attendee:2@1'])
    await bench.clock.advance(15 * MINUTE)
    expect(bench.got('crm')).toEqual(['attendee:2@1', 'attendee:1@1'])
  })

  it('is sent with the head as soon as it arrives', async () => {
    const bench = await benchWith({ mode: 'every', options }, { type: 'attendee' })
    bench.index.index(attendee(1))
    await settleAll()
    bench.index.index(event('Draft'))
    await settleAll()
    expect(bench.got('crm')).toEqual(['attendee:1@1'])
  })

  it('keeps the order of its key while it waits', async () => {
    const bench = await benchWith({ mode: 'every', options }, { type: 'attendee' })
    bench.index.index(attendee(1, { v: 1 }))
    bench.index.index(attendee(1, { v: 2 }))
    await settleAll()
    expect(bench.got('crm')).toEqual([])
    bench.index.index(event('Draft'))
    await settleAll()
    expect(bench.got('crm')).toEqual(['attendee:1@1', 'attendee:1@2'])
  })
})
