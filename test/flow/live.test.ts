import { describe, expect, it } from 'vitest'
import csv from '../../plugins/csv/index.ts'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import webhook from '../../plugins/webhook/index.ts'
import { checkLive, tryOut } from '../../src/app/live.ts'
import { systemClock } from '../../src/clock.ts'
import { inventSample } from '../../src/core/bevy/sample.ts'
import type { DestinationSettings, Settings } from '../../src/core/settings.ts'
import { destination } from '../kit/dispatch-bench.ts'
import { createMemoryLog } from '../kit/log.ts'

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
let ticks = 0
const clock = { ...systemClock, now: () => Date.now() + ticks++ }
const deps = { clock, log: createMemoryLog(), version: '0', signal: new AbortController().signal }

const relayTo = (url: string): DestinationSettings =>
  destination('relay', {
    mode: 'every',
    plugin: webhook,
    options: webhook.options.parse({ url, secrets: [secret], allowPrivateNetworks: true }),
  })
const settings = (...destinations: DestinationSettings[]): Settings =>
  ({
    timezone: 'UTC',
    tables: new Map(),
    baseDir: '/nowhere',
    secretValues: [secret],
    destinations,
  }) as unknown as Settings

describe('a try', () => {
  it('shows the request and sends nothing', async () => {
    await using receiver = await startFakeReceiver()
    const relay = relayTo(receiver.url)
    const report = await tryOut(settings(relay), relay, { sample: 'attendee.checked-in', live: false }, deps)
    expect(report).toMatchObject({
      destination: 'relay',
      preview: [{ method: 'POST', body: { type: 'attendee.checked_in' } }],
    })
    expect(report).not.toHaveProperty('outcome')
    expect(JSON.stringify(report)).not.toContain(secret)
    expect(receiver.taken).toEqual([])
  })

  it('live: sends it, signed, with a new id each time, and says what came back', async () => {
    await using receiver = await startFakeReceiver({ secrets: [secret], refusesDuplicates: true })
    const relay = relayTo(receiver.url)
    const ask = { sample: 'event', live: true }
    expect(await tryOut(settings(relay), relay, ask, deps)).toMatchObject({ outcome: 'delivered' })
    expect(await tryOut(settings(relay), relay, ask, deps)).toMatchObject({ outcome: 'delivered' })
    expect([receiver.taken.length, receiver.problems]).toEqual([2, []])
    receiver.script.push({ status: 422 }, { status: 401 })
    expect(await tryOut(settings(relay), relay, ask, deps)).toMatchObject({ outcome: 'reject' })
    expect(await tryOut(settings(relay), relay, ask, deps)).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining('401'),
    })
  })

  it('knows no such sample', async () => {
    const relay = relayTo('https://hooks.example.org')
    expect(await tryOut(settings(relay), relay, { sample: 'attendee.vanished', live: false }, deps)).toBeUndefined()
  })
})

describe('a sample', () => {
  it.each([
    'attendee',
    'attendee.checked-in',
    'attendee.deleted',
    'event',
    'event.draft',
    'event.canceled',
    'chapter',
    'chaptermember',
    'user',
  ])('%s is there, with what it refers to', (name) => {
    const sample = inventSample(name, 1_800_000_000_000)
    const [type, status] = name.split('.')
    expect(sample?.record).toMatchObject({ type })
    if (status !== undefined) expect(String(sample?.record.data['status']).toLowerCase()).toBe(status)
    if (type === 'attendee')
      expect([...(sample?.heads.values() ?? [])].map((head) => head.type).sort()).toEqual(['chapter', 'event', 'user'])
  })
})

describe('a live check', () => {
  it('asks each destination, and one that is not well keeps no other from answering', async () => {
    await using receiver = await startFakeReceiver()
    const toCsv = destination('export', { mode: 'every', plugin: csv, options: csv.options.parse({ path: 'x.csv' }) })
    const gone = { ...relayTo('http://127.0.0.1:9'), name: 'gone' }
    const all = { ...settings(relayTo(receiver.url), gone, toCsv), baseDir: import.meta.dirname }
    const checks = await checkLive(all, deps)
    expect(checks).toMatchObject([
      { name: 'relay', checked: true, problems: [] },
      { name: 'gone', checked: true, problems: [expect.stringContaining('refused')] },
      { name: 'export', checked: true, problems: [] },
    ])
    expect(receiver.taken).toEqual([])
  })
})
