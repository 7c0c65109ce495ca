/** Every cell of the job table in the design: what a failure, a dead letter, a redrive and a replay mean in each mode. */

import { describe, expect, it } from 'vitest'
import { delivered, reject, retry } from '../../src/core/plugin-contract.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, route, type Bench } from '../kit/dispatch-bench.ts'

const user = (id: number, more: Record<string, string | number> = {}) => ({ type: 'user', data: { id, ...more } })
const failing = () => [retry({ reason: '503' })]
const MINUTE = 60_000

async function benchIn(mode: 'latest' | 'every'): Promise<Bench> {
  const bench = createBench()
  await bench.apply([destination('crm', { mode })])
  return bench
}

async function exceptions(bench: Bench) {
  const [status] = await bench.supervisor.status()
  return status?.state === 'running' ? status.exceptions : undefined
}

const deadIds = (bench: Bench): string[] =>
  [...bench.store.data.keys()]
    .filter((key) => key.startsWith('dead:'))
    .map((key) => key.slice(key.lastIndexOf(':') + 1))

const skipped = async (bench: Bench) => {
  const [status] = await bench.supervisor.status()
  return status !== undefined && 'counts' in status ? status.counts.skipped : {}
}

describe('a job fails', () => {
  it('latest: one exception per key; when due it sends the head', async () => {
    const bench = await benchIn('latest')
    bench.scripts['crm'] = failing
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1'])
    bench.index.index(user(1, { v: 2 }))
    bench.index.index(user(1, { v: 3 }))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1'])
    expect(await exceptions(bench)).toMatchObject({ retry: 1, held: 0 })
    bench.scripts['crm'] = () => [delivered()]
    await bench.clock.advance(10_000)
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:1@3'])
    expect(await exceptions(bench)).toMatchObject({ retry: 0, held: 0 })
  })

  it('latest: a newer state starts attempts and window anew but keeps the due time', async () => {
    const bench = await benchIn('latest')
    bench.scripts['crm'] = failing
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    await bench.clock.advance(5000)
    expect(bench.sent['crm']?.at(-1)?.[0]?.attempt).toBe(2)
    // The second wait is half of 20 s.
    bench.index.index(user(1, { v: 2 }))
    await bench.clock.advance(9999)
    expect(bench.got('crm')).toHaveLength(2)
    await bench.clock.advance(1)
    expect(bench.got('crm').at(-1)).toBe('user:1@2')
    expect(bench.sent['crm']?.at(-1)?.[0]?.attempt).toBe(1)
  })

  it('latest: a newer state that comes while the older is in flight takes the place of the one that fails', async () => {
    const bench = await benchIn('latest')
    let answer: (() => void) | undefined
    bench.scripts['crm'] = () => new Promise((resolve) => (answer = () => resolve(failing())))
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1'])
    answer?.()
    await settleAll()
    expect(await exceptions(bench)).toMatchObject({ retry: 1 })
    bench.scripts['crm'] = () => [delivered()]
    await bench.clock.advance(5000)
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:1@2'])
    expect(bench.sent['crm']?.at(-1)?.[0]?.attempt).toBe(1)
  })

  it('every: the failing job, and one held exception per later state of the key, in order', async () => {
    const bench = await benchIn('every')
    bench.scripts['crm'] = failing
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    bench.scripts['crm'] = () => [delivered()]
    bench.index.index(user(1, { v: 2 }), user(2))
    bench.index.index(user(1, { v: 3 }))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:2@2'])
    expect(await exceptions(bench)).toMatchObject({ retry: 1, held: 2 })
    await bench.clock.advance(5000)
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:2@2', 'user:1@1', 'user:1@2', 'user:1@3'])
    expect(await exceptions(bench)).toMatchObject({ retry: 0, held: 0 })
  })

  it('every: states behind one in flight are held when it fails', async () => {
    const bench = await benchIn('every')
    let answer: (() => void) | undefined
    bench.scripts['crm'] = () => new Promise((resolve) => (answer = () => resolve(failing())))
    bench.index.index(user(1, { v: 1 }))
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1'])
    answer?.()
    await settleAll()
    expect(await exceptions(bench)).toMatchObject({ retry: 1, held: 1 })
  })
})

describe('dead letter', () => {
  it('latest: closed as superseded when a newer state is delivered', async () => {
    const bench = await benchIn('latest')
    bench.scripts['crm'] = () => [reject('bad')]
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    expect(deadIds(bench)).toHaveLength(1)
    bench.scripts['crm'] = () => [delivered()]
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    expect(deadIds(bench)).toEqual([])
    expect(await skipped(bench)).toEqual({ superseded: 1 })
  })

  it('every: releases the next held state', async () => {
    const bench = await benchIn('every')
    bench.scripts['crm'] = failing
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    bench.scripts['crm'] = ([job]) => [job?.position.seq === 1 ? reject('bad') : delivered()]
    await bench.clock.advance(5000)
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:1@1', 'user:1@2'])
    expect(deadIds(bench)).toHaveLength(1)
    expect(await exceptions(bench)).toMatchObject({ retry: 0, held: 0 })
  })

  it('keeps a copy of its record, the reason and the attempts', async () => {
    const bench = await benchIn('every')
    bench.scripts['crm'] = () => [reject('no such list')]
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    expect(await bench.store.get(`dead:crm:${deadIds(bench)[0]}`)).toMatchObject({
      key: 'user:1',
      cause: 'refused',
      reason: 'no such list',
      attempts: 1,
      data: { id: 1, v: 1 },
    })
  })

  it('out of retries after the window, not before', async () => {
    const bench = createBench()
    const policy = { for: 30 * MINUTE, delay: 10 * MINUTE, factor: 1, maxDelay: 10 * MINUTE }
    await bench.apply([destination('crm', { mode: 'every', retry: policy })])
    bench.scripts['crm'] = failing
    bench.index.index(user(1))
    await bench.clock.advance(29 * MINUTE)
    expect(deadIds(bench)).toEqual([])
    await bench.clock.advance(2 * MINUTE)
    expect(await bench.store.get(`dead:crm:${deadIds(bench)[0]}`)).toMatchObject({ cause: 'exhausted', attempts: 7 })
  })
})

describe('redrive', () => {
  it('latest: sends the head', async () => {
    const bench = await benchIn('latest')
    bench.scripts['crm'] = () => [reject('bad')]
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    const [id] = deadIds(bench)
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    bench.scripts['crm'] = () => [delivered()]
    expect(await bench.supervisor.dispatcher('crm')?.redrive(id as string)).toBe(true)
    await bench.clock.advance(0)
    expect(bench.got('crm').at(-1)).toBe('user:1@2')
    expect(deadIds(bench)).toEqual([])
  })

  it('latest: closes when the head was delivered', async () => {
    const bench = await benchIn('latest')
    bench.scripts['crm'] = () => [reject('bad')]
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    const [id] = deadIds(bench)
    bench.scripts['crm'] = () => [delivered()]
    expect(await bench.supervisor.dispatcher('crm')?.redrive(id as string)).toBe(true)
    // A newer state is delivered before the redriven one has its turn.
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    await bench.clock.advance(1000)
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:1@2'])
    expect(await exceptions(bench)).toMatchObject({ retry: 0 })
    expect(await skipped(bench)).toEqual({ superseded: 1 })
    expect(await bench.supervisor.dispatcher('crm')?.redrive(id as string)).toBe(false)
  })

  it('every: sends it late, marked redriven, and does not disturb the order of the others', async () => {
    const bench = await benchIn('every')
    bench.scripts['crm'] = () => [reject('bad')]
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    const [id] = deadIds(bench)
    bench.scripts['crm'] = () => [delivered()]
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    expect(await bench.supervisor.dispatcher('crm')?.redrive(id as string)).toBe(true)
    await bench.clock.advance(0)
    const last = bench.sent['crm']?.at(-1)?.[0]
    expect(last).toMatchObject({ key: 'user:1', redriven: true, data: { v: 1 } })
    expect(last?.id).toBe(bench.sent['crm']?.[0]?.[0]?.id)
    bench.index.index(user(1, { v: 3 }))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:1@2', 'user:1@1', 'user:1@3'])
  })
})

describe('replay', () => {
  it('latest: sends heads, once per record', async () => {
    const bench = await benchIn('latest')
    bench.index.index(user(1, { v: 1 }))
    await settleAll()
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    const before = bench.got('crm').length
    await bench.supervisor.dispatcher('crm')?.replay(1, 2)
    await settleAll()
    expect(bench.got('crm').slice(before)).toEqual(['user:1@2'])
    expect(bench.sent['crm']?.at(-1)?.[0]).toMatchObject({ replay: true })
  })

  it('every: sends old states, marked replay, with new ids', async () => {
    const bench = await benchIn('every')
    bench.index.index(user(1, { v: 1 }), user(2))
    bench.index.index(user(1, { v: 2 }))
    await settleAll()
    const before = bench.sent['crm']?.flat() ?? []
    await bench.supervisor.dispatcher('crm')?.replay(1, 2)
    await settleAll()
    const again = bench.sent['crm']?.flat().slice(before.length) ?? []
    expect(again.map((job) => `${job.key}@${job.position.seq}`)).toEqual(['user:1@1', 'user:2@1', 'user:1@2'])
    expect(again.every((job) => job.replay)).toBe(true)
    const ids = new Set(before.map((job) => job.id))
    expect(again.some((job) => ids.has(job.id))).toBe(false)
    expect([...bench.store.data.keys()].filter((key) => key.startsWith('replay:'))).toEqual([])
  })

  it('goes on after a restart', async () => {
    const bench = await benchIn('every')
    for (let id = 1; id <= 3; id++) bench.index.index(user(id))
    await settleAll()
    bench.scripts['crm'] = (jobs) => (jobs[0]?.key === 'user:2' ? new Promise(() => {}) : [delivered()])
    await bench.supervisor.dispatcher('crm')?.replay(1, 3)
    await settleAll()
    const again = await bench.restart()
    again.scripts['crm'] = () => [delivered()]
    await again.apply([destination('crm', { mode: 'every' })])
    await settleAll()
    expect(again.got('crm').filter((job) => job === 'user:2@2')).toHaveLength(3)
    expect(again.got('crm').filter((job) => job === 'user:1@1')).toHaveLength(2)
    expect([...again.store.data.keys()].filter((key) => key.startsWith('replay:'))).toEqual([])
  })
})

describe('two jobs of one key', () => {
  it.each(['latest', 'every'] as const)(
    '%s: are never in flight at once, and a batch holds a key once',
    async (mode) => {
      const bench = createBench()
      await bench.apply([destination('crm', { mode, batch: { size: 10, wait: 0 }, concurrency: 4 })])
      const inFlight = new Set<string>()
      bench.scripts['crm'] = async (jobs) => {
        const keys = jobs.map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
        for (const key of keys) expect(inFlight.has(key)).toBe(false)
        for (const key of keys) inFlight.add(key)
        await new Promise((resolve) => setImmediate(resolve))
        for (const key of keys) inFlight.delete(key)
      }
      for (let v = 0; v < 5; v++) bench.index.index(user(1, { v }), user(2, { v }), user(1, { w: v }))
      await settleAll()
      await settleAll()
      const states = bench.got('crm').filter((job) => job.startsWith('user:1@'))
      if (mode === 'every') expect(states).toHaveLength(10)
      expect(states.at(-1)).toBe('user:1@5')
    },
  )
})

describe('a whole batch rejected', () => {
  it('is sent singly, and only a job rejected alone is dead', async () => {
    const bench = createBench()
    await bench.apply([destination('crm', { mode: 'every', batch: { size: 3, wait: 0 } })], [route('all', ['crm'])])
    bench.scripts['crm'] = (jobs) =>
      jobs.some(({ key }) => key === 'user:2') ? jobs.map(() => reject('bad value')) : jobs.map(() => delivered())
    bench.index.index(user(1), user(2), user(3))
    await settleAll()
    expect(bench.sent['crm']?.map((batch) => batch.map(({ key }) => key))).toEqual([
      ['user:1', 'user:2', 'user:3'],
      ['user:1'],
      ['user:2'],
      ['user:3'],
    ])
    expect(deadIds(bench)).toHaveLength(1)
  })
})
