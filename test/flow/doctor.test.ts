/** What the bridge learns of Bevy, its secrets and its fields: over restarts, kills and a real receiver. */

import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { connectAdmin } from '../../src/admin/client.ts'
import type { IndexedDelivery } from '../../src/core/types.ts'
import { openDoctor, readLearnt, type Doctor } from '../../src/doctor/doctor.ts'
import { recordsOf, toSeen } from '../../src/doctor/records.ts'
import { contentHash } from '../../src/core/records/exact-json.ts'
import { post } from '../kit/bridge-process.ts'
import { createHandClock, settleAll, type HandClock } from '../kit/clock.ts'
import { createMemoryLog } from '../kit/log.ts'
import { createMemoryStore, type MemoryStore } from '../kit/memory-store.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { closeWholeBridges, openWhole, SECRET } from '../kit/faulty-bridge.ts'

const MINUTE = 60_000
const folders = useTemporaryFolders()
afterEach(closeWholeBridges)

interface Life {
  readonly doctor: Doctor
  readonly log: ReturnType<typeof createMemoryLog>
  /** A delivery was stored, answered 200 and indexed. */
  take(data: { readonly id: number }): Promise<void>
  /** One was closed. */
  close(data: { readonly id: number }, simulated?: boolean): void
}

async function begin(clock: HandClock, store: MemoryStore, secrets: () => readonly string[] = () => []): Promise<Life> {
  let indexed: (seq: number) => void = () => {}
  const deliveries: IndexedDelivery[] = []
  const log = createMemoryLog()
  const index = {
    onIndexed(fn: (seq: number, firstSeen: readonly string[]) => void) {
      indexed = (seq) => fn(seq, [])
      return () => {}
    },
    read: async (seq: number) => deliveries[seq - 1],
  }
  const doctor = await openDoctor({ store, index, clock, log, secrets })
  return {
    doctor,
    log,
    async take(data) {
      const key = `event:${data.id}`
      const record = { type: 'event', id: String(data.id), key, data, hash: contentHash(data), version: null }
      const seq = deliveries.length + 1
      const records = [{ ...record, position: { seq, n: 1 }, verdict: 'accepted' as const }]
      deliveries.push({ seq, receivedAt: clock.now(), records })
      indexed(seq)
      await settleAll()
    },
    close(data, simulated = false) {
      doctor.hears.refused({ answer: 'close', took: 0, body: { bytes: bodyOf(data), simulated } })
    },
  }
}

function bodyOf(data: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify([{ type: 'event', data: [data] }]))
}

describe('repeats', () => {
  it('are known again whether refused or taken, also over a clean restart', async () => {
    const clock = createHandClock()
    const store = createMemoryStore()
    let life = await begin(clock, store)
    for (const id of [1, 2, 3]) {
      life.close({ id })
      await clock.advance(10 * MINUTE)
      life.close({ id })
      await life.doctor.close()
      life = await begin(clock, store)
      await clock.advance(20 * MINUTE)
      life.close({ id })
      await clock.advance(40 * MINUTE)
      await life.take({ id })
    }
    const rule = await life.doctor.rule()
    expect(rule).toMatchObject({
      delays: { state: 'sure', value: 'exponential', seen: 3 },
      reading: { state: 'open' },
      answers: { closed: { repeated: 3, silent: 0 } },
      open: 0,
    })
    await life.doctor.close()
    const at = { store, clock, log: createMemoryLog(), secrets: async () => [] }
    expect(await readLearnt(at).rule()).toMatchObject({ ...rule, watching: expect.any(Number) })
    expect([...store.data.keys()].sort()).toEqual(['doctor:fields', 'doctor:repeats', 'doctor:secrets'])
    const kept = [...store.data.values()].map((bytes) => Buffer.from(bytes).toString()).join()
    expect(kept).not.toMatch(/event:\d/)
  })

  it('that a kill has forgotten say nothing wrong', async () => {
    const clock = createHandClock()
    const store = createMemoryStore()
    let life = await begin(clock, store)
    life.close({ id: 1 })
    await clock.advance(10 * MINUTE)
    life.close({ id: 1 })
    // Not on disk yet: nobody closes it.
    life = await begin(clock, store)
    await clock.advance(20 * MINUTE)
    life.close({ id: 1 })
    await clock.advance(40 * MINUTE)
    await life.take({ id: 1 })
    const { delays, laws } = await life.doctor.rule()
    expect([delays.state, laws]).toEqual(['open', { exponential: 0, linear: 0, literal: 0 }])
  })

  it('are measured by time that passes, not by a clock that is set', async () => {
    const clock = createHandClock()
    const life = await begin(clock, createMemoryStore())
    for (const wait of [10, 20, 40]) {
      life.close({ id: 1 })
      clock.jump(5 * MINUTE)
      await clock.advance(wait * MINUTE)
    }
    await life.take({ id: 1 })
    expect((await life.doctor.rule()).laws.exponential).toBe(1)
    expect(life.doctor.jumped()).toBe(15 * MINUTE)
  })

  it('of a simulation are no news, and of bodies that were not read cannot be known', async () => {
    const life = await begin(createHandClock(), createMemoryStore())
    life.close({ id: 1 }, true)
    life.doctor.hears.refused({ answer: 'close', took: 0 })
    life.doctor.hears.refused({ answer: 'close', took: 0, body: { bytes: Buffer.from('{'), simulated: false } })
    expect(await life.doctor.rule()).toMatchObject({ open: 0, unread: 2 })
  })

  it('survive a store that fails, with one line of the log for each kind', async () => {
    const clock = createHandClock()
    const store = createMemoryStore()
    store.before = () => {
      throw new Error('full')
    }
    const life = await begin(clock, store)
    life.close({ id: 1 })
    await clock.advance(5 * MINUTE)
    life.close({ id: 2 })
    await clock.advance(5 * MINUTE)
    store.before = undefined
    life.close({ id: 3 })
    await clock.advance(5 * MINUTE)
    expect(life.log.lines.filter(({ event }) => event === 'what was learnt could not be kept')).toHaveLength(2)
    expect(store.data.has('doctor:repeats')).toBe(true)
  })

  it('know a record whether it is read from a body or from the index', () => {
    const data = { id: 7, title: 'x' }
    const [record] = recordsOf({ bytes: bodyOf(data) })
    expect(record).toEqual(toSeen('event:7', contentHash(data)))
  })
})

describe('a probe', () => {
  it('is on for one record, is kept, and is off after a kill with nothing lost', async () => {
    const clock = createHandClock()
    const store = createMemoryStore()
    let life = await begin(clock, store)
    const instead = (data: object) => life.doctor.hears.instead(() => ({ bytes: bodyOf(data), simulated: false }))
    expect(instead({ id: 1 })).toBeUndefined()
    life.doctor.startProbe({ plan: 'answers' })
    expect(() => life.doctor.startProbe({ plan: 'answers' })).toThrow('a probe is on already')
    expect(instead({ id: 1 })).toBe('close')
    expect(instead({ id: 2 })).toBeUndefined()
    await life.take({ id: 1 })
    await clock.advance(10 * MINUTE)
    expect(instead({ id: 1 })).toBe(503)
    await clock.advance(MINUTE)
    // A kill: nothing is closed.
    life = await begin(clock, store)
    expect(life.doctor.probe()).toBeUndefined()
    expect(instead({ id: 1 })).toBeUndefined()
    expect(await life.doctor.rule()).toMatchObject({ answers: { closed: { repeated: 1 } }, open: 1 })
  })

  it('that waits in vain is kept as what it says', async () => {
    const clock = createHandClock()
    const store = createMemoryStore()
    const { doctor } = await begin(clock, store)
    const instead = () => doctor.hears.instead(() => ({ bytes: bodyOf({ id: 1 }), simulated: false }))
    doctor.startProbe({ plan: 'answers' })
    instead()
    await clock.advance(10 * MINUTE)
    instead()
    await clock.advance(40 * MINUTE)
    expect(doctor.probe()).toMatchObject({ state: 'done', end: 'silence' })
    expect((await doctor.rule()).reading).toEqual({ state: 'likely', value: 'R3', seen: 1 })
    expect(doctor.endProbe()).toMatchObject({ end: 'silence' })
  })
})

describe('secrets', () => {
  it('keep the time of their last use over restarts and changes of the config', async () => {
    const clock = createHandClock()
    const store = createMemoryStore()
    let list = ['canary-new', 'canary-old']
    let life = await begin(clock, store, () => list)
    const start = clock.now()
    life.doctor.hears.used(1)
    await clock.advance(MINUTE)
    life.doctor.hears.used(0)
    await life.doctor.close()
    life = await begin(clock, store, () => list)
    const [fresh, old] = await life.doctor.secrets()
    expect([fresh, old]).toMatchObject([
      { place: 1, since: start, last: start + MINUTE },
      { place: 2, since: start, last: start },
    ])
    list = ['canary-newest', 'canary-new']
    await clock.advance(MINUTE)
    life.doctor.hears.used(1)
    const [newest, before] = await life.doctor.secrets()
    expect(newest).toEqual({ place: 1, fingerprint: expect.stringMatching(/^[0-9a-f]{6}$/), since: clock.now() })
    expect(before).toEqual({ ...fresh, place: 2, last: clock.now() })
    await life.doctor.close()
    expect([...store.data.values()].map((bytes) => Buffer.from(bytes).toString()).join()).not.toContain('canary')
    const at = { store, clock, log: createMemoryLog(), secrets: async () => list }
    expect(await readLearnt(at).secrets()).toEqual(await life.doctor.secrets())
  })
})

describe('a whole bridge', () => {
  it('notes what a full disk, a wrong header and a wrong path have closed, and which secret was used', async () => {
    const folder = folders()
    const receiver = { host: '127.0.0.1', port: 0, secrets: ['another', SECRET] }
    const full = { path: './data', minFree: '9000TB' }
    const { url, bridge } = await openWhole(folder, { receiver, storage: full })
    const send = (id: number, headers: Record<string, string> = { 'x-bevy-secret': SECRET }, to = url) =>
      post(to, bodyOf({ id }), headers)
    const answers = [
      await send(1),
      await send(2, { 'x-other': SECRET }),
      await send(3, undefined, url.replace('/bevy', '/else')),
      // A stranger's body is not looked at.
      await send(4, { 'x-bevy-secret': 'no' }),
    ]
    expect(answers).toEqual([undefined, undefined, undefined, undefined])
    const access = await connectAdmin({ host: '127.0.0.1', port: bridge.admin.port }, join(folder, 'data'))
    const report = await access?.doctor({})
    expect(report).toMatchObject({
      rule: { open: 3, unread: 0 },
      secrets: [{ place: 1 }, { place: 2, last: expect.any(Number) }],
    })
    expect(report?.secrets[0]).not.toHaveProperty('last')
    expect(report?.findings.map(({ about }) => about)).toEqual(['disk', 'alerts'])
    expect(JSON.stringify(report)).not.toMatch(/canary|another/)
  })
})
