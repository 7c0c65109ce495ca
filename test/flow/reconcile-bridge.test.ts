/** The whole bridge with access to Bevy's REST API: what destinations are sent of what was fetched, and what not. */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectAdmin } from '../../src/admin/client.ts'
import { startFakeBevy, type FakeBevy } from '../../src/bevy-api/bevy.fake.ts'
import type { BridgeAccess } from '../../src/core/dispatch/actions.ts'
import { post } from '../kit/bridge-process.ts'
import { closeWholeBridges, openWhole, SECRET, type WholeBridge } from '../kit/faulty-bridge.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
let fake: FakeBevy
let folder: string
let whole: WholeBridge
let bridge: BridgeAccess

const config = () => ({
  admin: { port: 0 },
  bevy: {
    api: fake.api,
    token: fake.token,
    rate: { limit: 1000, per: '1s' },
    allowHttp: true,
    allowPrivateNetworks: true,
  },
  destinations: {
    every: {
      plugin: 'csv',
      start: 'beginning',
      batch: { wait: '1ms' },
      options: {
        path: 'out/every.csv',
        columns: { key: { path: 'record.id' }, type: 'type', title: 'event.title', status: 'record.status' },
      },
    },
    latest: {
      plugin: 'csv',
      start: 'beginning',
      mode: 'latest',
      batch: { wait: '1ms' },
      options: {
        path: 'out/latest.csv',
        columns: { key: { path: 'record.id' }, type: 'type', status: 'record.status' },
      },
    },
  },
  routes: [{ name: 'published', when: { event: { status: 'Published' } }, to: ['every', 'latest'] }],
})

const begin = async (): Promise<void> => {
  whole = await openWhole(folder, config())
  const found = await connectAdmin({ host: '127.0.0.1', port: whole.bridge.admin.port }, join(folder, 'data'))
  bridge = found as BridgeAccess
}
const rows = (name: string): string[] => {
  const file = join(folder, `out/${name}.csv`)
  if (!existsSync(file)) return []
  return parse<Record<string, string>>(readFileSync(file), { columns: true }).map(
    ({ type, key, status }) => `${type}:${key} ${status}`,
  )
}
/** All deliveries are indexed, and every destination has read them and has nothing to send. */
const quiet = async (): Promise<void> => {
  for (;;) {
    const { journal, destinations } = await bridge.status()
    if (
      journal.indexed === journal.tail &&
      destinations.every(({ lag, retrying }) => lag.deliveries === 0 && retrying === 0)
    )
      return
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
const done = async (): Promise<void> => {
  for (;;) {
    const { run, last } = await bridge.reconciliation({})
    if (run === undefined && last !== undefined) return
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}
const delivers = (destination: string, count: number) =>
  whole.line(() => {
    const attempts = whole.log.lines.filter(
      ({ event, facts }) => event === 'attempt' && facts['destination'] === destination,
    )
    return attempts.reduce((sum, { facts }) => sum + Number(facts['delivered'] ?? 0), 0) >= count
  })
const webhook = async (type: string, data: object): Promise<void> => {
  expect(await post(whole.url, JSON.stringify([{ type, data: [data] }]), { 'x-bevy-secret': SECRET })).toBe(200)
}

beforeEach(async () => {
  fake = await startFakeBevy()
  folder = folders()
  const stamp = new Date().toISOString()
  fake.events.push({ id: 1, title: 'One', status: 'Published', created_ts: stamp, chapter: { id: 7 } })
  fake.attendees.push({ id: 5, event_id: 1, status: 'registered', created_date: stamp })
  fake.chapters.push({ id: 7, title: 'Berlin' })
  await begin()
})
afterEach(async () => {
  await closeWholeBridges()
  await fake.close()
})

describe('with access', () => {
  it('a job that waits for its event is sent as soon as that was fetched', async () => {
    await webhook('attendee', { id: 5, event_id: 1, status: 'registered' })
    await delivers('every', 2)
    await quiet()
    expect(rows('every').toSorted()).toEqual(['attendee:5 registered', 'event:1 Published'])
    expect(fake.requests.filter((path) => path.startsWith('/event/'))).toEqual(['/event/1/'])
    expect((await bridge.status()).reconcile).toMatchObject({ access: true, joins: { fetched: 1, waiting: 0 } })
  })

  it('a seed sends nothing: not now, not after a restart, not to whom reads from the beginning; a replay does', async () => {
    await bridge.seed({})
    await done()
    await quiet()
    await whole.close()
    await begin()
    await quiet()
    expect([rows('every'), rows('latest')]).toEqual([[], []])
    expect((await bridge.status()).unmatched).toEqual({})
    // Known from now on: the same is no news, another state is.
    const seeded = (await bridge.inspect({ key: 'attendee:5', data: true })).records[0]?.head?.data as object
    await webhook('attendee', seeded)
    await quiet()
    expect(rows('every')).toEqual([])
    await webhook('attendee', { ...seeded, status: 'checked-in' })
    await quiet()
    expect([rows('every'), rows('latest')]).toEqual([['attendee:5 checked-in'], ['attendee:5 checked-in']])
    await bridge.replay({ name: 'every', from: 'beginning', types: ['event'] })
    await delivers('every', 2)
    await quiet()
    expect(rows('every')).toEqual(['attendee:5 checked-in', 'event:1 Published'])
  })

  it('what a reconcile takes in is sent like anything else, once', async () => {
    await bridge.reconcile({})
    await done()
    await quiet()
    await bridge.reconcile({})
    await done()
    await quiet()
    expect(rows('every').toSorted()).toEqual(['attendee:5 registered', 'event:1 Published'])
    expect(rows('latest').toSorted()).toEqual(['attendee:5 registered', 'event:1 Published'])
    expect(fake.complaints).toEqual([])
  })

  it('what is asked of a store at rest begins with the next start', async () => {
    await whole.close()
    const { openOffline } = await import('../../src/app/offline.ts')
    const { createLoad } = await import('../../src/app/load.ts')
    const { goodSettings } = await import('../kit/config.ts')
    const { writeConfig } = await import('../kit/bridge-process.ts')
    const { systemClock } = await import('../../src/clock.ts')
    const file = writeConfig(folder, config())
    const settings = goodSettings(await createLoad({ cwd: folder, env: {} })([file]))
    expect(settings.secretValues).toContain(fake.token)
    const offline = await openOffline(settings, { clock: systemClock, log: whole.log, version: '0' })
    expect(await offline.reconcile({ types: ['event'] })).toMatchObject({ live: false })
    expect((await offline.status()).reconcile).toMatchObject({ run: { state: 'running', requests: 0 } })
    await offline.close()
    await begin()
    await done()
    await quiet()
    expect(rows('every')).toEqual(['event:1 Published'])
  })
})
