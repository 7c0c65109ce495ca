/** Faults of the ground, as the whole bridge bears them: what Bevy is answered, what is said, and that it goes on by itself. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, describe, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import type { FaultStep } from '../../src/storage/sqlite/protocol.ts'
import { post } from '../kit/bridge-process.ts'
import type { FaultEffect } from '../kit/storage-faults.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { closeWholeBridges, createFastClock, openWhole, SECRET, type WholeBridge } from '../kit/faulty-bridge.ts'

const folders = useTemporaryFolders()
afterEach(closeWholeBridges)

const user = (id: number, more: object = {}): string => JSON.stringify([{ type: 'user', data: [{ id, ...more }] }])
const send = (whole: WholeBridge, body: string) => post(whole.url, body, { 'x-bevy-secret': SECRET })
const csv = { plugin: 'csv', batch: { wait: '1ms' }, options: { path: 'out/all.csv', columns: { id: 'record.id' } } }
const idsIn = (folder: string): number[] =>
  parse<{ id: string }>(readFileSync(join(folder, 'out/all.csv')), { columns: true }).map(({ id }) => Number(id))
/** Resolves when so many jobs have been delivered there. */
async function delivers(whole: WholeBridge, destination: string, count: number): Promise<void> {
  await whole.line(() => {
    const attempts = whole.log.lines.filter(
      ({ event, facts }) => event === 'attempt' && facts['destination'] === destination,
    )
    return attempts.reduce((sum, { facts }) => sum + Number(facts['delivered'] ?? 0), 0) >= count
  })
}
const health = async (whole: WholeBridge): Promise<number> => {
  const answer = await fetch(new URL('/healthz', whole.url))
  await answer.arrayBuffer()
  return answer.status
}

/** Sends until it is taken; returns how often it was refused before. */
async function untilTaken(whole: WholeBridge, body: string): Promise<number> {
  for (let refused = 0; ; refused++) {
    const answer = await send(whole, body)
    if (answer === 200) return refused
    expect(answer).toBeUndefined()
  }
}

describe('a disk that refuses', () => {
  it.each<[FaultStep, FaultEffect, string]>([
    ['write', 'io', 'ERR_STORE_IO'],
    ['commit', 'io', 'ERR_STORE_IO'],
    ['begin', 'full', 'ERR_STORE_FULL'],
    ['commit', 'exit', 'ERR_STORE_IO'],
    ['open', 'io', 'ERR_STORE_IO'],
  ])(
    '%s fails with %s: closed connections, a line that says why, and it goes on by itself',
    async (step, effect, code) => {
      const folder = folders()
      const whole = await openWhole(folder, {
        destinations: { export: csv },
        routes: [{ name: 'all', to: ['export'] }],
      })
      expect(await send(whole, user(1))).toBe(200)
      await delivers(whole, 'export', 1)
      // It is opened anew only after something else went wrong.
      if (step === 'open') whole.faults.arm('commit', effect, { next: 'open' })
      else whole.faults.arm(step, effect, { always: true })
      // A page at least, so that a database at its limit cannot take it.
      const big = user(2, { text: 'x'.repeat(20_000) })
      expect(await send(whole, big)).toBeUndefined()
      expect(await health(whole)).toBe(200)
      const line = await whole.line(({ event, facts }) => event === 'request' && facts['reason'] === 'append-failed')
      expect(line).toMatchObject({ level: 'error', facts: { answer: 'closed' }, error: { code } })
      whole.faults.disarm()
      await untilTaken(whole, big)
      expect(await send(whole, user(3))).toBe(200)
      await delivers(whole, 'export', 3)
      await whole.close()
      // What was refused and stored all the same comes twice from Bevy; it is no new state.
      expect(idsIn(folder)).toEqual([1, 2, 3])
    },
  )

  it('is waited out by what is under way: sent, but its end cannot be written', async () => {
    await using fake = await startFakeReceiver()
    const folder = folders()
    const relay = { plugin: 'webhook', options: { url: `${fake.url}/in`, allowPrivateNetworks: true } }
    const clock = createFastClock(20)
    const config = { destinations: { relay }, routes: [{ name: 'all', to: ['relay'] }] }
    const whole = await openWhole(folder, config, { clock })
    fake.fallback = () => {
      whole.faults.arm('write', 'io', { always: true })
      return { status: 200 }
    }
    expect(await send(whole, user(1))).toBe(200)
    await whole.line(({ event }) => event === 'flush failed')
    expect(await send(whole, user(2))).toBeUndefined()
    fake.fallback = () => ({ status: 200 })
    whole.faults.disarm()
    await whole.line(({ event }) => event === 'flush works again')
    await untilTaken(whole, user(2))
    await fake.takes(2)
    await whole.close()
    expect(fake.taken.map(({ json }) => (json as { data: { id: number } }).data.id)).toEqual([1, 2])
  })
})

describe('a full disk at the start', () => {
  it('keeps nobody from receiving: what is only written for people may be missing', async () => {
    const folder = folders()
    // Nothing can be written under this name, as on a full disk.
    mkdirSync(join(folder, 'data/admin-address'), { recursive: true })
    const whole = await openWhole(folder, { destinations: {}, routes: [] })
    expect(await send(whole, user(1))).toBe(200)
    expect(whole.log.lines).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'the address of the admin API could not be written' }),
    )
    await whole.close()
  })
})

describe('an exports folder that takes nothing', () => {
  it('pauses its destination, others go on, and it resumes by itself when it is mended', async () => {
    await using fake = await startFakeReceiver()
    const folder = folders()
    // Root may write anywhere, but not into a file.
    writeFileSync(join(folder, 'out'), '')
    const relay = { plugin: 'webhook', options: { url: `${fake.url}/in`, allowPrivateNetworks: true } }
    const config = { destinations: { export: csv, relay }, routes: [{ name: 'all', to: ['export', 'relay'] }] }
    // The first probe comes after 30 s.
    const whole = await openWhole(folder, config, { clock: createFastClock(60) })
    for (const id of [1, 2, 3]) expect(await send(whole, user(id))).toBe(200)
    const paused = await whole.line(({ event }) => event === 'destination paused')
    expect(paused).toMatchObject({
      level: 'error',
      facts: { destination: 'export', reason: expect.stringContaining('a file stands where a folder is needed') },
    })
    await fake.takes(3)
    rmSync(join(folder, 'out'))
    await whole.line(({ event }) => event === 'destination resumed')
    expect(await send(whole, user(4))).toBe(200)
    await delivers(whole, 'export', 4)
    await whole.close()
    expect(idsIn(folder)).toEqual([1, 2, 3, 4])
  })
})

describe('a wall clock that jumps', () => {
  it('changes no order, and neither ends nor stretches a retry', async () => {
    // No clock of the fake's own could follow.
    await using fake = await startFakeReceiver({ now: () => Number.NaN })
    const folder = folders()
    const clock = createFastClock(20)
    const relay = {
      plugin: 'webhook',
      retry: { for: '1h', delay: '4s', factor: 1, maxDelay: '4s' },
      options: { url: `${fake.url}/in`, allowPrivateNetworks: true },
    }
    const day = 86_400_000
    let tries = 0
    fake.fallback = () => {
      clock.jump([40 * day, -80 * day, 3 * day][tries % 3] as number)
      return { status: ++tries < 7 ? 503 : 200 }
    }
    const config = { destinations: { relay, export: csv }, routes: [{ name: 'all', to: ['relay', 'export'] }] }
    const whole = await openWhole(folder, config, { clock })
    const began = clock.monotonic()
    for (let rev = 1; rev <= 4; rev++) {
      expect(await send(whole, user(1, { rev }))).toBe(200)
      clock.jump(rev % 2 === 0 ? -5 * day : 5 * day)
    }
    await fake.takes(10)
    await delivers(whole, 'relay', 4)
    await delivers(whole, 'export', 4)
    const took = clock.monotonic() - began
    await whole.close()
    const revs = fake.taken.map(({ json }) => (json as { data: { rev: number } }).data.rev)
    expect(revs).toEqual([1, 1, 1, 1, 1, 1, 1, 2, 3, 4])
    expect(whole.log.lines.filter(({ event }) => event === 'dead letter')).toEqual([])
    // Six waits of at most 4 s, at 20 times the speed; days would show.
    expect(took).toBeLessThan(20 * 60_000)
    expect(idsIn(folder)).toEqual([1, 1, 1, 1])
  })
})
