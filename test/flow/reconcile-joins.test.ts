/** Heads that jobs wait for, fetched by id. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { settleAll } from '../kit/clock.ts'
import { ACCESS, openReconciling, type Reconciling } from '../kit/reconciling.ts'

const MINUTE = 60_000
let bench: Reconciling

beforeEach(async () => {
  bench = await openReconciling()
  bench.fake.events.push({ id: 9001, title: 'Launch', chapter: { id: 77, title: 'Berlin' } })
  bench.fake.users.push({ id: 4, first_name: 'Avery', email: 'canary@example.org' })
})
afterEach(() => bench.close())

const counts = () => bench.reconciler.status().joins
const settled = () => bench.until(() => counts().waiting === 0)

describe('a missing head', () => {
  it('is fetched once, however many wait, and taken in as a record', async () => {
    for (let job = 0; job < 1000; job++) bench.reconciler.missing(['event:9001', 'user:4'])
    await settled()
    expect(bench.fake.requests).toEqual(['/event/9001/', '/user/4/'])
    expect(await bench.headOf('event:9001')).toEqual({
      id: 9001,
      title: 'Launch',
      chapter: { id: 77, title: 'Berlin' },
    })
    expect(await bench.headOf('user:4')).toMatchObject({ first_name: 'Avery' })
    expect(await bench.indexer.read(1)).toMatchObject({ late: true })
    expect((await bench.indexer.read(1))?.seed).toBeUndefined()
    expect(JSON.stringify(bench.log.lines)).not.toContain('canary')
  })

  it('is asked for no more when the webhook was faster, and loses to one that comes meanwhile', async () => {
    await bench.webhook('event', { id: 9001, title: 'by webhook' })
    bench.reconciler.missing(['event:9001'])
    await settled()
    expect(bench.fake.requests).toEqual([])
    bench.racing = () => bench.webhook('user', { id: 4, first_name: 'by webhook' })
    bench.reconciler.missing(['user:4'])
    await settled()
    expect(await bench.headOf('user:4')).toEqual({ id: 4, first_name: 'by webhook' })
  })

  it('that Bevy does not have is not asked for again for ten minutes', async () => {
    bench.reconciler.missing(['event:1', 'chapter:1'])
    await settled()
    bench.reconciler.missing(['event:1', 'chapter:1'])
    await settled()
    expect([counts(), bench.fake.requests.length]).toEqual([{ waiting: 0, fetched: 0, absent: 2 }, 2])
    await bench.clock.advance(10 * MINUTE)
    bench.reconciler.missing(['event:1'])
    await settled()
    expect(bench.fake.requests).toHaveLength(3)
  })

  it('with an id or of a type that cannot be asked for is left to webhooks', async () => {
    bench.reconciler.missing(['attendee:1', 'event:../user/4', 'event:a@b.example', 'talk:3'])
    await settleAll()
    expect([counts().waiting, bench.fake.requests]).toEqual([0, []])
  })

  it('makes no storm while Bevy is down: one request at growing intervals, whoever waits', async () => {
    bench.fake.script = () => ({ drop: true })
    for (let id = 1; id <= 5000; id++) bench.reconciler.missing([`event:${id}`, 'event:9001'])
    const nextTry = (): number => bench.reconciler.status().trouble?.nextTry ?? 0
    for (let minutes = 0; minutes < 60; minutes += 5) {
      await bench.until(() => nextTry() > bench.clock.now())
      await bench.clock.advance(5 * MINUTE)
    }
    expect(bench.fake.requests.length).toBeLessThan(40)
    expect(counts().waiting).toBe(5000 + 1)
  })

  it('waits for access to be configured, and is not fetched where that is not wanted', async () => {
    bench.apply(undefined)
    bench.reconciler.missing(['event:9001'])
    bench.apply({ api: bench.fake.api, ...ACCESS, joins: false })
    await settleAll()
    expect([counts().waiting, bench.fake.requests]).toEqual([1, []])
    bench.apply({ api: bench.fake.api, ...ACCESS })
    await settled()
    expect(counts().fetched).toBe(1)
  })

  it('another record than the one that was asked for is not taken', async () => {
    bench.fake.script = () => ({ status: 200, body: { id: 12, title: 'another' } })
    bench.reconciler.missing(['event:9001'])
    await settled()
    expect([bench.journal.tail, counts().absent]).toEqual([0, 1])
  })
})
