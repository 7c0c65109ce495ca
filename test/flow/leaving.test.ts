import { describe, expect, it } from 'vitest'
import { delivered, retry } from '../../src/core/plugin-contract.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, route, type Bench } from '../kit/dispatch-bench.ts'

const DAY = 86_400_000
const event = (status: string, more: object = {}) => ({ type: 'event', data: { id: 9, status, ...more } })

async function benchWith(more: Parameters<typeof destination>[1]): Promise<Bench> {
  const bench = createBench()
  await bench.apply([destination('chat', more)], [route('published', ['chat'], { event: { status: 'Published' } })])
  return bench
}

const marks = (bench: Bench): string[] =>
  (bench.sent['chat'] ?? [])
    .flat()
    .map((job) => `${String(job.data['status'])}@${job.position.seq}${job.left ? ' left' : ''}`)
const skipped = async (bench: Bench) => {
  const [status] = await bench.supervisor.status()
  return status !== undefined && 'counts' in status ? status.counts.skipped : {}
}

describe('a record that matches no longer', () => {
  it('was sent: it is sent once with left, with what it left before as ref', async () => {
    const bench = await benchWith({ mode: 'latest', onLeave: 'send' })
    bench.scripts['chat'] = ([job]) => [job?.left === true ? delivered() : delivered({ ref: { ts: '1' } })]
    bench.index.index(event('Published'))
    await settleAll()
    bench.index.index(event('Draft'))
    await settleAll()
    bench.index.index(event('Draft', { title: 'x' }))
    await settleAll()
    expect(marks(bench)).toEqual(['Published@1', 'Draft@2 left'])
    expect(bench.sent['chat']?.[1]?.[0]).toMatchObject({ ref: { ts: '1' }, routes: [] })
    bench.index.index(event('Published'))
    await settleAll()
    expect(marks(bench)).toEqual(['Published@1', 'Draft@2 left', 'Published@4'])
    expect(bench.sent['chat']?.[2]?.[0]).toMatchObject({ ref: { ts: '1' } })
    bench.index.index(event('Canceled'))
    await settleAll()
    expect(marks(bench).at(-1)).toBe('Canceled@5 left')
  })

  it('because of its event: told with its own next change', async () => {
    const bench = await benchWith({ mode: 'latest', onLeave: 'send' })
    bench.index.index(event('Published'))
    bench.index.index({ type: 'attendee', data: { id: 1, event_id: 9 } })
    await settleAll()
    bench.index.index(event('Draft'))
    await settleAll()
    bench.index.index({ type: 'attendee', data: { id: 1, event_id: 9, v: 2 } })
    await settleAll()
    const last = bench.sent['chat']?.at(-1)?.[0]
    expect([last?.key, last?.left]).toEqual(['attendee:1', true])
  })

  it('while it is on its way: told when it has arrived', async () => {
    const bench = await benchWith({ mode: 'latest', onLeave: 'send' })
    let answer: (() => void) | undefined
    bench.scripts['chat'] = () => new Promise((resolve) => (answer = () => resolve([delivered()])))
    bench.index.index(event('Published'))
    await settleAll()
    bench.index.index(event('Draft'))
    await settleAll()
    expect(marks(bench)).toEqual(['Published@1'])
    bench.scripts['chat'] = () => [delivered()]
    answer?.()
    await settleAll()
    expect(marks(bench)).toEqual(['Published@1', 'Draft@2 left'])
  })

  it('is told again until it is taken', async () => {
    const bench = await benchWith({ mode: 'latest', onLeave: 'send' })
    bench.index.index(event('Published'))
    await settleAll()
    bench.scripts['chat'] = () => [retry({ reason: '503' })]
    bench.index.index(event('Draft'))
    await settleAll()
    bench.scripts['chat'] = () => [delivered()]
    await bench.clock.advance(5000)
    expect(marks(bench)).toEqual(['Published@1', 'Draft@2 left', 'Draft@2 left'])
  })

  it('was never sent: nothing is told', async () => {
    const bench = await benchWith({ mode: 'latest', onLeave: 'send', start: 'now' })
    bench.index.index(event('Draft'))
    bench.index.index(event('Draft', { title: 'x' }))
    await settleAll()
    expect(marks(bench)).toEqual([])
  })

  it('both states in the backlog: only the newest counts', async () => {
    const bench = await benchWith({ mode: 'latest', onLeave: 'send' })
    bench.scripts['chat'] = () => new Promise(() => {})
    bench.index.index({ type: 'event', data: { id: 1, status: 'Published' } })
    const again = await bench.restart()
    again.scripts['chat'] = () => [delivered()]
    bench.index.index(event('Published'))
    bench.index.index(event('Draft'))
    await again.apply(
      [destination('chat', { mode: 'latest', onLeave: 'send' })],
      [route('published', ['chat'], { event: { status: 'Published' } })],
    )
    await settleAll()
    expect(again.got('chat').filter((job) => job.startsWith('event:9'))).toEqual([])
  })

  it('onLeave: skip: nothing is told', async () => {
    const bench = await benchWith({ mode: 'latest' })
    bench.index.index(event('Published'))
    await settleAll()
    bench.index.index(event('Draft'))
    await settleAll()
    expect(marks(bench)).toEqual(['Published@1'])
  })
})

describe('old news', () => {
  const created = (daysAgo: number) => new Date(Date.UTC(2026, 2, 1) - daysAgo * DAY).toISOString()

  it.each(['latest', 'every'] as const)(
    'mode %s: what was never sent and is too old is skipped, an update of what was sent never',
    async (mode) => {
      const bench = createBench()
      await bench.apply([destination('chat', { mode, maxAge: 2 * DAY })])
      const registration = (id: number, daysAgo: number, v = 1) => ({
        type: 'attendee',
        data: { id, status: 'registered', created_date: created(daysAgo), v },
      })
      bench.index.index(registration(1, 3), registration(2, 1))
      await settleAll()
      expect(bench.got('chat')).toEqual(['attendee:2@1'])
      expect(await skipped(bench)).toEqual({ old: 1 })
      await bench.clock.advance(5 * DAY)
      bench.index.index(registration(1, 3, 2), registration(2, 1, 2))
      await settleAll()
      expect(bench.got('chat')).toEqual(['attendee:2@1', 'attendee:2@2'])
      expect(await skipped(bench)).toEqual({ old: 2 })
    },
  )

  it('what gathered for its schedule was judged when it came', async () => {
    const bench = createBench()
    const batch = { size: 10, wait: 0, schedule: { when: { every: 7 * DAY }, timezone: 'UTC' } }
    await bench.apply([destination('chat', { mode: 'latest', maxAge: 2 * DAY, batch })])
    bench.index.index({ type: 'attendee', data: { id: 1, status: 'registered', created_date: created(0) } })
    await bench.clock.advance(7 * DAY)
    expect(bench.got('chat')).toEqual(['attendee:1@1'])
  })

  it('what grew old while it waited is old news too', async () => {
    const bench = createBench()
    await bench.apply([
      destination('chat', {
        mode: 'every',
        maxAge: 2 * DAY,
        retry: { for: 7 * DAY, delay: DAY, factor: 1, maxDelay: DAY },
      }),
    ])
    bench.scripts['chat'] = () => [retry({ reason: '503' })]
    bench.index.index({ type: 'attendee', data: { id: 1, status: 'registered', created_date: created(0) } })
    await bench.clock.advance(5 * DAY)
    expect(await skipped(bench)).toEqual({ old: 1 })
    expect((await bench.supervisor.status())[0]).toMatchObject({ exceptions: { retry: 0 }, dead: 0 })
  })
})

describe('leaving, told later', () => {
  const published = [route('published', ['chat'], { event: { status: 'Published' } })]

  it('with its schedule: it still comes as left', async () => {
    const bench = createBench()
    const batch = { size: 500, wait: 0, schedule: { when: { every: 3_600_000 }, timezone: 'UTC' } }
    await bench.apply([destination('chat', { mode: 'latest', onLeave: 'send', batch })], published)
    bench.index.index(event('Published'))
    await bench.clock.advance(3_600_000)
    bench.index.index(event('Draft'))
    await bench.clock.advance(3_600_000)
    expect(marks(bench)).toEqual(['Published@1', 'Draft@2 left'])
  })

  it('after a wait for a joined record: it still comes as left', async () => {
    const bench = createBench()
    const user = destination('chat', { mode: 'latest', onLeave: 'send', reads: new Set(['user'] as const) })
    await bench.apply([user], [route('registered', ['chat'], { record: { status: 'registered' } })])
    const attendee = (status: string) => ({ type: 'attendee', data: { id: 1, user_id: 4, status } })
    bench.index.index(attendee('registered'))
    await bench.clock.advance(15 * 60_000)
    bench.index.index(attendee('deleted'))
    await bench.clock.advance(15 * 60_000)
    expect(marks(bench)).toEqual(['registered@1', 'deleted@2 left'])
  })
})

describe('refs', () => {
  it('of its event come with an attendee', async () => {
    const bench = createBench()
    await bench.apply([destination('chat', { mode: 'latest' })])
    bench.scripts['chat'] = ([job]) => [job?.type === 'event' ? delivered({ ref: { ts: '77' } }) : delivered()]
    bench.index.index(event('Published'))
    await settleAll()
    bench.index.index({ type: 'attendee', data: { id: 1, event_id: 9 } })
    await settleAll()
    expect(bench.sent['chat']?.at(-1)?.[0]?.refs).toEqual({ event: { ts: '77' } })
  })
})
