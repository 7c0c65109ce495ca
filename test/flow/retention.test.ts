/** What goes when it is old, and what stays because somebody needs it; under a clock moved by hand. */

import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectAdmin } from '../../src/admin/client.ts'
import { createAnswers } from '../../src/app/queries.ts'
import { reject, retry } from '../../src/core/plugin-contract.ts'
import { post } from '../kit/bridge-process.ts'
import { settleAll } from '../kit/clock.ts'
import { destination } from '../kit/dispatch-bench.ts'
import { createOperations } from '../../src/dispatcher/operations.ts'
import {
  createRetentionWorld,
  DAY,
  delivery,
  onDisk,
  startRetentionLife,
  type RetentionLife,
  type RetentionWorld,
} from '../kit/retention-life.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { closeWholeBridges, createFastClock, openWhole, SECRET } from '../kit/faulty-bridge.ts'

const folders = useTemporaryFolders()
afterEach(closeWholeBridges)

const MINUTE = 60_000
let world: RetentionWorld
let on: RetentionLife
let came: number
beforeEach(async () => {
  world = createRetentionWorld()
  came = 0
  on = await startRetentionLife(world)
})

const user = (id: number, more: Record<string, unknown> = {}) => delivery('user', id, more)

/** One delivery a day, of records that never came before. */
async function days(count: number, body: (day: number) => unknown = (day) => user(day)): Promise<void> {
  for (let day = 1; day <= count; day++) {
    await on.append(body(++came))
    await on.idle()
    await world.clock.advance(DAY)
  }
}

async function restart(): Promise<void> {
  await on.stop()
  on = await startRetentionLife(world)
  await on.idle()
}

const operations = () =>
  createOperations({
    store: on.store,
    journal: on.journal,
    index: on.indexer,
    clock: world.clock,
    log: on.log,
    live: true,
    settings: on.settings,
    running: (name) => on.supervisor.dispatcher(name),
    alone: (name, fn) => on.supervisor.alone(name, fn),
    forgive() {},
  })

describe('the journal', () => {
  it('loses what is older than its age, with its index entries, and a restart finds it so', async () => {
    await days(120)
    expect(await on.reclaim()).toMatchObject({ deliveries: 30 })
    expect([on.journal.first, on.journal.tail]).toEqual([31, 120])
    expect(onDisk(world, 'journal')).toEqual(Array.from({ length: 90 }, (_, at) => 31 + at))
    expect(onDisk(world, 'index')).toEqual(onDisk(world, 'journal'))
    await restart()
    expect([on.journal.first, on.indexer.first, on.journal.tail]).toEqual([31, 31, 120])
    expect(await on.append(user(500))).toBe(121)
    await on.idle()
    expect(world.sent).toHaveLength(121)
    expect(await on.indexer.read(30)).toBeUndefined()
    expect((await on.indexer.findByKey('user:1'))?.position.seq).toBe(1)
  })

  it('is looked at every ten minutes, until it closes', async () => {
    world.retention = { ...world.retention, journal: { age: 60 * MINUTE } }
    on.retention.start()
    const hour = async (): Promise<void> => {
      for (let n = 1; n <= 4; n++) {
        await on.append(user(++came))
        await on.idle()
        await world.clock.advance(15 * MINUTE)
      }
    }
    for (let n = 1; n <= 3; n++) await hour()
    expect(on.journal.first).toBeGreaterThan(6)
    await on.retention.close()
    const { first } = on.journal
    await hour()
    expect(on.journal.first).toBe(first)
  })

  it('keeps the newest, however old', async () => {
    await days(3)
    await world.clock.advance(400 * DAY)
    await on.reclaim()
    expect([on.journal.first, on.journal.tail]).toEqual([3, 3])
    await restart()
    expect(await on.append(user(9))).toBe(4)
  })

  it('keeps to a size, counted over restarts', async () => {
    world.retention = { ...world.retention, journal: { size: 20_000 } }
    await days(100, (day) => user(day, { note: 'x'.repeat(500) }))
    await on.reclaim()
    const bytes = [...world.disk].reduce(
      (sum, [key, value]) => (/^(journal|index):/.test(key) ? sum + value.length : sum),
      0,
    )
    expect(bytes).toBeLessThanOrEqual(20_000)
    expect(bytes).toBeGreaterThan(18_000)
    await restart()
    const { first } = on.journal
    await on.reclaim()
    expect(on.journal.first).toBe(first)
    await days(10, (day) => user(day, { note: 'x'.repeat(500) }))
    await on.reclaim()
    expect(on.journal.first).toBe(first + 10)
  })

  it('is not cut by a jump of the clock', async () => {
    await days(10)
    world.clock.jump(900 * DAY)
    expect(await on.reclaim()).toMatchObject({ deliveries: 0 })
    world.clock.jump(-900 * DAY)
    await world.clock.advance(85 * DAY)
    expect(await on.reclaim()).toMatchObject({ deliveries: 6 })
  })

  it('tells who asks for what is gone', async () => {
    await days(100)
    await on.reclaim()
    expect(await on.journal.read(10)).toBeUndefined()
    const { replay, planReplay } = operations()
    const only = { name: 'log', from: { seq: 2 }, to: { seq: 5 } }
    await expect(replay(only)).rejects.toThrow('delivery 5 is no longer kept: the journal begins with delivery 11')
    expect(await planReplay({ name: 'log', from: { seq: 2 }, to: { seq: 12 } })).toMatchObject({
      from: 11,
      deliveries: 2,
    })
    expect(await planReplay({ name: 'log', from: 'beginning' })).toMatchObject({ from: 11, to: 100, jobs: 90 })
    const answers = createAnswers({ ...on, clock: world.clock, version: '0', erasures: undefined as never } as never)
    expect(await answers.explain({ seq: 10 })).toMatchObject({
      problem: 'delivery 10 is no longer kept: the journal begins with delivery 11 (retention.journal)',
    })
    expect(await answers.inspect({ key: 'user:5' })).toMatchObject({
      records: [{ head: { position: { seq: 5 } }, history: [] }],
    })
    world.destinations = [...world.destinations, destination('new', { mode: 'every', start: 'beginning' })]
    await on.apply()
    await settleAll()
    expect(world.sent.filter(({ name }) => name === 'new')).toHaveLength(90)
  })
})

describe('stays because it is needed:', () => {
  const reclaimed = async (): Promise<number> => {
    await on.reclaim()
    return on.journal.first
  }

  it('what a destination has not read', async () => {
    await days(20)
    await on.supervisor.dispatcher('log')?.pause('by hand')
    await days(80)
    await world.clock.advance(30 * DAY)
    expect(await reclaimed()).toBe(21)
    expect((await on.kept()).held).toMatchObject({ by: 'cursor', name: 'log', seq: 21 })
    expect(world.alerts.filter(({ cause }) => cause === 'journal:held')).toEqual([
      expect.objectContaining({ message: expect.stringContaining('bevy-bridge skip log --to now') }),
    ])
    await on.supervisor.dispatcher('log')?.resume()
    await world.clock.advance(MINUTE)
    expect(world.sent).toHaveLength(100)
    expect(await reclaimed()).toBeGreaterThan(40)
    expect(world.recovered.map(({ cause }) => cause)).toContain('journal:held')
    expect(await on.kept()).not.toHaveProperty('held')
  })

  it('what a job waits with', async () => {
    world.destinations = [
      destination('log', {
        mode: 'every',
        retry: { for: 500 * DAY, delay: 400 * DAY, factor: 1, maxDelay: 400 * DAY },
      }),
    ]
    await restart()
    world.send = (_name, jobs) =>
      jobs.map(({ key }) => (key === 'user:7' ? retry({ reason: '503' }) : { state: 'delivered' }))
    await days(100)
    await world.clock.advance(30 * DAY)
    expect(await reclaimed()).toBe(7)
    expect((await on.kept()).held).toMatchObject({ by: 'waiting', seq: 7 })
    world.send = undefined
    await world.clock.advance(400 * DAY)
    expect(world.sent.filter(({ job }) => job.key === 'user:7')).toHaveLength(2)
    expect(await reclaimed()).toBe(100)
  })

  it('what an orphan needs, until it is forgotten', async () => {
    world.destinations = [...world.destinations, destination('old', { mode: 'every' })]
    await on.apply()
    await days(5)
    world.destinations = world.destinations.slice(0, 1)
    await on.apply()
    await days(100)
    expect(await reclaimed()).toBe(6)
    expect((await on.kept()).held).toMatchObject({ by: 'orphan', name: 'old' })
    // It has an alert of its own.
    expect(world.alerts.filter(({ cause }) => cause === 'journal:held')).toEqual([])
    await operations().forget({ name: 'old' })
    expect(await reclaimed()).toBe(17)
  })

  it('what a replay has still to send', async () => {
    await days(10)
    await on.supervisor.dispatcher('log')?.pause(undefined)
    const { replay, skip } = operations()
    await replay({ name: 'log', from: { seq: 4 }, to: { seq: 8 } })
    await days(90)
    await world.clock.advance(30 * DAY)
    await skip({ name: 'log', to: 'now' })
    expect(await reclaimed()).toBe(4)
    expect((await on.kept()).held).toMatchObject({ by: 'replay', name: 'log', seq: 4 })
  })

  it('a body in quarantine, until somebody has dealt with it', async () => {
    await on.append('{')
    await days(100)
    expect(await reclaimed()).toBe(1)
    expect((await on.kept()).held).toMatchObject({ by: 'quarantine', name: '1' })
    const { createQuarantine } = await import('../../src/indexer/quarantine.ts')
    const care = createQuarantine({ ...on, clock: world.clock })
    await care.discardQuarantined({ id: '1', why: 'a test' })
    expect(await reclaimed()).toBe(13)
    expect(await care.quarantine({ done: true })).toMatchObject({ total: 1 })
  })

  it('everything, while a cursor cannot be read', async () => {
    await days(100)
    world.disk.set('cursor:log', new TextEncoder().encode('{}'))
    expect(await reclaimed()).toBe(1)
  })

  it('what is not indexed', async () => {
    await days(5)
    await on.indexer.stop()
    await on.append(user(6))
    await on.append(user(7))
    await world.clock.advance(400 * DAY)
    expect(await reclaimed()).toBe(5)
    await restart()
    expect(world.sent.map(({ job }) => job.key)).toEqual([1, 2, 3, 4, 5, 6, 7].map((id) => `user:${id}`))
  })
})

describe('a dead letter', () => {
  it('outlives its delivery and is sent from its copy when it is redriven, also after a failure and a restart', async () => {
    world.send = (_name, jobs) => jobs.map(() => reject('refused'))
    await on.append(user(1, { name: 'Avery' }))
    await on.idle()
    world.send = (_name, jobs) => jobs.map(() => retry({ reason: '503' }))
    await world.clock.advance(200 * DAY)
    await on.append(user(2))
    await on.idle()
    await operations().skip({ name: 'log', to: 'now' })
    await on.reclaim()
    expect(on.journal.first).toBe(2)
    const letters = on.supervisor.dispatcher('log')?.letters
    world.sent.length = 0
    await letters?.redrive(letters.ids()[0] as string)
    await world.clock.advance(1)
    await restart()
    world.send = undefined
    await world.clock.advance(DAY)
    expect(world.sent.map(({ job }) => [job.key, job.redriven, job.data])).toEqual([
      ['user:1', true, { id: 1, name: 'Avery' }],
      ['user:1', true, { id: 1, name: 'Avery' }],
    ])
    expect(on.supervisor.dispatcher('log')?.status()).toMatchObject({ dead: 0, exceptions: { retry: 0 } })
  })

  it('goes with retention.dead, leaving a line that goes as long after', async () => {
    world.retention = { ...world.retention, dead: { age: 10 * DAY } }
    world.send = (_name, jobs) => jobs.map(() => reject('refused'))
    await days(12)
    const letters = on.supervisor.dispatcher('log')?.letters
    await on.reclaim()
    expect(letters?.ids()).toHaveLength(10)
    expect(await letters?.discarded()).toMatchObject([{ why: 'older than retention.dead allows' }, {}])
    await world.clock.advance(12 * DAY)
    await on.reclaim()
    expect([letters?.ids().length, (await letters?.discarded())?.length]).toEqual([0, 10])
  })
})

describe('newest states', () => {
  it('go when they did not come for long; those joined to stay, and what the journal still holds', async () => {
    world.retention = { ...world.retention, heads: { age: 100 * DAY } }
    await on.append([...user(1, { email: 'avery@example.org' }), ...delivery('event', 5), ...user(2)])
    await on.idle()
    await days(50, (day) => (day === 30 ? user(2) : user(100 + day)))
    await on.reclaim()
    const known = async () =>
      (await on.indexer.heads(['user:1', 'event:5', 'user:2', 'user:101'])).map((head) => head !== undefined)
    expect(await known()).toEqual([true, true, true, true])
    await days(75, (day) => user(100 + day))
    // The first is 125 days old, the second was last seen 95 days ago.
    await on.reclaim()
    expect(await known()).toEqual([false, true, true, false])
    expect([...world.disk.keys()].filter((key) => key.startsWith('mail:'))).toEqual([])
    await restart()
    expect(await known()).toEqual([false, true, true, false])
    world.sent.length = 0
    await on.append(user(1, { email: 'avery@example.org' }))
    await on.idle()
    expect(world.sent).toMatchObject([{ job: { key: 'user:1' } }])
    expect(world.sent[0]?.job).not.toHaveProperty('before')
  })

  it('one that comes while its removal is under way stays', async () => {
    world.retention = { ...world.retention, heads: { age: 100 * DAY } }
    await on.append(user(1))
    await days(120, (day) => user(100 + day))
    await on.reclaim()
    await world.clock.advance(2 * DAY)
    let appended: Promise<unknown> | undefined
    world.commit = (ops) => {
      if (ops.some(({ op, key }) => op === 'remove' && key.startsWith('journal:')))
        appended ??= on.append(user(5, { x: 1 }))
    }
    await on.reclaim()
    await appended
    await on.idle()
    expect((await on.indexer.findByKey('user:5'))?.data).toEqual({ id: 5, x: 1 })
  })
})

describe('what was sent', () => {
  it('is forgotten by age, but for records with an open job', async () => {
    world.retention = { ...world.retention, sent: { age: 30 * DAY } }
    world.destinations = [
      destination('crm', {
        mode: 'latest',
        retry: { for: 500 * DAY, delay: 400 * DAY, factor: 1, maxDelay: 400 * DAY },
      }),
    ]
    await on.apply()
    await days(3)
    world.send = (_name, jobs) => jobs.map(() => retry({ reason: '503' }))
    await on.append(user(2, { changed: true }))
    await on.idle()
    world.send = undefined
    await world.clock.advance(35 * DAY)
    await on.append(user(4))
    await on.idle()
    expect(await on.reclaim()).toMatchObject({ sent: 2 })
    const known = await Promise.all(
      [1, 2, 3, 4].map(async (id) => (await on.supervisor.dispatcher('crm')?.inspect(`user:${id}`))?.sent),
    )
    await restart()
    const after = await Promise.all(
      [1, 2, 3, 4].map(
        async (id) => (await on.supervisor.dispatcher('crm')?.inspect(`user:${id}`))?.sent !== undefined,
      ),
    )
    expect(after).toEqual([false, true, false, true])
    expect(known[3]).toBeDefined()
  })

  it('keeps to a size, the oldest first, within two runs', async () => {
    world.retention = { ...world.retention, sent: { size: 1_000 } }
    world.destinations = [destination('crm', { mode: 'latest' })]
    await on.apply()
    await days(40)
    await on.reclaim()
    await on.reclaim()
    const left = [...world.disk].filter(([key]) => key.startsWith('sent:'))
    expect(left.reduce((sum, [, value]) => sum + value.length, 0)).toBeLessThanOrEqual(1_000)
    expect(left.length).toBeGreaterThan(5)
  })
})

describe('quarantine', () => {
  it('that was dealt with goes by age, never before its delivery; the rest stays', async () => {
    const { createQuarantine } = await import('../../src/indexer/quarantine.ts')
    const { countOpen } = await import('../../src/indexer/kept.ts')
    world.retention = { ...world.retention, quarantine: { age: 10 * DAY } }
    await on.append([{ type: 'user', data: [{}, {}] }])
    await on.idle()
    const care = createQuarantine({ ...on, clock: world.clock })
    await care.discardQuarantined({ id: '1.1', why: 'a test' })
    await days(60)
    await on.reclaim()
    expect([await countOpen(on.store), (await care.quarantine({ done: true })).total]).toEqual([1, 2])
    await days(60)
    await on.reclaim()
    await world.clock.advance(DAY)
    await on.reclaim()
    expect([await countOpen(on.store), (await care.quarantine({ done: true })).total]).toEqual([1, 1])
  })
})

describe('a rebuild after a cut', () => {
  it('keeps what was made of deliveries that are gone, and ends with the same newest states', async () => {
    await on.append([...user(1), ...user(2, { v: 1 }), ...delivery('event', 3, { updated_ts: '2026-03-01T10:00:00Z' })])
    await on.append([{ type: 'user', data: [{}] }])
    await days(100, (day) => user(100 + day))
    await on.append([...user(2, { v: 2 }), ...delivery('event', 3, { updated_ts: '2026-02-01T10:00:00Z' })])
    await on.idle()
    await on.reclaim()
    const keys = ['user:1', 'user:2', 'event:3', 'user:101', 'user:200']
    const heads = await on.indexer.heads(keys)
    const { first, tail } = on.journal
    expect(first).toBeGreaterThan(10)
    await on.stop()
    const { rebuildIndex } = await import('../../src/indexer/rebuild.ts')
    const { createJournal } = await import('../../src/journal/journal.ts')
    const { createMemoryStore } = await import('../kit/memory-store.ts')
    const store = createMemoryStore(world.disk)
    const journal = await createJournal(store, on)
    const signal = new AbortController().signal
    const report = await rebuildIndex({ store, journal, clock: world.clock, signal, progress() {} })
    expect(report).toMatchObject({ finished: true, deliveries: tail - first + 1 })
    world.sent.length = 0
    on = await startRetentionLife(world)
    await on.idle()
    const after = await on.indexer.heads(keys)
    const core = (list: typeof heads) =>
      list.map((head) => [head?.key, head?.data, head?.position, head?.hash, head?.version])
    expect(core(after)).toEqual(core(heads))
    // What came too late stays too late, since the head it is measured by is older than the cut.
    expect((await on.indexer.read(tail))?.records.map(({ key, verdict }) => `${key} ${verdict}`)).toEqual([
      'user:2 accepted',
      'event:3 stale',
    ])
    expect([...world.disk.keys()].filter((key) => key.startsWith('quarantine:'))).toHaveLength(1)
    expect(world.sent).toEqual([])
  })
})

describe('killed while it reclaims', () => {
  const old = 40
  /** Old and new deliveries, a waiting job, a paused destination and a body in quarantine further on; sent states that are too old. */
  async function prepare(atomic: boolean): Promise<void> {
    world = createRetentionWorld()
    world.retention = {
      journal: { age: 90 * DAY, size: 1 },
      heads: { age: 1 },
      sent: { age: DAY },
      dead: { age: DAY },
      quarantine: { age: 1 },
    }
    world.destinations = [destination('log', { mode: 'every' }), destination('crm', { mode: 'latest' })]
    on = await startRetentionLife(world, { atomic })
    world.send = (_name, jobs) => jobs.map(({ key }) => (key === 'user:3' ? reject('refused') : { state: 'delivered' }))
    for (let id = 1; id <= old; id++) await on.append(user(id, { note: 'x'.repeat(120_000) }))
    await on.idle()
    await world.clock.advance(100 * DAY)
    await on.supervisor.dispatcher('log')?.pause(undefined)
    await on.append(user(1_000))
    await on.append('{')
    await on.idle()
  }

  /** The state at the end, which must not depend on where it was killed. */
  const ended = async () => {
    for (let round = 0; round < 3; round++) await on.reclaim()
    await on.indexer.idle()
    return {
      ends: [on.journal.first, on.journal.tail],
      journal: onDisk(world, 'journal'),
      index: onDisk(world, 'index'),
      keys: [...world.disk.keys()].filter((key) => /^(sent|head|dead|discarded|quarantine|mail):/.test(key)).sort(),
    }
  }

  it.each([
    ['between any two commits', true, 'commit'],
    ['after any commit, before it is told', true, 'committed'],
    ['between any two keys, on a driver that writes one after the other', false, 'committed'],
  ] as const)('%s: the store opens, and all that is needed is there', async (_name, atomic, when) => {
    await prepare(atomic)
    const whole = await ended()
    expect(whole).toMatchObject({ ends: [old + 1, old + 2], journal: [old + 1, old + 2], index: [old + 1, old + 2] })
    let kills = 0
    // Between keys there are many points that are alike.
    for (let n = 1; ; n += atomic ? 1 : 7) {
      await prepare(atomic)
      let left = n
      world[when] = () => --left > 0
      await on.reclaim()
      if (left > 0) break
      kills++
      world[when] = () => {}
      on = await startRetentionLife(world, { atomic })
      await on.idle()
      for (let seq = on.journal.first; seq <= on.journal.tail; seq++)
        expect(await on.journal.read(seq)).toMatchObject({ seq })
      expect(on.journal.first).toBeLessThanOrEqual(old + 1)
      const { keys, ...ends } = await ended()
      const { keys: all, ...wholeEnds } = whole
      expect(ends).toEqual(wholeEnds)
      // Without atomic commits the time of what was cut last may be lost: its heads then stay.
      const others = (list: readonly string[]) => list.filter((key) => atomic || !/^(head|mail):/.test(key))
      expect(others(keys)).toEqual(others(all))
      world.sent.length = 0
      await on.supervisor.dispatcher('log')?.resume()
      await world.clock.advance(MINUTE)
      expect(world.sent.map(({ job }) => job.key)).toEqual(['user:1000'])
      await on.stop()
    }
    expect(kills).toBeGreaterThan(atomic ? 5 : 8)
  })
})

it('the whole bridge does so by itself while it receives, and starts again on what is left', async () => {
  const folder = folders()
  const config = {
    retention: { journal: { age: '20s' } },
    destinations: { rows: { plugin: 'csv', options: { path: 'out.csv', columns: { id: 'record.id' } } } },
    routes: [{ name: 'all', to: ['rows'] }],
  }
  const clock = createFastClock(100)
  let whole = await openWhole(folder, config, { clock })
  const send = async (id: number) =>
    expect(await post(whole.url, JSON.stringify(user(id)), { 'x-bevy-secret': SECRET })).toBe(200)
  let id = 0
  let done = false
  const reclaimed = whole.line(({ event }) => event === 'reclaimed').finally(() => (done = true))
  while (!done) await send(++id)
  const { facts } = await reclaimed
  expect(facts['first']).toBe(Number(facts['deliveries']) + 1)
  const last = id
  await whole.close()
  whole = await openWhole(folder, config)
  const status = await connectAdmin({ host: '127.0.0.1', port: whole.bridge.admin.port }, join(folder, 'data'))
  await expect
    .poll(async () => (await status?.status())?.destinations)
    .toMatchObject([{ name: 'rows', sent: last, dead: 0 }])
  expect((await status?.status())?.journal).toMatchObject({
    first: facts['first'],
    tail: last,
    indexed: last,
    file: { free: expect.any(Number) },
  })
  await send(++id)
  await whole.close()
  expect(whole.log.lines.filter(({ level }) => level === 'error')).toEqual([])
})
