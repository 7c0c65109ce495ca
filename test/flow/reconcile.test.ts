/** Reconcile and seed against a fake of Bevy's REST API: what was missed comes, nothing older after newer, and any end is survived. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { rebuildIndex } from '../../src/indexer/rebuild.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { settleAll } from '../kit/clock.ts'
import { ACCESS, openReconciling, type Reconciling } from '../kit/reconciling.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

let bench: Reconciling
const iso = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`
const now = (): number => bench.clock.now()

/** An attendee as a webhook has it. */
const attendee = (id: number, more: JsonObject = {}): JsonObject & { id: number } => ({
  id,
  event_id: 1,
  status: 'registered',
  created_date: iso(now() - HOUR),
  email: `canary${id}@example.org`,
  surveys: { pre_order: { fields: [{ label: 'Size', value: 'M' }] } },
  ...more,
})
/** The same as the API has it. */
const asRest = ({
  surveys: _surveys,
  ...data
}: JsonObject & { id: number }): JsonObject & { id: number; event_id: number } => ({
  ...data,
  event_id: 1,
  avatar: { url: 'x' },
  created_date: String(data['created_date']).replace('Z', '.123456Z'),
})

const fill = (): void => {
  bench.fake.events.push(
    {
      id: 1,
      title: 'One',
      status: 'Published',
      created_ts: iso(now() - 9 * DAY),
      end_date: iso(now() + DAY),
      chapter: { id: 7 },
    },
    { id: 2, title: 'Two', status: 'Draft', created_ts: iso(now() - HOUR), chapter: { id: 7 } },
    {
      id: 3,
      title: 'Old',
      status: 'Published',
      created_ts: iso(now() - 400 * DAY),
      end_date: iso(now() - 390 * DAY),
      chapter: { id: 8 },
    },
  )
  bench.fake.chapters.push({ id: 7, title: 'Berlin' }, { id: 8, title: 'Paris' })
  bench.fake.members.push({ id: 70, chapter: 7, user: { id: 4 }, created_date: iso(now() - HOUR) })
  for (let id = 1; id <= 5; id++) bench.fake.attendees.push(asRest(attendee(id)))
}

beforeEach(async () => {
  bench = await openReconciling()
})
afterEach(() => bench.close())

describe('reconcile', () => {
  it('takes in what webhooks did not bring, and only what is news', async () => {
    fill()
    await bench.webhook('attendee', attendee(1), attendee(2))
    await bench.webhook('event', { id: 1, title: 'Before the outage', status: 'Published', description_short: 'kept' })
    const started = await bench.reconciler.begin('reconcile', {})
    expect(started).toMatchObject({ kind: 'reconcile', since: now() - 3 * DAY, live: true })
    const { counts, problems, state } = await bench.ended()
    expect([state, problems, bench.fake.complaints]).toEqual(['done', {}, []])
    expect(counts.event).toMatchObject({ differs: 1, missing: 1, outside: 1, taken: 2 })
    expect(counts.attendee).toMatchObject({ same: 2, missing: 3, taken: 3 })
    expect(counts.chapter).toMatchObject({ missing: 2, taken: 2 })
    expect(counts.chaptermember).toMatchObject({ missing: 1, taken: 1 })
    expect(await bench.headOf('event:1')).toEqual({
      id: 1,
      title: 'One',
      status: 'Published',
      description_short: 'kept',
    })
    expect(await bench.headOf('attendee:4')).toMatchObject({ id: 4, event_id: 1, status: 'registered' })
    expect(await bench.headOf('chaptermember:70')).toMatchObject({ chapter_id: 7, user_id: 4 })
    // Again there is no news.
    const tail = bench.journal.tail
    await bench.reconciler.begin('reconcile', {})
    await settleAll()
    await bench.ended()
    expect(bench.journal.tail).toBe(tail)
    // And what comes by webhook later is no change where it is none.
    await bench.webhook('event', { id: 1, title: 'One', status: 'Published', description_short: 'kept' })
    expect((await bench.verdicts()).at(-1)).toBe('event:1 unchanged')
    expect(JSON.stringify(bench.log.lines)).not.toMatch(/canary|bevy-key/)
  })

  it('a dry run counts, and takes in nothing', async () => {
    fill()
    await bench.reconciler.begin('reconcile', { dryRun: true, types: ['attendee'] })
    const { counts } = await bench.ended()
    expect([counts, bench.journal.tail]).toEqual([{ attendee: expect.objectContaining({ missing: 5, taken: 0 }) }, 0])
  })

  it('a webhook that comes during the fetch wins', async () => {
    fill()
    await bench.webhook('attendee', attendee(1), attendee(2))
    bench.fake.attendees[0] = asRest(attendee(1, { status: 'deleted' }))
    bench.fake.script = async (path) => {
      if (path !== '/attendee/') return undefined
      bench.fake.script = undefined
      await bench.webhook('attendee', attendee(1, { status: 'checked-in' }), attendee(9, { first_name: 'newest' }))
      return { status: 200, body: { results: [bench.fake.attendees[0], asRest(attendee(9, { first_name: 'older' }))] } }
    }
    await bench.reconciler.begin('reconcile', { types: ['attendee'] })
    const { counts } = await bench.ended()
    expect(counts.attendee).toMatchObject({ newer: 2, taken: 0 })
    expect(await bench.headOf('attendee:1')).toMatchObject({ status: 'checked-in' })
    expect(await bench.headOf('attendee:9')).toMatchObject({ first_name: 'newest' })
  })

  it('one at a time; it can be canceled, also while Bevy is down', async () => {
    fill()
    bench.fake.script = () => ({ status: 503 })
    await bench.reconciler.begin('reconcile', {})
    await expect(bench.reconciler.begin('seed', {})).rejects.toMatchObject({ code: 'ERR_RECONCILE_RUNNING' })
    await bench.until(() => bench.reconciler.status().trouble !== undefined)
    expect(await bench.reconciler.cancel()).toBe(true)
    expect(bench.reconciler.status()).toMatchObject({ last: { state: 'cancelled' } })
    expect(await bench.reconciler.cancel()).toBe(false)
  })

  it('without access it is refused, and says why', async () => {
    bench.apply(undefined)
    await expect(bench.reconciler.begin('reconcile', {})).rejects.toMatchObject({ code: 'ERR_RECONCILE_ACCESS' })
    bench.apply({ api: bench.fake.api, ...ACCESS })
    await expect(bench.reconciler.begin('reconcile', { since: 5, until: 4 })).rejects.toMatchObject({
      code: 'ERR_RECONCILE_SPAN',
    })
  })
})

describe('trouble on the other side', () => {
  it('is waited out at growing intervals, one request at a time, and told after a while', async () => {
    fill()
    bench.fake.script = () => ({ status: 503 })
    await bench.reconciler.begin('reconcile', { types: ['event'] })
    for (let failures = 1; failures <= 6; failures++) {
      await bench.until(() => bench.fake.requests.length === failures)
      const wait = 1000 * 2 ** (failures - 1)
      await bench.until(() => bench.reconciler.status().trouble?.nextTry === now() + wait)
      await bench.clock.advance(wait)
    }
    // From the seventh on a second request tells whether only this one is to blame.
    await bench.until(() => bench.fake.requests.length === 8)
    for (let hours = 0; hours < 12; hours++) {
      await bench.clock.advance(5 * 60_000)
      await bench.until(() => (bench.reconciler.status().trouble?.nextTry ?? 0) > now())
    }
    expect(bench.fake.requests.length).toBeLessThan(45)
    expect(bench.alerts.map((one) => ('cause' in one ? one.cause : one.recovered))).toContain('bevy-api')
    bench.fake.script = undefined
    await bench.clock.advance(5 * 60_000)
    expect((await bench.ended()).counts.event).toMatchObject({ missing: 1 })
    expect(bench.alerts.at(-1)).toEqual({ recovered: 'bevy-api' })
    expect(bench.reconciler.status().trouble).toBeUndefined()
  })

  it('a Retry-After is kept', async () => {
    fill()
    bench.fake.script = () => {
      bench.fake.script = undefined
      return { status: 429, headers: { 'retry-after': '90' } }
    }
    await bench.reconciler.begin('reconcile', { types: ['event'] })
    await bench.until(() => bench.reconciler.status().trouble !== undefined)
    expect(bench.reconciler.status().trouble?.nextTry).toBe(now() + 90_000)
    await bench.clock.advance(89_000)
    expect(bench.fake.requests).toHaveLength(1)
    await bench.clock.advance(1_000)
    await bench.ended()
  })

  it('a refused token holds everything until it is mended; a list that may not be read holds nothing', async () => {
    fill()
    bench.fake.token = 'another-key-0000000'
    await bench.reconciler.begin('reconcile', {})
    await bench.until(() => bench.alerts.length === 1)
    await bench.clock.advance(14 * 60_000)
    expect(bench.fake.requests).toHaveLength(1)
    bench.fake.script = (path) => (path.includes('/member/') ? { status: 403 } : undefined)
    bench.apply({ api: bench.fake.api, ...ACCESS, token: bench.fake.token })
    const { state, problems, counts } = await bench.ended()
    expect([state, problems]).toEqual(['done', { 'GET /chapter/{id}/member/ answered 403': 2 }])
    expect(counts).toMatchObject({ attendee: { taken: 5 }, chapter: { taken: 2 } })
    expect(bench.alerts.at(-1)).toEqual({ recovered: 'bevy-api' })
  })

  it('one record that always fails holds nothing for ever', async () => {
    fill()
    bench.fake.script = (path) => (path === '/chapter/7/' ? { status: 500 } : undefined)
    await bench.reconciler.begin('reconcile', { types: ['chapter'] })
    for (let tries = 0; tries < 8; tries++) {
      await settleAll()
      await bench.until(
        () => bench.reconciler.status().run === undefined || (bench.reconciler.status().trouble?.nextTry ?? 0) > now(),
      )
      await bench.clock.advance(5 * 60_000)
    }
    expect((await bench.ended()).problems).toEqual({ 'GET /chapter/{id}/ answered 500': 1 })
    expect(await bench.headOf('chapter:8')).toBeDefined()
  })
})

describe('seed', () => {
  it('fills what is missing and leaves what is known', async () => {
    fill()
    await bench.webhook('attendee', attendee(1))
    bench.fake.attendees[0] = asRest(attendee(1, { status: 'deleted' }))
    await bench.reconciler.begin('seed', {})
    const { counts } = await bench.ended()
    expect(counts.event).toMatchObject({ missing: 3, taken: 3 })
    expect(counts.attendee).toMatchObject({ differs: 1, missing: 4, taken: 4 })
    expect(await bench.headOf('attendee:1')).toMatchObject({ status: 'registered' })
    const seeded = await bench.indexer.read(2)
    expect(seeded).toMatchObject({ seed: true, late: true })
  })

  it('never overwrites what comes first by webhook meanwhile, whatever its version', async () => {
    fill()
    bench.racing = () => {
      bench.racing = undefined
      return bench.webhook('event', { id: 1, title: 'by webhook', updated_ts: iso(now() - DAY) })
    }
    bench.fake.events[0] = { ...bench.fake.events[0], id: 1, updated_ts: iso(now()) }
    await bench.reconciler.begin('seed', { types: ['event'] })
    await bench.ended()
    expect(await bench.headOf('event:1')).toMatchObject({ title: 'by webhook' })
    // It is in the journal what it is: a rebuild decides the same.
    const verdicts = await bench.verdicts()
    expect(verdicts).toContain('event:1 stale')
    bench = await bench.restart()
    await bench.indexer.stop()
    const { store, journal, clock } = bench
    await rebuildIndex({ store, journal, clock, signal: new AbortController().signal, progress() {} })
    bench = await bench.restart()
    expect(await bench.verdicts()).toEqual(verdicts)
    expect(await bench.indexer.read(2)).toMatchObject({ seed: true })
  })
})

describe('any end is survived', () => {
  it('a stop in the middle goes on where it was', async () => {
    fill()
    let stopped = false
    bench.fake.script = (path, query) => {
      if (path !== '/attendee/' || query.get('page') !== '2' || stopped) return undefined
      stopped = true
      return new Promise(() => {})
    }
    await bench.reconciler.begin('reconcile', {})
    await bench.until(() => stopped)
    bench = await bench.restart()
    const asked = bench.fake.requests.length
    await bench.ended()
    expect(bench.fake.requests.slice(asked - 1, asked + 1)).toEqual([
      '/attendee/?page_size=2&event=1&page=2',
      '/attendee/?page_size=2&event=1&page=2',
    ])
    expect(new Set(await bench.verdicts()).size).toBe((await bench.verdicts()).length)
  })

  it('a kill at any commit: all comes, and nothing comes twice', async () => {
    const whole = async (): Promise<{ verdicts: string[]; commits: number }> => {
      fill()
      await bench.reconciler.begin('reconcile', {})
      await bench.ended()
      return { verdicts: (await bench.verdicts()).toSorted(), commits: bench.store.commits.length }
    }
    const reference = await whole()
    for (let at = 1; at <= reference.commits; at++) {
      await bench.close()
      bench = await openReconciling()
      fill()
      await settleAll()
      let left = at
      let killed: (() => void) | undefined
      const death = new Promise<void>((resolve) => (killed = resolve))
      bench.store.before = () => {
        if (left-- > 0) return
        killed?.()
        return new Promise<void>(() => {})
      }
      const begun = bench.reconciler.begin('reconcile', {}).catch(() => {})
      const finished = begun.then(() => bench.ended()).then(() => {})
      await Promise.race([death, finished])
      finished.catch(() => {})
      bench = await bench.kill()
      // Killed before it was on disk that it began.
      if (bench.reconciler.status().run === undefined && bench.reconciler.status().last === undefined) {
        await bench.reconciler.begin('reconcile', {})
      }
      await bench.ended()
      const verdicts = await bench.verdicts()
      expect([at, verdicts.filter((line) => line.endsWith('accepted')).toSorted()]).toEqual([at, reference.verdicts])
    }
  })
})

describe('the schedule', () => {
  it('begins one by itself, keeps its time across restarts, and follows changed settings', async () => {
    fill()
    const reconcile = { every: DAY, span: 2 * DAY, types: ['event'] as const }
    bench.apply({ api: bench.fake.api, ...ACCESS, reconcile })
    const begun = now()
    expect(bench.reconciler.status().nextAt).toBe(begun + DAY)
    await bench.clock.advance(DAY / 2)
    bench = await bench.restart()
    expect(bench.reconciler.status().nextAt).toBe(begun + DAY)
    await bench.clock.advance(DAY / 2)
    await bench.clock.advance(60_000)
    expect(await bench.ended()).toMatchObject({ types: ['event'], counts: { event: { missing: 1 } } })
    const at = bench.reconciler.status().nextAt
    bench = await bench.restart()
    expect(bench.reconciler.status().nextAt).toBe(at)
    await bench.clock.advance(DAY / 2)
    expect(bench.reconciler.status().run).toBeUndefined()
    bench.apply({ api: bench.fake.api, ...ACCESS, reconcile: { ...reconcile, every: HOUR } })
    await bench.clock.advance(60_000)
    await bench.until(() => (bench.reconciler.status().nextAt ?? 0) > now())
    await bench.ended()
  })
})

describe('after an outage', () => {
  it('people are told once, with the command; that goes over it, and then it is past', async () => {
    await bench.clock.advance(HOUR)
    bench = await bench.kill()
    const from = now()
    await bench.clock.advance(0)
    bench.clock.jump(50 * HOUR)
    bench = await bench.kill()
    expect(bench.alerts).toMatchObject([
      { cause: 'outage', message: expect.stringMatching(/50 hours.*bevy-bridge reconcile --since 2026-/) },
    ])
    expect(JSON.stringify(bench.alerts)).toContain(new Date(from - HOUR).toISOString().slice(0, 13))
    bench.reconciler.note('refused')
    bench = await bench.restart()
    expect(bench.alerts).toEqual([])
    await bench.webhook('event', { id: 1 })
    const { since } = await bench.reconciler.begin('reconcile', {})
    expect(since).toBeLessThan(from)
    await bench.ended()
    expect(bench.reconciler.status().lost).toBeUndefined()
  })
})
