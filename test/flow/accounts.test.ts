import { describe, expect, it } from 'vitest'
import { definePlugin, delivered, retry, type Job } from '../../src/core/plugin-contract.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, plugin, route } from '../kit/dispatch-bench.ts'

const user = (id: number, more: Record<string, string | number> = {}) => ({ type: 'user', data: { id, ...more } })
const field = (name: string) => (job: Job) => String(job.data[name] ?? '')

describe('an account', () => {
  it('told to wait holds all its destinations, and no others', async () => {
    const bench = createBench()
    const names = ['one', 'two', 'other']
    await bench.apply(
      names.map((name) => destination(name, { mode: 'every', account: name === 'other' ? 'b' : 'a' })),
      names.map((name) => route(name, [name], { record: { to: name } })),
    )
    bench.scripts['one'] = () => [retry({ after: 60_000, scope: 'account', reason: '429' })]
    bench.index.index(user(1, { to: 'one' }))
    await settleAll()
    bench.scripts['one'] = () => [delivered()]
    bench.index.index(user(2, { to: 'two' }), user(3, { to: 'other' }))
    await bench.clock.advance(59_999)
    expect([bench.got('one'), bench.got('two'), bench.got('other')]).toEqual([['user:1@1'], [], ['user:3@2']])
    await bench.clock.advance(1)
    expect([bench.got('one'), bench.got('two')]).toEqual([['user:1@1', 'user:1@1'], ['user:2@2']])
  })
})

describe('a bucket', () => {
  it('told to wait holds its own jobs only', async () => {
    const bench = createBench()
    bench.senders['chat'] = { bucket: field('channel') }
    await bench.apply([destination('chat', { mode: 'every', concurrency: 2 })])
    bench.scripts['chat'] = ([job]) => [
      job?.attempt === 1 && job.key === 'user:1'
        ? retry({ after: 30_000, scope: 'bucket', reason: 'ratelimited' })
        : delivered(),
    ]
    bench.index.index(user(1, { channel: 'slow' }))
    await settleAll()
    bench.index.index(user(2, { channel: 'slow' }), user(3, { channel: 'quick' }), user(4, { channel: 'slow' }))
    await bench.clock.advance(29_999)
    expect(bench.got('chat')).toEqual(['user:1@1', 'user:3@2'])
    await bench.clock.advance(1)
    expect(bench.got('chat').sort()).toEqual(['user:1@1', 'user:1@1', 'user:2@2', 'user:3@2', 'user:4@2'])
  })

  it('that is full takes no slot from the others', async () => {
    const bench = createBench()
    bench.senders['chat'] = { bucket: field('channel') }
    const limited = definePlugin({ ...plugin, limits: () => ({ bucketRate: { limit: 1, per: 1000 } }) })
    await bench.apply([destination('chat', { mode: 'every', concurrency: 1, plugin: limited })])
    // The sender keeps the bucket's pace, as the HTTP client does.
    bench.scripts['chat'] = async (jobs) => {
      bench.supervisor.pace('chat')?.hold(1000, field('channel')(jobs[0] as Job))
    }
    bench.index.index(
      ...[1, 2, 3].map((id) => user(id, { channel: 'busy' })),
      ...[4, 5].map((id) => user(id, { channel: `c${id}` })),
    )
    await settleAll()
    expect(bench.got('chat')).toEqual(['user:1@1', 'user:4@1', 'user:5@1'])
    await bench.clock.advance(2000)
    expect(bench.got('chat')).toEqual(['user:1@1', 'user:4@1', 'user:5@1', 'user:2@1', 'user:3@1'])
  })
})

describe('a lane', () => {
  it('is never in two batches at once, but may be twice in one', async () => {
    const bench = createBench()
    bench.senders['crm'] = { lane: field('email') }
    await bench.apply([destination('crm', { mode: 'latest', batch: { size: 3, wait: 0 }, concurrency: 4 })])
    const inFlight = new Set<string>()
    bench.scripts['crm'] = async (jobs) => {
      const lanes = new Set(jobs.map(field('email')))
      for (const lane of lanes) {
        expect(inFlight.has(lane)).toBe(false)
        inFlight.add(lane)
      }
      await new Promise((resolve) => setImmediate(resolve))
      for (const lane of lanes) inFlight.delete(lane)
    }
    bench.index.index(...Array.from({ length: 24 }, (_, id) => user(id, { email: `p${id % 4}@example.com` })))
    await settleAll()
    await settleAll()
    expect(new Set(bench.got('crm')).size).toBe(24)
    expect(bench.got('crm')).toHaveLength(24)
  })

  it('tells an older source what newer one has been delivered, also after a restart', async () => {
    const bench = createBench()
    bench.senders['crm'] = { lane: field('email') }
    await bench.apply([destination('crm', { mode: 'latest' })])
    bench.scripts['crm'] = ([job]) => [job?.key === 'user:1' ? retry({ reason: '503' }) : delivered()]
    bench.index.index(user(1, { email: 'a' }))
    await settleAll()
    bench.index.index(user(2, { email: 'a' }))
    bench.index.index(user(3, { email: 'b' }))
    await settleAll()
    expect(bench.sent['crm']?.map(([job]) => job?.laneAt)).toEqual([undefined, undefined, undefined])
    const again = await bench.restart()
    again.scripts['crm'] = () => [delivered()]
    await again.apply([destination('crm', { mode: 'latest' })])
    await again.clock.advance(10_000)
    expect(again.sent['crm']?.at(-1)?.[0]).toMatchObject({ key: 'user:1', laneAt: { seq: 2, n: 1 } })
    // What is older has not become the newest of its lane.
    again.index.index(user(4, { email: 'a' }))
    await settleAll()
    expect(again.sent['crm']?.at(-1)?.[0]).toMatchObject({ key: 'user:4', laneAt: { seq: 2, n: 1 } })
  })
})
