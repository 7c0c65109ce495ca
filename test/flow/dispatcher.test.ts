import { describe, expect, it } from 'vitest'
import { DestinationError, StoreError, TransportError } from '../../src/core/errors.ts'
import { delivered, retry, skip, unknown } from '../../src/core/plugin-contract.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, route, type Bench } from '../kit/dispatch-bench.ts'

const user = (id: number, more: Record<string, string | number> = {}) => ({ type: 'user', data: { id, ...more } })
const MINUTE = 60_000

async function bench(more: Partial<Parameters<typeof destination>[1]> = {}): Promise<Bench> {
  const made = createBench()
  await made.apply([destination('crm', { mode: 'every', ...more })])
  return made
}

const status = async (on: Bench, name = 'crm') => (await on.supervisor.status()).find((one) => one.name === name)
const stored = (on: Bench, prefix: string): string[] =>
  [...on.store.data.keys()].filter((key) => key.startsWith(prefix))

describe('the happy path', () => {
  it('sends what its routes match, in order, and moves the cursor past the rest', async () => {
    const on = createBench()
    await on.apply([destination('crm', { mode: 'every' })], [route('users', ['crm'], { type: 'user' })])
    on.index.index(user(1), { type: 'event', data: { id: 1 } }, user(2))
    await on.clock.advance(1000)
    expect(on.got('crm')).toEqual(['user:1@1', 'user:2@1'])
    expect(await on.store.get('cursor:crm')).toMatchObject({ position: { seq: 2, n: 0 }, done: [] })
    expect(on.sent['crm']?.[0]?.[0]).toMatchObject({ routes: ['users'], attempt: 1, recordId: '1' })
  })

  it('one job per record and destination, however many routes match', async () => {
    const on = createBench()
    await on.apply(
      [destination('crm', { mode: 'every' })],
      [route('a', ['crm']), route('b', ['crm'], { type: 'user' })],
    )
    on.index.index(user(1))
    await settleAll()
    expect(on.sent['crm']).toHaveLength(1)
    expect(on.sent['crm']?.[0]?.[0]?.routes).toEqual(['a', 'b'])
  })

  it('writes almost nothing: no document per job in mode every', async () => {
    const on = await bench()
    for (let id = 1; id <= 50; id++) on.index.index(user(id))
    await on.clock.advance(1000)
    expect(on.got('crm')).toHaveLength(50)
    expect([...on.store.data.keys()].filter((key) => !key.startsWith('reloads:'))).toHaveLength(2)
  })

  it('counts skips by their reason', async () => {
    const on = await bench()
    on.scripts['crm'] = () => [skip('no e-mail')]
    on.index.index(user(1))
    await settleAll()
    expect(await status(on)).toMatchObject({ counts: { sent: 0, skipped: { 'no e-mail': 1 } } })
  })

  it('hands the ref back with the next state of the record', async () => {
    const on = await bench()
    on.scripts['crm'] = ([job]) => [delivered({ ref: { ts: String(job?.position.seq) } })]
    on.index.index(user(1, { v: 1 }))
    await settleAll()
    on.index.index(user(1, { v: 2 }))
    await settleAll()
    expect(on.sent['crm']?.map(([job]) => job?.ref)).toEqual([undefined, { ts: '1' }])
  })
})

describe('batches', () => {
  it('gathers for `wait` and sends at most `size`', async () => {
    const on = await bench({ batch: { size: 3, wait: 200 } })
    on.index.index(user(1))
    await settleAll()
    expect(on.sent['crm']).toBeUndefined()
    on.index.index(user(2), user(3), user(4))
    await settleAll()
    expect(on.sent['crm']?.map((batch) => batch.length)).toEqual([3])
    await on.clock.advance(200)
    expect(on.sent['crm']?.map((batch) => batch.length)).toEqual([3, 1])
  })

  it('never has more sends under way than `concurrency`', async () => {
    const on = await bench({ concurrency: 2 })
    let underWay = 0
    let most = 0
    on.scripts['crm'] = async () => {
      most = Math.max(most, ++underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay -= 1
    }
    on.index.index(...Array.from({ length: 20 }, (_, id) => user(id)))
    await settleAll()
    await settleAll()
    expect(on.got('crm')).toHaveLength(20)
    expect(most).toBe(2)
  })
})

describe('what send may do', () => {
  it('throw a TransportError: unsent is a retry, sent without an answer is unknown', async () => {
    const on = await bench()
    on.scripts['crm'] = ([job]) => Promise.reject(new TransportError('ERR_X', 'gone', { sent: job?.key === 'user:2' }))
    on.index.index(user(1), user(2))
    await settleAll()
    expect(await status(on)).toMatchObject({ exceptions: { retry: 2, unknown: 1 }, counts: { unknown: 1 } })
  })

  it('throw anything else: a bug, retried singly, stack in the log, no record lost', async () => {
    const on = await bench({ batch: { size: 2, wait: 0 } })
    on.scripts['crm'] = (jobs) => {
      if (jobs.some(({ key }) => key === 'user:1')) throw new TypeError('undefined is not a function')
    }
    on.index.index(user(1), user(2))
    await on.clock.advance(5000)
    expect(on.sent['crm']?.map((batch) => batch.map(({ key }) => key))).toEqual([
      ['user:1', 'user:2'],
      ['user:1'],
      ['user:2'],
    ])
    expect(on.log.lines.find(({ level }) => level === 'error')?.error).toBeInstanceOf(TypeError)
    expect(await status(on)).toMatchObject({ exceptions: { retry: 1 }, counts: { sent: 1 } })
  })

  it('return the wrong number of outcomes: a bug', async () => {
    const on = await bench()
    on.scripts['crm'] = () => []
    on.index.index(user(1))
    await settleAll()
    expect(await status(on)).toMatchObject({ exceptions: { retry: 1 } })
  })

  it('ignore the abort: the attempt ends when its promise settles and is reported as stuck', async () => {
    const on = await bench({ timeout: 1000 })
    let signal: AbortSignal | undefined
    let end: (() => void) | undefined
    on.scripts['crm'] = (_jobs, given) => {
      signal = given
      return new Promise((resolve) => (end = () => resolve([delivered()])))
    }
    on.index.index(user(1))
    await on.clock.advance(1000)
    expect(signal?.aborted).toBe(true)
    await on.clock.advance(10_000)
    expect(on.log.lines.some(({ event }) => event === 'attempt does not end')).toBe(true)
    expect(await status(on)).toMatchObject({ inFlight: 1 })
    end?.()
    await settleAll()
    expect(await status(on)).toMatchObject({ inFlight: 0, counts: { sent: 1 } })
  })

  it('meet a store that takes no state: no attempt, and no plugin is blamed', async () => {
    const on = await bench()
    on.scripts['crm'] = () => Promise.reject(new StoreError('ERR_STORE_FULL', 'disk full'))
    on.index.index(user(1))
    await on.clock.advance(5000)
    expect(await status(on)).toMatchObject({ state: 'running', exceptions: { retry: 0 }, dead: 0 })
    on.scripts['crm'] = () => [delivered()]
    await on.clock.advance(1000)
    expect(on.sent['crm']?.at(-1)?.[0]).toMatchObject({ key: 'user:1', attempt: 1 })
    expect(await status(on)).toMatchObject({ counts: { sent: 1 } })
  })

  it('ask the whole account to wait', async () => {
    const on = await bench()
    on.scripts['crm'] = () => [retry({ after: MINUTE, scope: 'account', reason: '429' })]
    on.index.index(user(1))
    await settleAll()
    on.scripts['crm'] = () => [delivered()]
    on.index.index(user(2))
    await on.clock.advance(MINUTE - 1)
    expect(on.got('crm')).toEqual(['user:1@1'])
    await on.clock.advance(1)
    expect(on.got('crm').sort()).toEqual(['user:1@1', 'user:1@1', 'user:2@2'])
  })
})

describe('a destination that refuses everything', () => {
  it('is paused, no record is blamed, and a probe of one batch resumes it', async () => {
    const on = await bench({ concurrency: 4 })
    on.scripts['crm'] = () => Promise.reject(new DestinationError('token revoked'))
    on.index.index(...Array.from({ length: 6 }, (_, id) => user(id)))
    await settleAll()
    expect(await status(on)).toMatchObject({
      state: 'paused',
      reason: 'token revoked',
      exceptions: { retry: 0 },
      dead: 0,
    })
    expect(on.alerts.filter(({ cause }) => cause === 'destination:paused')).toHaveLength(1)
    const tried = on.sent['crm']?.length ?? 0
    await on.clock.advance(30_000)
    expect(on.sent['crm']).toHaveLength(tried + 1)
    expect(await status(on)).toMatchObject({ state: 'paused' })
    on.scripts['crm'] = () => [delivered()]
    await on.clock.advance(60_000)
    expect(await status(on)).toMatchObject({ state: 'running', counts: { sent: 6 } })
    expect((on.sent['crm'] ?? []).at(-1)?.[0]?.attempt).toBe(1)
  })

  it('never delays another', async () => {
    const on = createBench()
    await on.apply([
      destination('down', { mode: 'every' }),
      destination('slow', { mode: 'every' }),
      destination('well', { mode: 'every' }),
    ])
    on.scripts['down'] = () => Promise.reject(new DestinationError('gone'))
    on.scripts['slow'] = () => new Promise(() => {})
    for (let id = 1; id <= 2000; id++) on.index.index(user(id))
    for (let round = 0; round < 60; round++) await settleAll()
    expect(on.got('well')).toHaveLength(2000)
    expect(on.got('slow').length).toBeLessThanOrEqual(4)
  })
})

describe('bounded memory', () => {
  it('reads at most `window` positions ahead of what is settled', async () => {
    const on = await bench({ window: 10, concurrency: 1 })
    on.scripts['crm'] = () => new Promise(() => {})
    for (let id = 1; id <= 100; id++) on.index.index(user(id))
    await settleAll()
    expect(await status(on)).toMatchObject({ inFlight: 1, ready: 9 })
  })

  it('reads no further with `maxExceptions`, and on when some settle', async () => {
    const on = await bench({ maxExceptions: 5 })
    on.scripts['crm'] = () => [retry({ reason: '503' })]
    for (let id = 1; id <= 50; id++) on.index.index(user(id))
    await settleAll()
    const [one] = await on.supervisor.status()
    expect(one).toMatchObject({ state: 'waiting' })
    expect(stored(on, 'exception:').length).toBeLessThan(12)
    on.scripts['crm'] = () => [delivered()]
    await on.clock.advance(5000)
    await on.clock.advance(5000)
    expect(await status(on)).toMatchObject({ state: 'running', counts: { sent: 50 } })
  })
})

describe('trouble of our own', () => {
  it('while a flush fails, sends stop; then all goes on, and nothing is counted as an attempt', async () => {
    const on = await bench({ concurrency: 1 })
    on.store.before = () => {
      throw new StoreError('ERR_STORE_FULL', 'disk full')
    }
    for (let id = 1; id <= 5; id++) on.index.index(user(id))
    await on.clock.advance(10_000)
    expect(on.got('crm').length).toBeLessThanOrEqual(2)
    expect(await status(on)).toMatchObject({ state: 'waiting', reason: 'the store takes no writes' })
    on.store.before = undefined
    await on.clock.advance(30_000)
    expect(new Set(on.got('crm')).size).toBe(5)
    expect(on.got('crm')).toHaveLength(5)
    expect(await on.store.get('cursor:crm')).toMatchObject({ position: { seq: 6 } })
  })

  it('an index that cannot be read is waited out', async () => {
    const on = await bench()
    on.index.broken = true
    on.index.index(user(1))
    await on.clock.advance(60_000)
    expect(on.got('crm')).toEqual([])
    on.index.broken = false
    await on.clock.advance(1000)
    expect(on.got('crm')).toEqual(['user:1@1'])
    expect(on.sent['crm']?.[0]?.[0]?.attempt).toBe(1)
  })
})

describe('restart', () => {
  it('sends again only what was not flushed, and keeps exceptions with their attempts', async () => {
    const on = await bench()
    on.scripts['crm'] = ([job]) =>
      job?.key === 'user:2' ? [retry({ reason: '503' })] : job?.key === 'user:3' ? new Promise(() => {}) : [delivered()]
    on.index.index(user(1))
    on.index.index(user(2))
    on.index.index(user(3))
    on.index.index(user(4))
    await settleAll()
    const again = await on.restart()
    again.scripts['crm'] = () => [delivered()]
    await again.apply([destination('crm', { mode: 'every' })])
    await again.clock.advance(10_000)
    expect(again.got('crm').sort()).toEqual(['user:1@1', 'user:2@2', 'user:2@2', 'user:3@3', 'user:3@3', 'user:4@4'])
    expect(again.sent['crm']?.flat().findLast(({ key }) => key === 'user:2')?.attempt).toBe(2)
    expect(await status(again)).toMatchObject({ counts: { sent: 4, retries: 1 } })
  })

  it('a wait never gets longer by a jump of the clock, nor shorter than it was meant while running', async () => {
    const on = await bench()
    on.scripts['crm'] = () => [retry({ reason: '503' })]
    on.index.index(user(1))
    await settleAll()
    on.clock.jump(-30 * 86_400_000)
    const again = await on.restart()
    await again.apply([destination('crm', { mode: 'every' })])
    await again.clock.advance(5000)
    expect(again.got('crm')).toHaveLength(2)
    again.clock.jump(30 * 86_400_000)
    await again.clock.advance(9999)
    expect(again.got('crm')).toHaveLength(2)
    await again.clock.advance(1)
    expect(again.got('crm')).toHaveLength(3)
  })

  it('a cursor that cannot be read stops the destination; it is never "new"', async () => {
    const on = await bench()
    on.index.index(user(1))
    await on.clock.advance(1000)
    on.store.data.set('cursor:crm', new TextEncoder().encode('"?"'))
    const again = await on.restart()
    await again.apply([destination('crm', { mode: 'every' }), destination('other', { mode: 'every' })])
    expect(await status(again)).toMatchObject({ state: 'stopped' })
    expect(await status(again, 'other')).toMatchObject({ state: 'running' })
    expect(again.alerts.map(({ cause }) => cause)).toContain('destination:stopped')
  })
})

describe('closing', () => {
  it('lets sends end, flushes, and leaves the rest for the next start', async () => {
    const on = await bench({ concurrency: 1 })
    let end: (() => void) | undefined
    on.scripts['crm'] = () => new Promise((resolve) => (end = () => resolve([delivered()])))
    on.index.index(user(1))
    on.index.index(user(2))
    await settleAll()
    const closed = on.supervisor.close(8000)
    await settleAll()
    end?.()
    await closed
    expect(on.got('crm')).toEqual(['user:1@1'])
    expect(await on.store.get('cursor:crm')).toMatchObject({ position: { seq: 2, n: 1 } })
  })

  it('breaks off what does not end in time, as unknown when it may have been sent', async () => {
    const on = await bench()
    on.scripts['crm'] = (_jobs, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve([unknown('broken off')])))
    on.index.index(user(1))
    await settleAll()
    const closed = on.supervisor.close(8000)
    await on.clock.advance(8000)
    await closed
    const [key] = stored(on, 'exception:')
    expect(await on.store.get(key as string)).toMatchObject({ unknown: true, attempts: 1 })
  })
})

describe('what else a destination is asked for', () => {
  it('gets its turn among the sends, however many wait', async () => {
    const on = createBench()
    const order: string[] = []
    const ends: (() => void)[] = []
    on.scripts['crm'] = (jobs) => {
      order.push(jobs[0]?.key ?? '')
      return new Promise((resolve) => ends.push(() => resolve()))
    }
    on.senders['crm'] = { erase: async () => void order.push('erase') }
    await on.apply([destination('crm', { mode: 'every', concurrency: 1, batch: { size: 1, wait: 0 } })])
    on.index.index(...Array.from({ length: 50 }, (_, n) => user(n)))
    await settleAll()
    const person = { emails: ['a@example.com'], users: [], keys: [] } as never
    const told = on.supervisor.dispatcher('crm')?.erase(person, 1)
    for (let n = 0; n < 3; n++) {
      ends.shift()?.()
      await settleAll()
    }
    await told
    expect(order).toEqual(['user:0', 'erase', 'user:1', 'user:2', 'user:3'])
    while (ends.length > 0) {
      ends.shift()?.()
      await settleAll()
    }
    expect(order).toHaveLength(51)
  })
})

describe('a record no route matches', () => {
  it('is counted a moment later where no destination comes to it', async () => {
    const on = createBench()
    on.scripts['crm'] = () => new Promise(() => {})
    await on.apply([destination('crm', { mode: 'every', window: 1 })], [route('users', ['crm'], { type: 'user' })])
    on.index.index(user(1))
    on.index.index({ type: 'event', data: { id: 1 } })
    await settleAll()
    expect(on.supervisor.unmatched()).toEqual({})
    await on.clock.advance(2000)
    expect(on.supervisor.unmatched()).toEqual({ event: 1 })
  })

  it('is counted by its type', async () => {
    const on = createBench()
    await on.apply([destination('crm', { mode: 'every' })], [route('users', ['crm'], { type: 'user' })])
    on.index.index(user(1), { type: 'event', data: { id: 1 } }, { type: 'event', data: { id: 2 } })
    on.index.index({ type: 'survey_response_v2', data: { id: 1 } }, { type: 'constructor', data: { id: 1 } })
    await settleAll()
    expect(on.supervisor.unmatched()).toEqual({ event: 2, survey_response_v2: 1, constructor: 1 })
  })

  it('is counted whatever its type is called, the two hundredth kind onwards together', async () => {
    const on = createBench()
    await on.apply([destination('crm', { mode: 'every' })], [route('users', ['crm'], { type: 'user' })])
    on.index.index(...Array.from({ length: 300 }, (_, n) => ({ type: `type ${n}`, data: { id: n } })))
    on.index.index({ type: 'constructor', data: { id: 1 } }, { type: 'type 7', data: { id: 8 } })
    await settleAll()
    const counts = on.supervisor.unmatched()
    expect(Object.keys(counts)).toHaveLength(201)
    expect([counts['(other)'], counts['type 7'], counts['type 8']]).toEqual([101, 2, 1])
  })
})
