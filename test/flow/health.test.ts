/** A destination that fails: degraded, paused, probed, back. The table of states: test/unit/health.test.ts. */

import { describe, expect, it } from 'vitest'
import { DestinationError } from '../../src/core/errors.ts'
import { DEFAULT_HEALTH } from '../../src/core/dispatch/health.ts'
import { delivered, reject, retry, skip } from '../../src/core/plugin-contract.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, type Bench } from '../kit/dispatch-bench.ts'

const user = (id: number, more: Record<string, string | number> = {}) => ({ type: 'user', data: { id, ...more } })
const users = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => user(from + n))
const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const down = () => [retry({ reason: '503' })]

async function bench(more: Partial<Parameters<typeof destination>[1]> = {}): Promise<Bench> {
  const made = createBench()
  await made.apply([destination('crm', { mode: 'every', ...more })])
  return made
}

const crm = () => destination('crm', { mode: 'every' })
const status = async (on: Bench) => (await on.supervisor.status()).find(({ name }) => name === 'crm')
const causes = (on: Bench) => on.alerts.map(({ cause }) => cause)
const dispatcher = (on: Bench) => on.supervisor.dispatcher('crm')!
const stored = (on: Bench, prefix: string) => [...on.store.data.keys()].filter((key) => key.startsWith(prefix))

describe('failures in a row', () => {
  it('make it degraded, then pause it: the cursor waits, no more is sent, each is told once', async () => {
    const on = await bench({ concurrency: 1 })
    on.scripts['crm'] = down
    on.index.index(...users(1, 5))
    await settleAll()
    expect([await status(on), causes(on)]).toMatchObject([{ state: 'degraded' }, ['destination:degraded']])
    on.index.index(...users(6, 60))
    await settleAll()
    expect(on.got('crm')).toHaveLength(20)
    expect(await status(on)).toMatchObject({ state: 'paused', reason: '503', paused: { by: 'failures' }, dead: 0 })
    expect(causes(on)).toEqual(['destination:degraded', 'destination:paused'])
    expect(on.alerts[1]?.message).toBe(
      'crm is paused: 503, after 20 failed attempts. If the other side is down there is nothing to do. Nothing is lost: all ' +
        'that is for it waits, and it is tried again by itself, every 15m at the latest; `bevy-bridge resume crm` tries at once',
    )
    await on.clock.advance(29_999)
    expect(on.got('crm')).toHaveLength(20)
    expect(await on.store.get('cursor:crm')).toMatchObject({ position: { seq: 2 } })
  })

  it('mean nothing when something is delivered between them', async () => {
    const on = await bench({ concurrency: 1 })
    on.scripts['crm'] = ([job]) => (Number(job?.recordId) % 4 === 0 ? [delivered()] : down())
    on.index.index(...users(1, 100))
    await settleAll()
    expect([await status(on), causes(on)]).toMatchObject([{ state: 'running' }, []])
  })

  it('keep to the config', async () => {
    const on = await bench({ health: { ...DEFAULT_HEALTH, pauseAfter: 3 }, concurrency: 1 })
    on.scripts['crm'] = down
    on.index.index(...users(1, 10))
    await settleAll()
    expect(on.got('crm')).toHaveLength(3)
  })
})

describe('while it is paused', () => {
  it('nobody runs out of time, whatever is probed; when it is back all goes within seconds', async () => {
    const on = await bench({ concurrency: 1, retry: { for: HOUR, delay: 10_000, factor: 2, maxDelay: HOUR } })
    on.scripts['crm'] = down
    on.index.index(...users(1, 20))
    await on.clock.advance(2 * DAY)
    expect(await status(on)).toMatchObject({ state: 'paused', dead: 0, exceptions: { retry: 20 } })
    const before = on.got('crm').length
    on.scripts['crm'] = () => [delivered()]
    await on.clock.advance(15 * MINUTE)
    expect(on.got('crm').length - before).toBeGreaterThan(0)
    await on.clock.advance(10_000)
    expect(await status(on)).toMatchObject({ state: 'running', counts: { sent: 20 }, exceptions: { retry: 0 } })
  })

  it('its time goes on where it stood', async () => {
    const on = await bench({ retry: { for: 10 * MINUTE, delay: 8 * MINUTE, factor: 1, maxDelay: HOUR } })
    on.scripts['crm'] = down
    on.index.index(user(1))
    await settleAll()
    await on.clock.advance(MINUTE)
    await dispatcher(on).pause(undefined)
    await on.clock.advance(5 * DAY)
    await dispatcher(on).resume()
    // Half of 8 minutes is drawn; one had passed: due after 5 s by the spread, then 4 minutes each.
    await on.clock.advance(9 * MINUTE - 5000 - 1)
    expect((await status(on)) as object).toMatchObject({ dead: 0 })
    await on.clock.advance(MINUTE + 5000)
    expect(await status(on)).toMatchObject({ dead: 1 })
  })

  it('probes go from one waiting record to the next: a bad one does not keep the others', async () => {
    const on = await bench({ concurrency: 1, health: { ...DEFAULT_HEALTH, pauseAfter: 3 } })
    on.scripts['crm'] = down
    on.index.index(...users(1, 3))
    await settleAll()
    on.scripts['crm'] = ([job]) => (job?.key === 'user:1' ? down() : [delivered()])
    await on.clock.advance(30_000)
    expect([on.got('crm').at(-1), (await status(on))?.state]).toEqual(['user:1@1', 'paused'])
    await on.clock.advance(MINUTE)
    expect((await status(on))?.state).not.toBe('paused')
    await on.clock.advance(10_000)
    expect(await status(on)).toMatchObject({ counts: { sent: 2 }, exceptions: { retry: 1 } })
  })

  it('a probe that only skips says nothing: the next job is asked', async () => {
    const on = await bench({ concurrency: 1 })
    on.scripts['crm'] = () => Promise.reject(new DestinationError('token revoked'))
    on.index.index(...users(1, 3))
    await settleAll()
    on.scripts['crm'] = ([job]) => {
      if (job?.key === 'user:1') return [skip('no news')]
      throw new DestinationError('token revoked')
    }
    await on.clock.advance(30_000)
    expect(on.got('crm').slice(-2)).toEqual(['user:1@1', 'user:2@1'])
    expect(await status(on)).toMatchObject({ state: 'paused' })
  })

  it('nobody says it is well before it has answered: opened, or resumed by a person', async () => {
    const on = await bench({ concurrency: 1 })
    on.scripts['crm'] = () => Promise.reject(new DestinationError('token revoked'))
    on.index.index(...users(1, 3))
    await settleAll()
    expect(await status(on)).toMatchObject({ state: 'paused', answered: false })
    on.scripts['crm'] = () => [delivered()]
    await on.clock.advance(45_000)
    expect(await status(on)).toMatchObject({ state: 'running', answered: true })
    await dispatcher(on).pause(undefined)
    await dispatcher(on).resume()
    expect(await status(on)).toMatchObject({ state: 'running', answered: false })
  })

  describe('and the bridge is started again', () => {
    it('begins with a probe, and tells nobody again; when that fails the next comes later', async () => {
      const on = await bench({ concurrency: 4 })
      on.scripts['crm'] = down
      on.index.index(...users(1, 40))
      await on.clock.advance(HOUR)
      const before = await status(on)
      const next = await on.restart()
      const sent = on.got('crm').length
      await next.apply([crm()])
      expect(next.got('crm')).toHaveLength(sent + 1)
      expect(await status(next)).toMatchObject({
        state: 'paused',
        paused: { by: 'failures', since: before?.state === 'paused' ? before.paused?.since : 0, reason: '503' },
      })
      expect(causes(next).filter((cause) => cause === 'destination:paused')).toHaveLength(1)
      await next.clock.advance(60_000)
      expect(next.got('crm')).toHaveLength(sent + 2)
      next.scripts['crm'] = () => [delivered()]
      await next.clock.advance(HOUR)
      expect(await status(next)).toMatchObject({ state: 'running', counts: { sent: 40 } })
      expect(stored(next, 'down:')).toEqual([])
    })

    it('sends all when that succeeds: what refused it was mended meanwhile', async () => {
      const on = await bench({ concurrency: 1 })
      on.scripts['crm'] = () => {
        throw new DestinationError('token_revoked')
      }
      on.index.index(...users(1, 3))
      await settleAll()
      expect(stored(on, 'down:')).toEqual(['down:crm'])
      const next = await on.restart()
      next.scripts['crm'] = () => [delivered()]
      await next.apply([crm()])
      expect(await status(next)).toMatchObject({ state: 'running', counts: { sent: 3 } })
      expect(stored(next, 'down:')).toEqual([])
    })

    it('leaves a pause by hand alone', async () => {
      const on = await bench({ concurrency: 1 })
      on.scripts['crm'] = down
      on.index.index(...users(1, 30))
      await settleAll()
      await dispatcher(on).pause('holidays')
      const next = await on.restart()
      const sent = on.got('crm').length
      await next.apply([crm()])
      await next.clock.advance(HOUR)
      expect(next.got('crm')).toHaveLength(sent)
      expect(await status(next)).toMatchObject({ state: 'paused', paused: { by: 'hand', reason: 'by hand: holidays' } })
      next.scripts['crm'] = () => [delivered()]
      await dispatcher(next).resume()
      await next.clock.advance(MINUTE)
      expect(await status(next)).toMatchObject({ state: 'running', counts: { sent: 30 } })
      expect(stored(next, 'down:')).toEqual([])
    })
  })

  it('a refused record ends it: the destination is there', async () => {
    const on = await bench({ concurrency: 1 })
    on.scripts['crm'] = () => Promise.reject(new DestinationError('token revoked'))
    on.index.index(...users(1, 3))
    await settleAll()
    on.scripts['crm'] = ([job]) => [job?.key === 'user:1' ? reject('bad') : delivered()]
    await on.clock.advance(30_000)
    expect(await status(on)).toMatchObject({ state: 'running', counts: { sent: 2 }, dead: 1 })
  })
})

describe('a pause by hand', () => {
  it('sends nothing, is not probed, and outlives restarts; resume sends all', async () => {
    const on = await bench()
    await dispatcher(on).pause('mending the list')
    on.index.index(...users(1, 3))
    await on.clock.advance(DAY)
    expect(on.got('crm')).toEqual([])
    expect(await status(on)).toMatchObject({ state: 'paused', reason: 'by hand: mending the list' })
    expect(causes(on)).toEqual([])
    const again = await on.restart()
    await again.apply([crm()])
    await again.clock.advance(DAY)
    expect(await status(again)).toMatchObject({
      state: 'paused',
      reason: 'by hand: mending the list',
      paused: { by: 'hand', since: Date.UTC(2026, 2, 1) },
    })
    await dispatcher(again).resume()
    await settleAll()
    expect(again.got('crm')).toHaveLength(3)
    expect(stored(again, 'paused:')).toEqual([])
  })

  it('lets what is under way end, and freezes the retries', async () => {
    const on = await bench()
    on.scripts['crm'] = down
    on.index.index(user(1))
    await settleAll()
    await dispatcher(on).pause(undefined)
    await on.clock.advance(DAY)
    expect(on.got('crm')).toHaveLength(1)
    on.scripts['crm'] = () => [delivered()]
    await dispatcher(on).resume()
    await on.clock.advance(10_000)
    expect(on.got('crm')).toHaveLength(2)
  })

  it('keeps the retries frozen across a restart', async () => {
    const on = await bench()
    on.scripts['crm'] = down
    on.index.index(user(1))
    await settleAll()
    await dispatcher(on).pause(undefined)
    const again = await on.restart()
    await again.apply([crm()])
    await again.clock.advance(DAY)
    expect(again.got('crm')).toHaveLength(1)
    again.scripts['crm'] = () => [delivered()]
    await dispatcher(again).resume()
    await again.clock.advance(10_000)
    expect(again.got('crm')).toHaveLength(2)
  })

  it('resume also ends a pause the bridge made, at once', async () => {
    const on = await bench()
    on.scripts['crm'] = () => Promise.reject(new DestinationError('token revoked'))
    on.index.index(user(1))
    await settleAll()
    on.scripts['crm'] = () => [delivered()]
    await dispatcher(on).resume()
    await settleAll()
    expect(await status(on)).toMatchObject({ state: 'running', counts: { sent: 1 } })
  })
})

describe('what came back is remembered', () => {
  it('but why something was skipped is no error', async () => {
    const on = await bench({ concurrency: 1 })
    on.scripts['crm'] = ([job]) => [job?.key === 'user:1' ? reject('no such list') : skip('off in the config')]
    on.index.index(user(1), user(2))
    await settleAll()
    expect(await status(on)).toMatchObject({ lastError: { message: 'no such list' } })
  })

  it('with each attempt, the first and the newest of a long row, in the dead letter too', async () => {
    const on = await bench({ retry: { for: HOUR, delay: MINUTE, factor: 1, maxDelay: MINUTE } })
    let attempts = 0
    on.scripts['crm'] = () => {
      attempts += 1
      return [attempts <= 14 ? retry({ reason: `503 number ${attempts}` }) : reject('no such list')]
    }
    on.index.index(user(1))
    await on.clock.advance(8 * MINUTE)
    const [key] = stored(on, 'dead:')
    const dead = (await on.store.get(key as string)) as { history: { at: number; reason: string }[]; attempts: number }
    expect(dead).toMatchObject({ attempts: 15, reason: 'no such list' })
    expect(dead.history.map(({ reason }) => reason.replace('503 number ', ''))).toEqual([
      '1',
      '2',
      '8',
      '9',
      '10',
      '11',
      '12',
      '13',
      '14',
      'no such list',
    ])
    expect(dead.history[1]?.at).toBe(Date.UTC(2026, 2, 1) + MINUTE / 2)
  })
})
