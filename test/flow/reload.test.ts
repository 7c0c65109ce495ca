import { z } from 'zod'
import { describe, expect, it } from 'vitest'
import { definePlugin, delivered, retry } from '../../src/core/plugin-contract.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, route } from '../kit/dispatch-bench.ts'

const user = (id: number) => ({ type: 'user', data: { id } })
const crm = (more: object = {}) => destination('crm', { mode: 'every', ...more })
const cursorOf = (bench: ReturnType<typeof createBench>, slot: string) => bench.store.get(`cursor:${slot}`)

describe('names and their state', () => {
  it('a new name starts at now, committed at once', async () => {
    const bench = createBench()
    bench.index.index(user(1))
    await bench.apply([crm()])
    expect(await cursorOf(bench, 'crm')).toMatchObject({ position: { seq: 2, n: 0 } })
    bench.index.index(user(2))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:2@2'])
  })

  it('start: beginning reads the whole journal', async () => {
    const bench = createBench()
    bench.index.index(user(1))
    bench.index.index(user(2))
    await bench.apply([crm({ start: 'beginning' })])
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:2@2'])
  })

  it('start: a time reads from the first delivery received at or after it', async () => {
    const bench = createBench()
    for (let id = 1; id <= 20; id++) {
      bench.index.index(user(id))
      await bench.clock.advance(60_000)
    }
    await bench.apply([crm({ start: { at: Date.UTC(2026, 2, 1, 0, 17) } })])
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:18@18', 'user:19@19', 'user:20@20'])
  })

  it('removed: kept and shown as orphaned with an alert; back again: goes on from its cursor', async () => {
    const bench = createBench()
    await bench.apply([crm()])
    bench.index.index(user(1))
    await settleAll()
    await bench.apply([])
    bench.index.index(user(2))
    await settleAll()
    expect(await bench.supervisor.status()).toMatchObject([
      { name: 'crm', state: 'orphaned', holdings: { position: { seq: 2 }, waiting: 0, dead: 0, holds: 2 } },
    ])
    expect(bench.alerts.map(({ cause, subject }) => `${cause} ${subject}`)).toContain('destination:orphaned crm')
    await bench.apply([crm()])
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:2@2'])
  })

  it('was: takes the state of another name over, exceptions and job ids included', async () => {
    const bench = createBench()
    await bench.apply([crm()])
    bench.scripts['crm'] = () => [retry({ reason: '503' })]
    bench.index.index(user(1))
    await settleAll()
    const [first] = bench.sent['crm'] ?? []
    await bench.apply([destination('hubspot', { mode: 'every', was: 'crm' })])
    await bench.clock.advance(5000)
    expect(bench.got('hubspot')).toEqual(['user:1@1'])
    expect(bench.sent['hubspot']?.[0]?.[0]).toMatchObject({ id: first?.[0]?.id, attempt: 2 })
    // The old name is free again and begins anew, with a state of its own.
    await bench.apply([destination('hubspot', { mode: 'every', was: 'crm' }), crm()])
    bench.scripts['crm'] = () => [delivered()]
    bench.index.index(user(2))
    await settleAll()
    expect(bench.got('crm').slice(1)).toEqual(['user:2@2'])
    expect(bench.sent['crm']?.at(-1)?.[0]?.id).not.toBe(bench.sent['hubspot']?.at(-1)?.[0]?.id)
  })

  it('refuses another plugin under a name, and the others run', async () => {
    const bench = createBench()
    await bench.apply([crm(), destination('other', { mode: 'every' })])
    const another = definePlugin({ name: 'another', options: z.strictObject({}), create: () => ({ async send() {} }) })
    await bench.apply([crm({ plugin: another, fingerprint: 'changed' }), destination('other', { mode: 'every' })])
    expect(await bench.supervisor.status()).toMatchObject([
      { name: 'crm', state: 'stopped', reason: expect.stringContaining('has been a scripted destination') },
      { name: 'other', state: 'running' },
    ])
  })
})

describe('reload', () => {
  it('a changed destination drains and closes before its successor opens', async () => {
    const bench = createBench()
    await bench.apply([crm()])
    let end: (() => void) | undefined
    bench.scripts['crm'] = () => new Promise((resolve) => (end = () => resolve([delivered()])))
    bench.index.index(user(1))
    await settleAll()
    const applied = bench.apply([crm({ fingerprint: 'changed' })])
    bench.index.index(user(2))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1'])
    bench.scripts['crm'] = () => [delivered()]
    end?.()
    await applied
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:2@2'])
  })

  it('one that did not change goes on without a pause', async () => {
    const bench = createBench()
    await bench.apply([crm()])
    const before = bench.supervisor.dispatcher('crm')
    await bench.apply([crm(), destination('more', { mode: 'every' })])
    expect(bench.supervisor.dispatcher('crm')).toBe(before)
  })

  it('the routes in force when a position is read decide', async () => {
    const bench = createBench()
    await bench.apply([crm()], [route('users', ['crm'], { type: 'user' })])
    bench.index.index(user(1))
    await settleAll()
    await bench.apply([crm()], [route('events', ['crm'], { type: 'event' })])
    bench.index.index(user(2))
    bench.index.index({ type: 'event', data: { id: 1 } })
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1', 'event:1@3'])
  })

  it('exceptions are rendered again, not matched again', async () => {
    const bench = createBench()
    await bench.apply([crm()], [route('users', ['crm'], { type: 'user' })])
    bench.scripts['crm'] = () => [retry({ reason: '503' })]
    bench.index.index(user(1))
    await settleAll()
    await bench.apply([crm()], [route('events', ['crm'], { type: 'event' })])
    bench.scripts['crm'] = () => [delivered()]
    await bench.clock.advance(5000)
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:1@1'])
  })

  it('prints the replay that would redo what was read under the config before', async () => {
    const bench = createBench()
    await bench.apply([crm()])
    for (let id = 1; id <= 3; id++) bench.index.index(user(id))
    await settleAll()
    await bench.clock.advance(1000)
    await bench.apply([crm(), destination('more', { mode: 'every' })])
    const lines = bench.log.lines.filter(({ event }) => event === 'config reloaded').map(({ facts }) => facts)
    expect(lines).toMatchObject([
      { destination: 'crm', from: '4.0', redo: 'bevy-bridge replay crm --from 1 --to 3' },
      { destination: 'more' },
    ])
    expect(lines[1]).not.toHaveProperty('redo')
    // A restart with the same config is no news.
    const again = await bench.restart()
    await again.apply([crm(), destination('more', { mode: 'every' })])
    expect(again.log.lines.filter(({ event }) => event.startsWith('config'))).toHaveLength(2)
  })

  it('does so after a restart with another config too', async () => {
    const bench = createBench()
    await bench.apply([crm()])
    bench.index.index(user(1))
    await bench.clock.advance(1000)
    const [key] = await bench.store.keys('reloads')
    const before = (await bench.store.get(String(key))) as object
    await bench.store.commit([{ op: 'set', key: String(key), value: { ...before, hash: 'another' } }])
    const again = await bench.restart()
    await again.apply([crm()])
    expect(again.log.lines.find(({ event }) => event === 'config changed since the last start')?.facts).toMatchObject({
      redo: 'bevy-bridge replay crm --from 1 --to 1',
    })
  })

  it('tells a new destination how to fill in what came before it', async () => {
    const bench = createBench()
    bench.index.index(user(1))
    bench.index.index(user(2))
    await bench.apply([crm(), destination('all', { mode: 'every', start: 'beginning' })])
    const opened = bench.log.lines.filter(({ event }) => event === 'destination opened').map(({ facts }) => facts)
    expect(opened.map((facts) => [facts?.['destination'], facts?.['fill']]).sort()).toEqual([
      ['all', undefined],
      ['crm', 'bevy-bridge replay crm --from beginning --to 2'],
    ])
  })

  it('keeps the time, the hash of the config and all cursors', async () => {
    const bench = createBench()
    await bench.apply([crm()])
    bench.index.index(user(1))
    await settleAll()
    await bench.apply([crm(), destination('more', { mode: 'every' })])
    const [key] = await bench.store.keys('reloads')
    expect(await bench.store.get(key as string)).toMatchObject({
      at: bench.clock.now(),
      hash: 'hash',
      cursors: { crm: { seq: 2, n: 0 }, more: { seq: 2, n: 0 } },
    })
  })
})
