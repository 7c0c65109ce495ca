import { describe, expect, it } from 'vitest'
import { rebuildIndex } from '../../src/indexer/rebuild.ts'
import { createJournal } from '../../src/journal/journal.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { settleAll } from './../kit/clock.ts'
import { createErasureWorld, startErasureLife, tracesInStore, type ErasureWorld } from '../kit/erasure-life.ts'
import { deliveries, TRACES, walkIn } from '../kit/erasure-person.ts'
import { createMemoryLog } from '../kit/log.ts'
import { createMemoryStore } from '../kit/memory-store.ts'

const envelope = (type: string, ...data: JsonObject[]): string => JSON.stringify([{ type, data }])
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('latin1')

/** The person in everything: sent, waiting, dead, and one of their records still unread by a destination. */
async function filled(): Promise<ErasureWorld> {
  const world = createErasureWorld()
  world.send = (name, jobs) =>
    jobs.map(({ key }) => {
      if (name === 'silent' && key === 'user:4') return { state: 'reject', reason: 'no' }
      if (name === 'silent' && key === 'attendee:2600') return { state: 'retry', reason: 'later' }
      return { state: 'delivered', ref: { for: key } }
    })
  const life = await startErasureLife(world)
  for (const { body, encoding } of deliveries()) await life.append(body, encoding)
  await life.idle()
  await world.clock.advance(1)
  await life.stop()
  return world
}

const copy = (world: ErasureWorld): ErasureWorld => ({ ...createErasureWorld(), disk: new Map(world.disk) })

/** Lets time pass until it is so. Compression runs in threads of its own, whose time is the machine's. */
async function until(so: () => Promise<boolean> | boolean, { clock }: ErasureWorld): Promise<void> {
  for (let step = 0; step < 500 && !(await so()); step++) {
    await clock.advance(1000)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

describe('an erasure', () => {
  it('ends whole however often the process is killed, at every commit', async () => {
    const full = await filled()
    expect(tracesInStore(full, TRACES).length).toBeGreaterThan(20)
    const kinds = new Set<string>()
    for (let at = 1; ; at++) {
      const world = copy(full)
      const first = await startErasureLife(world)
      await first.idle()
      let commits = 0
      let killed = false
      world.commit = (ops) => {
        if (++commits !== at) return
        killed = true
        for (const { key } of ops) kinds.add(key.split(':')[0] as string)
        first.kill()
        // Half of the ends come before the commit has reached the disk, half after.
        if (at % 2 === 0) throw new Error('the process is gone')
      }
      let ended = false
      const end = (): void => void (ended = true)
      void first.erasures.erase({ user: '4' }).then(end, end)
      while (!killed && !ended) await settleAll()
      await settleAll()
      world.commit = () => {}
      // Killed before the task was on disk, nobody was told that it is.
      const second = await startErasureLife(world)
      if ((await second.erasures.list()).length === 0) await second.erasures.erase({ user: '4' })
      await until(async () => (await second.erasures.list())[0]?.state === 'done', world)
      const [report] = await second.erasures.list()
      expect({ at, state: report?.state, traces: tracesInStore(world, TRACES) }).toEqual({
        at,
        state: 'done',
        traces: [],
      })
      // With the refs they had, though those were removed with the first try.
      for (const name of ['told', 'later']) {
        const told = world.told.filter((one) => one.name === name).at(-1)?.person
        expect(told?.emails.toSorted()).toEqual(['old.address@canary.example', 'peregrina.oxblood@canary.example'])
        expect(told?.records).toContainEqual({ key: 'attendee:2600', ref: { for: 'attendee:2600' } })
      }
      await second.stop()
      if (!killed) break
    }
    expect([...kinds].toSorted()).toEqual(
      expect.arrayContaining([
        'cursor',
        'dead',
        'erasure',
        'exception',
        'head',
        'index',
        'journal',
        'mail',
        'quarantine',
        'sent',
      ]),
    )
  }, 30_000)

  it('leaves positions, all other bytes, and an index that is the same when it is made again', async () => {
    const world = await filled()
    const before = new Map(world.disk)
    const life = await startErasureLife(world)
    await life.erasures.erase({ email: ' Peregrina.OXBLOOD@canary.example ' })
    // Spelled oddly and with a number no parser keeps, the other record of that body is untouched.
    const third = text(world.disk.get('journal:0000000000:0000000000003'))
    const was = text(before.get('journal:0000000000:0000000000003'))
    const head = was.indexOf('\n') + 1
    expect(third.slice(third.indexOf('\n') + 1)).toBe(
      `${was.slice(head, was.indexOf('{"id":2600'))}{"id":2600,"erased":true}], "type":"attendee"} ]`,
    )
    expect((await life.journal.read(4))?.encoding).toBe('gzip')
    expect((await life.indexer.read(4))?.records).toMatchObject([
      { key: 'attendee:2600', position: { seq: 4, n: 1 }, verdict: 'stale', data: { id: 2600, erased: true } },
    ])
    expect((await life.indexer.findByKey('event:9001'))?.data['title']).toBe('Quinces and pears')
    await life.stop()

    const store = createMemoryStore(new Map(world.disk))
    const journal = await createJournal(store, { log: createMemoryLog() })
    const { clock } = world
    await rebuildIndex({ store, journal, clock, signal: new AbortController().signal, progress() {} })
    const parts = (disk: ReadonlyMap<string, Uint8Array>, prefix: string) =>
      [...disk]
        .filter(([key]) => key.startsWith(prefix))
        .map(([key, bytes]) => [key, JSON.parse(text(bytes))])
        .toSorted()
    for (const prefix of ['index:', 'head:', 'mail:'])
      expect(parts(store.data, prefix)).toEqual(parts(world.disk, prefix))
  })

  it('sends nothing of what is left to a new destination, nor in a replay; what comes later is news', async () => {
    const world = await filled()
    const life = await startErasureLife(world)
    await life.erasures.erase({ user: '4' })
    await life.stop()
    const [one] = world.destinations
    world.destinations.push({ ...(one as (typeof world.destinations)[number]), name: 'new', start: 'beginning' })
    const next = await startErasureLife(world)
    await next.idle()
    await next.supervisor.dispatcher('told')?.replay(1, next.journal.tail)
    const from = world.sent.length
    await until(() => world.sent.slice(from).some(({ name, job }) => name === 'new' && job.key === 'user:5'), world)
    expect(world.sent.slice(from).length).toBeGreaterThan(0)
    expect(world.sent.filter(({ job }) => job.data['erased'] === true)).toEqual([])
    await next.append(walkIn)
    const news = (): string[] => world.sent.filter(({ job }) => job.key === 'attendee:2603').map(({ name }) => name)
    await until(() => news().length === world.destinations.length, world)
    expect(news().toSorted()).toEqual(world.destinations.map(({ name }) => name).toSorted())
    await next.stop()
  })

  it('tells a paused destination once it runs again, and one that refuses until it does not; people hear of it', async () => {
    const world = await filled()
    let life = await startErasureLife(world)
    await life.supervisor.dispatcher('told')?.pause('a test')
    world.erase = () => ({ state: 'reject', reason: 'x@y.example may not' })
    expect(await life.erasures.erase({ user: '4' })).toMatchObject({
      state: 'telling',
      counts: { waiting: 2, dead: 2 },
      destinations: [
        { name: 'later', state: 'pending', attempts: 1, reason: expect.not.stringContaining('x@y') },
        { name: 'silent', state: 'cannot' },
        { name: 'told', state: 'pending', attempts: 0 },
      ],
    })
    expect(world.alerts.filter(({ cause }) => cause === 'erasure')).toMatchObject([{ subject: 'later' }])
    await life.stop()
    // Over a restart; only the task itself still knows who it was.
    life = await startErasureLife(world)
    expect(new Set(tracesInStore(world, TRACES).map((trace) => trace.split(':')[0]))).toEqual(new Set(['erasure']))
    world.erase = () => {}
    await life.supervisor.dispatcher('told')?.resume()
    await until(async () => (await life.erasures.list())[0]?.state === 'done', world)
    expect(await life.erasures.list()).toMatchObject([
      { state: 'done', destinations: [{ state: 'told' }, {}, { state: 'told' }] },
    ])
    expect(tracesInStore(world, TRACES)).toEqual([])
    await life.stop()
  })

  it('is given up for a destination that will never do it', async () => {
    const world = await filled()
    const life = await startErasureLife(world)
    world.erase = () => ({ state: 'retry', reason: 'busy' })
    const { id } = await life.erasures.erase({ user: '4' })
    expect(await life.erasures.giveUp(id)).toMatchObject({ state: 'done' })
    expect(tracesInStore(world, TRACES)).toEqual([])
    await expect(life.erasures.giveUp('e0')).rejects.toMatchObject({ code: 'ERR_NO_ERASURE' })
    await expect(life.erasures.erase({})).rejects.toMatchObject({ code: 'ERR_ERASE_WHO' })
    await life.stop()
  })

  it('keeps what belongs to others: an account with the same address, a registration that was handed on', async () => {
    const world = createErasureWorld()
    const life = await startErasureLife(world)
    const mine = { id: 1, user_id: 4, email: 'shared@canary.example', first_name: 'Peregrina', last_name: 'Oxblood' }
    await life.append(
      envelope('attendee', mine, { id: 2, user_id: 9, email: 'shared@canary.example', first_name: 'Ida' }),
    )
    await life.append(
      envelope('attendee', {
        ...mine,
        user_id: 7,
        email: 'heir@stays.example',
        first_name: 'Heir',
        last_name: 'Stays',
      }),
    )
    await life.idle()
    expect(await life.erasures.plan({ user: '4' })).toMatchObject({ accounts: 1, shared: 1, counts: { records: 1 } })
    await life.erasures.erase({ user: '4' })
    expect((await life.indexer.findByKey('attendee:1'))?.data).toMatchObject({
      user_id: 7,
      email: 'heir@stays.example',
    })
    expect((await life.indexer.findByKey('attendee:2'))?.data).toMatchObject({
      user_id: 9,
      email: 'shared@canary.example',
    })
    expect((await life.indexer.read(2))?.records[0]).not.toHaveProperty('before')
    // The contact of the heir is not theirs to forget.
    expect(world.told.find(({ name }) => name === 'told')?.person.records).toEqual([])
    expect(tracesInStore(world, ['Peregrina'])).toEqual([])
    await life.stop()
  })

  it('follows a deletion in Bevy when configured: once, after the anonymous states were sent, which stay', async () => {
    const world = await filled()
    world.onBevyDeletion = true
    let life = await startErasureLife(world)
    await life.idle()
    const gone = { first_name: '', last_name: '', email: 'deleted+0a1b@bevylabs.com' }
    await life.append(envelope('user', { id: 4, ...gone }))
    await life.append(envelope('attendee', { id: 2600, user_id: 4, event_id: 9001, status: 'registered', ...gone }))
    await life.idle()
    await life.stop()
    life = await startErasureLife(world)
    await world.clock.advance(30_000)
    expect(await life.erasures.list()).toEqual([])
    await until(async () => (await life.erasures.list())[0]?.state === 'done', world)
    expect(await life.erasures.list()).toMatchObject([{ by: 'bevy', state: 'done', accounts: 1 }])
    expect(tracesInStore(world, TRACES)).toEqual([])
    expect((await life.indexer.findByKey('attendee:2600'))?.data).toMatchObject(gone)
    expect(world.told.find(({ name }) => name === 'later')?.person.records).toContainEqual({
      key: 'attendee:2600',
      ref: { for: 'attendee:2600' },
    })
    expect(world.sent.filter(({ name, job }) => name === 'told' && job.data['email'] === gone.email)).toHaveLength(2)
    await life.stop()
  })
})
