/** What people do to destinations: skip, forget, replay, dead letters; while they run, and on a store at rest. */

import { beforeEach, describe, expect, it } from 'vitest'
import type { BridgeActions, CareQueries } from '../../src/core/dispatch/actions.ts'
import { delivered, reject, retry } from '../../src/core/plugin-contract.ts'
import type { DestinationSettings, Settings } from '../../src/core/settings.ts'
import { createDeadOperations, type DeadOperations } from '../../src/dispatcher/dead-operations.ts'
import { createOperations, type Operations, type Rooms } from '../../src/dispatcher/operations.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, route, type Bench } from '../kit/dispatch-bench.ts'
import { thrownBy } from '../kit/thrown.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const user = (id: number, more: Record<string, string | number> = {}) => ({ type: 'user', data: { id, ...more } })
const attendee = (id: number, event: number) => ({ type: 'attendee', data: { id, event_id: event } })
const crm = (more: Partial<DestinationSettings> = {}) => destination('crm', { mode: 'every', ...more })
const failing = () => [retry({ reason: '503' })]

let on: Bench
let forgiven: string[]
beforeEach(() => {
  on = createBench()
  forgiven = []
})

type All = Operations & DeadOperations

/** Operations on a bench; `live: false`: on its store alone. */
function operations(bench: Bench, destinations: DestinationSettings[], live = true): All {
  const rooms: Rooms = {
    store: bench.store,
    journal: {
      first: 1,
      get tail() {
        return bench.index.tail
      },
      async read(seq) {
        const found = await bench.index.read(seq)
        return found === undefined ? undefined : { seq, receivedAt: found.receivedAt, bytes: new Uint8Array() }
      },
    },
    index: bench.index,
    clock: bench.clock,
    log: bench.log,
    live,
    settings: () =>
      ({
        timezone: 'UTC',
        tables: new Map(),
        destinations,
        routes: [
          route(
            'all',
            destinations.map(({ name }) => name),
          ),
        ],
      }) as unknown as Settings,
    running: (name) => (live ? bench.supervisor.dispatcher(name) : undefined),
    alone: (name, fn) => (live ? bench.supervisor.alone(name, fn) : fn()),
    forgive: (slot) => void forgiven.push(slot),
  }
  return {
    ...createOperations(rooms),
    ...createDeadOperations(rooms, async (name) => ({ problem: `not shown: ${name}` })),
  }
}

async function start(destinations = [crm()]): Promise<All> {
  await on.apply(destinations)
  return operations(on, destinations)
}

const stored = (prefix: string) => [...on.store.data.keys()].filter((key) => key.startsWith(prefix))
const codeOf = async (promise: Promise<unknown>) => ((await thrownBy(promise)) as { code?: string }).code

describe('a name', () => {
  it.each(['pause', 'resume', 'planForget', 'forget'] as const)(
    '%s: unknown is refused with the nearest',
    async (verb) => {
      const all = await start()
      const input = { name: 'crn' }
      const error = await thrownBy((all[verb] as BridgeActions['resume'] | CareQueries['planForget'])(input))
      expect(error).toMatchObject({
        code: 'ERR_NO_DESTINATION',
        message: expect.stringContaining('did you mean "crm"'),
      })
    },
  )
})

describe('pause and resume', () => {
  it('say how it stood, and forgive what was set aside', async () => {
    const all = await start()
    expect(await all.pause({ name: 'crm', why: 'x' })).toMatchObject({ before: null, live: true })
    expect(await all.resume({ name: 'crm' })).toMatchObject({ before: { by: 'hand', reason: 'by hand: x' } })
    expect(forgiven).toEqual(['crm'])
  })

  it('work on a store at rest', async () => {
    await start()
    const at = on.clock.now()
    const rest = operations(await on.restart(), [crm()], false)
    expect(await rest.pause({ name: 'crm' })).toEqual({ name: 'crm', state: 'paused', before: null, live: false })
    const again = createBench({ ...on })
    await again.apply([crm()])
    again.index.index(user(1))
    await again.clock.advance(DAY)
    expect(again.got('crm')).toEqual([])
    expect(await rest.resume({ name: 'crm' })).toMatchObject({ before: { by: 'hand', since: at } })
    expect(stored('paused:')).toEqual([])
  })
})

describe('skip', () => {
  it('gives up what is not read and what waits before the position, and nothing else', async () => {
    const all = await start([crm(), destination('other', { mode: 'every' })])
    on.scripts['crm'] = failing
    on.index.index(user(1))
    on.index.index(user(2))
    await settleAll()
    await all.pause({ name: 'crm' })
    for (let id = 3; id <= 10; id++) on.index.index(user(id))
    on.index.index(user(11), user(12), user(13))
    await on.clock.advance(1000)
    const to = { seq: 11, n: 2 }
    const plan = await all.planSkip({ name: 'crm', to })
    expect(plan).toEqual({ name: 'crm', from: { seq: 3, n: 1 }, to, deliveries: 9, waiting: 2 })
    expect(stored('exception:crm')).toHaveLength(2)
    expect(await all.skip({ name: 'crm', to })).toEqual(plan)
    expect(stored('exception:crm')).toEqual([])
    on.scripts['crm'] = () => [delivered()]
    await all.resume({ name: 'crm' })
    await on.clock.advance(1000)
    expect(on.got('crm').slice(2)).toEqual(['user:12@11', 'user:13@11'])
    expect(on.got('other')).toHaveLength(13)
    const [status] = await on.supervisor.status()
    expect(status).toMatchObject({ state: 'running', counts: { skipped: { 'by hand': 2 } } })
  })

  it('to now: only what comes later is sent; in flight or not, at rest or not', async () => {
    const all = await start()
    on.scripts['crm'] = () => new Promise(() => {})
    for (let id = 1; id <= 5; id++) on.index.index(user(id))
    await settleAll()
    const skipping = all.skip({ name: 'crm', to: 'now' })
    await on.clock.advance(10_000)
    expect(await skipping).toMatchObject({ to: { seq: 6, n: 0 }, deliveries: 5 })
    on.scripts['crm'] = () => [delivered()]
    on.index.index(user(6))
    await settleAll()
    expect(on.got('crm').at(-1)).toBe('user:6@6')
    expect(on.got('crm').filter((key) => key === 'user:6@6')).toHaveLength(1)
  })

  it('goes neither back nor past the end', async () => {
    const all = await start()
    on.index.index(user(1))
    await settleAll()
    expect(await codeOf(all.skip({ name: 'crm', to: { seq: 1, n: 0 } }))).toBe('ERR_SKIP_BACK')
    expect(await codeOf(all.planSkip({ name: 'crm', to: { seq: 9, n: 0 } }))).toBe('ERR_SKIP_AHEAD')
    on.index.index(user(2))
    await settleAll()
    expect(on.got('crm')).toEqual(['user:1@1', 'user:2@2'])
  })
})

describe('forget', () => {
  it('refuses one in the config, and deletes every document of an orphan', async () => {
    const all = await start([crm({ mode: 'latest' }), destination('other', { mode: 'latest' })])
    on.scripts['crm'] = ([job]) =>
      job?.key === 'user:1' ? [delivered()] : job?.key === 'user:2' ? failing() : [reject('no')]
    on.index.index(user(1), user(2), user(3))
    await on.clock.advance(1000)
    expect(await codeOf(all.forget({ name: 'crm' }))).toBe('ERR_FORGET_CONFIGURED')
    const others = [destination('other', { mode: 'latest' })]
    await on.apply(others)
    expect((await on.supervisor.status()).find(({ name }) => name === 'crm')).toMatchObject({
      state: 'orphaned',
      holdings: { waiting: 1, dead: 1, holds: 1, counts: { sent: 1 } },
    })
    const later = operations(on, others)
    expect(await later.planForget({ name: 'crm' })).toMatchObject({ waiting: 1, dead: 1 })
    expect(await later.forget({ name: 'crm' })).toMatchObject({ documents: 5, plugin: 'scripted' })
    expect([...on.store.data.keys()].filter((key) => key.includes('crm'))).toEqual([])
    expect(await on.supervisor.status()).toMatchObject([{ name: 'other', state: 'running', counts: { sent: 3 } }])
    // The name is new again.
    on.scripts['crm'] = () => [delivered()]
    await on.apply([crm({ mode: 'latest' }), ...others])
    on.index.index(user(4))
    await settleAll()
    expect(on.got('crm').slice(-1)).toEqual(['user:4@2'])
  })
})

describe('replay', () => {
  const event = (id: number) => ({ type: 'event', data: { id } })

  async function history(mode: 'latest' | 'every'): Promise<All> {
    const all = await start([crm({ mode })])
    on.index.index(event(1), event(2))
    await on.clock.advance(DAY)
    on.index.index(attendee(10, 1), attendee(20, 2))
    await on.clock.advance(DAY)
    on.index.index(user(7, { v: 1 }))
    on.index.index(user(7, { v: 2 }))
    await on.clock.advance(1000)
    delete on.sent['crm']
    return all
  }
  const at = (days: number) => ({ at: Date.UTC(2026, 2, 1) + days * DAY })

  it.each<[string, Omit<Parameters<All['replay']>[0], 'name'>, string[]]>([
    [
      'all',
      { from: 'beginning' },
      ['event:1@1', 'event:2@1', 'attendee:10@2', 'attendee:20@2', 'user:7@3', 'user:7@4'],
    ],
    ['a span', { from: { seq: 2 }, to: { seq: 3 } }, ['attendee:10@2', 'attendee:20@2', 'user:7@3']],
    ['since a time', { from: at(1.5) }, ['user:7@3', 'user:7@4']],
    ['between times, both included', { from: at(1), to: at(1) }, ['attendee:10@2', 'attendee:20@2']],
    ['a type', { from: 'beginning', types: ['event', 'user'] }, ['event:1@1', 'event:2@1', 'user:7@3', 'user:7@4']],
    ['an event and what belongs to it', { from: 'beginning', event: '2' }, ['event:2@1', 'attendee:20@2']],
    ['a filter', { from: 'beginning', where: { record: { v: 2 } } }, ['user:7@4']],
    [
      'a filter over a joined record',
      { from: 'beginning', where: { type: 'attendee', event: { id: 1 } } },
      ['attendee:10@2'],
    ],
  ])('of %s: counted by a dry run that sends nothing, then sent', async (_name, input, expected) => {
    const all = await history('every')
    const plan = await all.planReplay({ name: 'crm', ...input })
    await settleAll()
    expect([plan.jobs, on.got('crm')]).toEqual([expected.length, []])
    await all.replay({ name: 'crm', ...input })
    await settleAll()
    expect(on.got('crm').sort()).toEqual(expected.toSorted())
    expect(on.sent['crm']?.flat().every((job) => job.replay)).toBe(true)
    await on.clock.advance(1000)
    expect(stored('replay:')).toEqual([])
  })

  it('in mode latest counts and sends each record once', async () => {
    const all = await history('latest')
    expect(await all.planReplay({ name: 'crm', from: { seq: 3 } })).toMatchObject({
      mode: 'latest',
      deliveries: 2,
      jobs: 1,
      byType: { user: 1 },
    })
    await all.replay({ name: 'crm', from: { seq: 3 } })
    await settleAll()
    expect(on.got('crm')).toEqual(['user:7@4'])
  })

  it('keeps its filter across a restart, and one noted at rest begins with the next start', async () => {
    await history('every')
    const rest = operations(await on.restart(), [crm()], false)
    expect(await rest.replay({ name: 'crm', from: 'beginning', types: ['event'] })).toMatchObject({
      live: false,
      to: 4,
    })
    const again = createBench({ ...on })
    await again.apply([crm()])
    await settleAll()
    expect(again.got('crm')).toEqual(['event:1@1', 'event:2@1'])
  })

  it('refuses an empty span, a filter that is none, and a destination that is gone', async () => {
    const all = await history('every')
    expect(await codeOf(all.replay({ name: 'crm', from: { seq: 9 } }))).toBe('ERR_REPLAY_SPAN')
    expect(await codeOf(all.replay({ name: 'crm', from: 'beginning', where: { recrod: 1 } }))).toBe('ERR_REPLAY_FILTER')
    expect(await codeOf(all.planReplay({ name: 'gone', from: 'beginning' }))).toBe('ERR_NO_DESTINATION')
    expect(stored('replay:')).toEqual([])
  })

  it('can be ended: what of it waits is dropped, the destination goes on', async () => {
    const all = await history('every')
    on.scripts['crm'] = failing
    on.index.index(user(8))
    await settleAll()
    await all.replay({ name: 'crm', from: 'beginning', to: { seq: 2 } })
    await settleAll()
    await all.pause({ name: 'crm' })
    await all.replay({ name: 'crm', from: { seq: 3 }, to: { seq: 4 } })
    await settleAll()
    const [status] = await on.supervisor.status()
    expect(status).toMatchObject({ replays: [{ position: { seq: 3 }, to: 4 }], exceptions: { retry: 5 } })
    expect(await all.cancelReplays({ name: 'crm' })).toEqual({ ended: 1, dropped: 4 })
    on.scripts['crm'] = () => [delivered()]
    delete on.sent['crm']
    await all.resume({ name: 'crm' })
    await on.clock.advance(MINUTE)
    expect(on.got('crm')).toEqual(['user:8@5'])
    expect(stored('replay:')).toEqual([])
  })
})

describe('dead letters', () => {
  async function letters(mode: 'latest' | 'every' = 'every'): Promise<All> {
    const all = await start([crm({ mode }), destination('relay', { mode: 'every' })])
    on.scripts['crm'] = ([job]) => [reject(job?.key === 'user:1' ? 'no such list, says ada@example.com' : 'too long')]
    on.scripts['relay'] = ([job]) => [job?.key === 'user:1' ? reject('410') : delivered()]
    on.index.index(user(1), user(2))
    await on.clock.advance(1000)
    return all
  }

  it('are listed by destination and reason, without data of people', async () => {
    const all = await letters()
    const list = await all.deadLetters({})
    expect(list).toMatchObject({ total: 3 })
    expect(list.letters.map(({ id }) => id).sort()).toEqual([
      'crm:0000000000001-0000001',
      'crm:0000000000001-0000002',
      'relay:0000000000001-0000001',
    ])
    expect(JSON.stringify(list)).not.toContain('ada@')
    expect((await all.deadLetters({ destination: 'crm', reason: 'TOO LONG' })).letters).toMatchObject([
      { key: 'user:2', reason: 'too long', attempts: 1, cause: 'refused' },
    ])
    expect(await all.deadLetters({ limit: 1 })).toMatchObject({ total: 3, letters: { length: 1 } })
  })

  it('are shown with every attempt; record and preview only when asked for', async () => {
    const all = await letters()
    const id = 'crm:0000000000001-0000001'
    const shown = await all.deadLetter({ id })
    expect(shown).toMatchObject({
      routes: ['all'],
      history: [{ at: Date.UTC(2026, 2, 1), reason: 'no such list, says [email]' }],
    })
    expect(shown).not.toHaveProperty('data')
    expect(await all.deadLetter({ id, data: true })).toMatchObject({ data: { id: 1 }, problem: 'not shown: crm' })
    expect(await all.deadLetter({ id: 'crm:nothing' })).toBeUndefined()
    expect(await codeOf(all.deadLetter({ id: 'nothing' }))).toBe('ERR_DEAD_ID')
  })

  it.each<[string, Parameters<All['redrive']>[0], Record<string, number>]>([
    ['one', { id: 'relay:0000000000001-0000001' }, { relay: 1 }],
    ['those of a destination', { destination: 'crm' }, { crm: 2 }],
    ['those of a reason', { reason: 'too long' }, { crm: 1 }],
    ['all', {}, { crm: 2, relay: 1 }],
    ['none', { reason: 'something else' }, {}],
  ])('%s is redriven', async (_name, choice, destinations) => {
    const all = await letters()
    on.scripts['crm'] = () => [delivered()]
    on.scripts['relay'] = () => [delivered()]
    const done = await all.redrive(choice)
    expect(done.destinations).toEqual(destinations)
    await on.clock.advance(1000)
    const redriven = Object.values(on.sent)
      .flat(2)
      .filter((job) => job.redriven)
    expect(redriven).toHaveLength(done.done)
    expect((await all.deadLetters({})).total).toBe(3 - done.done)
  })

  it('the answer says what is sent, by mode', async () => {
    const all = await letters('latest')
    const { notes } = await all.redrive({})
    expect(notes).toEqual([
      expect.stringContaining('crm: 2 go again: the newest state of each record is sent'),
      expect.stringContaining('relay: 1 goes again: each is sent late, marked as redriven'),
    ])
  })

  it('of a paused destination wait for it', async () => {
    const all = await letters()
    await all.pause({ name: 'crm' })
    on.scripts['crm'] = () => [delivered()]
    expect((await all.redrive({ destination: 'crm' })).notes[0]).toContain('when the pause ends')
    await on.clock.advance(DAY)
    expect(on.sent['crm']?.flat().filter((job) => job.redriven)).toEqual([])
    await all.resume({ name: 'crm' })
    await on.clock.advance(10_000)
    expect((await all.deadLetters({ destination: 'crm' })).total).toBe(0)
  })

  it('at rest are redriven with the next start, and keep their attempts', async () => {
    await letters()
    const rest = operations(await on.restart(), [crm()], false)
    expect((await rest.redrive({ destination: 'crm' })).notes[0]).toContain('with the next start')
    const again = createBench({ ...on })
    await again.apply([crm()])
    await again.clock.advance(1000)
    const [letter] = (await operations(again, [crm()]).deadLetters({ destination: 'crm', reason: 'too' })).letters
    const shown = await operations(again, [crm()]).deadLetter({ id: String(letter?.id) })
    expect(shown).toMatchObject({ redriven: true, history: { length: 2 } })
  })

  it('are discarded with a reason that stays', async () => {
    const all = await letters()
    expect(await all.discardDead({ destination: 'crm', why: 'test data' })).toMatchObject({ done: 2 })
    expect((await all.deadLetters({})).total).toBe(1)
    expect(await all.deadLetters({ discarded: true })).toMatchObject({
      discarded: [
        { why: 'test data', key: 'user:1' },
        { why: 'test data', key: 'user:2' },
      ],
    })
    const again = await on.restart()
    await again.apply([crm()])
    expect((await again.supervisor.status())[0]).toMatchObject({ dead: 0, counts: { skipped: { discarded: 2 } } })
  })

  it('of an orphan can be discarded, not redriven', async () => {
    await letters()
    const others = [destination('relay', { mode: 'every' })]
    await on.apply(others)
    const all = operations(on, others)
    expect(await codeOf(all.redrive({ destination: 'crm' }))).toBe('ERR_NO_DESTINATION')
    expect((await all.redrive({})).notes).toContain('crm is not in the config: its dead letters stay as they are')
    expect(await all.discardDead({ destination: 'crm', why: 'gone' })).toMatchObject({ done: 2 })
  })
})
