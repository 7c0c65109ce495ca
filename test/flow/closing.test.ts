/** A destination that ends while something else goes on: a reload, a stop, a store that takes no writes. */

import { describe, expect, it } from 'vitest'
import { delivered } from '../../src/core/plugin-contract.ts'
import { StoreError } from '../../src/core/errors.ts'
import { settleAll } from '../kit/clock.ts'
import { createBench, destination, type Bench } from '../kit/dispatch-bench.ts'

const user = (id: number) => ({ type: 'user', data: { id } })
const crm = (more: object = {}) => destination('crm', { mode: 'every', fingerprint: 'one', ...more })
const cursorOf = async (bench: Bench) =>
  ((await bench.store.get('cursor:crm')) as { position: object } | undefined)?.position

/** A bench with one send under way; `answer` ends it. */
async function benchAtWork(): Promise<{ bench: Bench; answer: () => void }> {
  const bench = createBench()
  await bench.apply([crm()])
  let answer = (): void => {}
  bench.scripts['crm'] = () => new Promise((resolve) => (answer = () => resolve([delivered()])))
  bench.index.index(user(1))
  await settleAll()
  expect(bench.got('crm')).toEqual(['user:1@1'])
  return { bench, answer: () => answer() }
}

const refuse = (): never => {
  throw new StoreError('ERR_STORE_FULL', 'full')
}

describe('a reload', () => {
  it('during a stop opens nothing: the destination that ends is the last to send', async () => {
    const { bench, answer } = await benchAtWork()
    const stopped = bench.supervisor.close(5000)
    await settleAll()
    const applied = bench.apply([crm({ fingerprint: 'two' })])
    await settleAll()
    answer()
    await Promise.all([stopped, applied])
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1'])
    expect(await cursorOf(bench)).toEqual({ seq: 2, n: 0 })
  })

  it('that drains does not hold up a stop: sends are broken off at its deadline', async () => {
    const { bench } = await benchAtWork()
    let broken = false
    bench.scripts['crm'] = (_jobs, signal) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () => {
          broken = true
          resolve([delivered()])
        }),
      )
    bench.index.index(user(2))
    await settleAll()
    const applied = bench.apply([crm({ fingerprint: 'two' })])
    await settleAll()
    const stopped = bench.supervisor.close(1000)
    await bench.clock.advance(999)
    expect(broken).toBe(false)
    await bench.clock.advance(1)
    expect(broken).toBe(true)
    // The send that ignores its signal is given up, as in any stop.
    await bench.clock.advance(1500)
    await Promise.all([stopped, applied])
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:2@2'])
  })

  it('waits for the books of the one before it, however long the store takes no writes', async () => {
    const { bench, answer } = await benchAtWork()
    bench.store.before = refuse
    answer()
    await settleAll()
    bench.scripts['crm'] = () => [delivered()]
    const applied = bench.apply([crm({ fingerprint: 'two' })])
    await bench.clock.advance(60_000)
    expect(bench.got('crm')).toEqual(['user:1@1'])
    bench.store.before = undefined
    await bench.clock.advance(15_000)
    await applied
    bench.index.index(user(2))
    await settleAll()
    expect(bench.got('crm')).toEqual(['user:1@1', 'user:2@2'])
  })
})

describe('a stop', () => {
  it('does not wait for a store that takes no writes; what was not written is decided again', async () => {
    const { bench, answer } = await benchAtWork()
    bench.store.before = refuse
    answer()
    await settleAll()
    const stopped = bench.supervisor.close(1000)
    await bench.clock.advance(1500)
    await stopped
    expect(await cursorOf(bench)).toEqual({ seq: 1, n: 0 })
  })
})
