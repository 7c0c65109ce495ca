/** How unclean ends are counted, and what careful mode writes down. The deaths themselves: test/e2e/faults-deadly.test.ts. */

import { describe, expect, it } from 'vitest'
import { beginLife, type Life } from '../../src/app/lives.ts'
import type { Suspect } from '../../src/core/dispatch/careful.ts'
import { StoreError } from '../../src/core/errors.ts'
import type { Alert } from '../../src/core/ports.ts'
import { createHandClock, settleAll, type HandClock } from '../kit/clock.ts'
import { createMemoryLog, type MemoryLog } from '../kit/log.ts'
import { createMemoryStore, type MemoryStore } from '../kit/memory-store.ts'
import { thrownBy } from '../kit/thrown.ts'

interface Lived {
  readonly life: Life
  readonly clock: HandClock
  readonly log: MemoryLog
  readonly alerts: Alert[]
  readonly store: MemoryStore
}

/** One life after the other over the same data; a kill is to go on with the next. */
function lives() {
  const { data } = createMemoryStore()
  return async (): Promise<Lived> => {
    const store = createMemoryStore(data)
    const [clock, log, alerts] = [createHandClock(), createMemoryLog(), [] as Alert[]]
    const life = await beginLife({ store, clock, log, alerts: { raise: (alert) => void alerts.push(alert) } })
    return { life, clock, log, alerts, store }
  }
}

const send = (slot: string, seq: number): Suspect => ({ state: 'send', slot, position: { seq, n: 1 } })
const body = (seq: number): Suspect => ({ state: 'body', seq })
const forever = () => new Promise<never>(() => {})

/** Lives until it is killed while this suspect is under way; those in `before` end well. */
async function dieOf(next: () => Promise<Lived>, suspect: Suspect, ...before: Suspect[]): Promise<Lived> {
  const lived = await next()
  for (const other of before) await lived.life.careful.turn(other, async () => {})
  void lived.life.careful.turn(suspect, forever)
  await settleAll()
  return lived
}

describe('ordinary life', () => {
  it('writes at its begin and its end, and nothing for a job', async () => {
    const { life, store } = await lives()()
    expect(life.careful.on).toBe(false)
    for (let seq = 1; seq < 100; seq++) await life.careful.turn(send('crm', seq), async () => {})
    await life.end()
    expect(store.commits.map((ops) => ops.map(({ key }) => key))).toEqual([['meta:starts'], ['meta:starts']])
  })

  it.each<[string, boolean, (lived: Lived) => Promise<void>]>([
    ['a kill', true, async () => {}],
    ['a clean stop', false, ({ life }) => life.end()],
    ['a minute of life, then a kill', false, ({ clock }) => clock.advance(60_000)],
    ['a kill before the minute is over', true, ({ clock }) => clock.advance(59_999)],
    ['a start that failed', false, ({ life }) => life.undo()],
  ])('after %s a careful one follows at the second time: %s', async (_, careful, end) => {
    const next = lives()
    await next()
    for (const expected of [false, careful]) {
      const lived = await next()
      expect(lived.life.careful.on).toBe(expected)
      if (!expected) await end(lived)
    }
  })

  it('a start that failed neither adds to the count nor takes from it', async () => {
    const next = lives()
    await next()
    await next()
    for (let n = 0; n < 5; n++) await (await next()).life.undo()
    expect((await next()).life.careful.on).toBe(true)
  })

  it('begins also when nothing can be written, or the count cannot be read', async () => {
    const store = createMemoryStore()
    await store.commit([{ op: 'set', key: 'meta:starts', value: { v: 'other' } }])
    store.before = () => {
      throw new StoreError('ERR_STORE_FULL', 'the disk is full')
    }
    const [clock, log] = [createHandClock(), createMemoryLog()]
    const life = await beginLife({ store, clock, log, alerts: { raise() {} } })
    await life.end()
    expect(log.lines.map(({ event }) => event)).toEqual([
      'the count of starts cannot be read and begins anew',
      'this start could not be noted',
      'this start could not be noted',
    ])
  })
})

describe('careful mode', () => {
  it('sets aside what three of its lives died of, whoever else was under way before', async () => {
    const next = lives()
    await next()
    await next()
    for (const n of [1, 2, 3]) {
      const { life } = await dieOf(next, send('crm', 7), body(n), send('relay', 7))
      expect(life.asideReason('crm')).toBeUndefined()
    }
    const { life, alerts, log } = await next()
    expect(life.asideReason('crm')).toContain('sending record 7.1 has ended the process 3 times')
    expect(life.asideReason('relay')).toBeUndefined()
    expect(alerts.map(({ cause, subject }) => [cause, subject])).toEqual([
      ['set-aside', 'crm'],
      ['unclean-ends', 'bridge'],
    ])
    expect(log.lines.find(({ level }) => level === 'error')).toMatchObject({
      event: 'destination set aside',
      facts: { destination: 'crm', position: '7.1', deaths: 3 },
    })
  })

  it('sets nobody aside for kills from outside that hit another one each time', async () => {
    const next = lives()
    await next()
    await next()
    for (let seq = 1; seq < 20; seq++) {
      const { life } = await dieOf(next, send('crm', seq))
      expect(life.asideReason('crm')).toBeUndefined()
    }
  })

  it('keeps a body closed for good, a destination until a person has looked', async () => {
    const next = lives()
    await next()
    await next()
    for (let n = 0; n < 3; n++) await dieOf(next, send('crm', 7))
    for (let n = 0; n < 3; n++) await dieOf(next, body(9))
    const second = await next()
    expect(second.life.asideReason('crm')).toBeDefined()
    expect(await second.store.get('aside:0000000000:0000000000009')).toMatchObject({ seq: 9, deaths: 3 })
    // However long it lives and however it ends: killed, the destination stays as it is.
    await second.clock.advance(3_600_000)
    const third = await next()
    expect(third.life.asideReason('crm')).toBeDefined()
    third.life.forgive('crm')
    await settleAll()
    const fourth = await next()
    expect(fourth.life.asideReason('crm')).toBeUndefined()
    expect(await fourth.store.get('aside:0000000000:0000000000009')).toBeDefined()
  })

  it('takes a clean stop for a look', async () => {
    const next = lives()
    await next()
    await next()
    for (let n = 0; n < 3; n++) await dieOf(next, send('crm', 7))
    const set = await next()
    expect(set.life.asideReason('crm')).toBeDefined()
    await set.life.end()
    expect((await next()).life.asideReason('crm')).toBeUndefined()
  })

  it('a clean stop that broke a send off was no death of it', async () => {
    const next = lives()
    await next()
    await next()
    for (let n = 0; n < 3; n++) {
      const { life } = await dieOf(next, send('crm', 7))
      await life.end()
      await next()
      await next()
    }
    expect((await next()).life.asideReason('crm')).toBeUndefined()
  })

  it('does one thing at a time; one that hangs lets the others go after five seconds', async () => {
    const next = lives()
    await next()
    await next()
    const { life, clock, store } = await next()
    const began: string[] = []
    const first = Promise.withResolvers<void>()
    void life.careful.turn(body(1), () => (began.push('body'), first.promise))
    void life.careful.turn(send('crm', 1), () => (began.push('crm'), forever()))
    void life.careful.turn(send('relay', 1), async () => void began.push('relay'))
    await settleAll()
    expect([began, [...store.data.keys()].filter((key) => key.startsWith('careful:'))]).toMatchObject([
      ['body'],
      { length: 1 },
    ])
    first.resolve()
    await settleAll()
    expect(began).toEqual(['body', 'crm'])
    await clock.advance(5_000)
    expect(began).toEqual(['body', 'crm', 'relay'])
    // What hangs keeps its note.
    expect([...store.data.keys()].filter((key) => key.startsWith('careful:'))).toHaveLength(1)
    await clock.advance(55_000)
    expect(life.careful.on).toBe(false)
  })

  it('touches nothing that could not be noted', async () => {
    const next = lives()
    await next()
    await next()
    const { life, store } = await next()
    store.before = () => {
      throw new StoreError('ERR_STORE_FULL', 'the disk is full')
    }
    let touched = false
    expect(await thrownBy(life.careful.turn(body(1), async () => void (touched = true)))).toMatchObject({
      code: 'ERR_STORE_FULL',
    })
    expect(touched).toBe(false)
    store.before = undefined
    await life.careful.turn(body(1), async () => void (touched = true))
    expect(touched).toBe(true)
  })
})
