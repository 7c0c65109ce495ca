/** The alerts' wiring: looks at the bridge, drift in what is indexed, the heartbeat. */

import { describe, expect, it } from 'vitest'
import { startFakeReceiver, type FakeHook } from '../../src/alerts/hooks.fake.ts'
import { startHeartbeat } from '../../src/alerts/heartbeat.ts'
import { watchDrift } from '../../src/alerts/drift-watch.ts'
import { testAlerts } from '../../src/app/alert-test.ts'
import { createAges } from '../../src/app/ages.ts'
import { openAlerting, type Watched } from '../../src/app/alerting.ts'
import { systemClock } from '../../src/clock.ts'
import type { Alert, HttpClient, HttpRequest, IndexReader, Journal, Recovery } from '../../src/core/ports.ts'
import type { Settings } from '../../src/core/settings.ts'
import type { IndexedDelivery, JsonObject } from '../../src/core/types.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { createHandClock, settleAll } from '../kit/clock.ts'
import { createMemoryLog } from '../kit/log.ts'
import { createMemoryStore } from '../kit/memory-store.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

function settingsTo(hook: FakeHook): Settings {
  const network = { allowHttp: true, allowPrivateNetworks: true }
  return {
    storage: { minFree: 100 },
    secretValues: [],
    alerts: {
      channels: { hook: { kind: 'webhook', url: `${hook.url}/alerts`, secrets: [], ...network } },
      notify: {},
      rules: { interval: HOUR, perHour: 20, grace: MINUTE, remind: 24 * HOUR, late: HOUR, silence: 2 * HOUR },
    },
  } as unknown as Settings
}

describe('alerting', () => {
  it('sees by itself what waits too long, what fills up and what has fallen silent', async () => {
    await using hook = await startFakeReceiver(undefined)
    const clock = createHandClock()
    const settings = settingsTo(hook)
    let free = 1000
    let appended = (): void => {}
    const journal = {
      tail: 5,
      first: 1,
      read: async (seq: number) => ({ seq, bytes: new Uint8Array(), receivedAt: clock.now() - HOUR }),
      onAppend: (fn: () => void) => {
        appended = fn
        return () => {}
      },
    } as unknown as Journal
    const crm = {
      name: 'crm',
      plugin: 'x',
      state: 'waiting',
      cursor: { position: { seq: 5, n: 0 }, done: [] },
      counts: { sent: 7, dead: 0 },
    }
    const index = { indexed: 0, onIndexed: () => () => {} } as unknown as IndexReader
    const alerting = await openAlerting({
      store: createMemoryStore(),
      clock,
      log: createMemoryLog(),
      version: '0',
      metrics: createMetrics(() => Promise.reject(new Error('not asked'))),
      settings: () => settings,
      secrets: () => [],
    })
    await alerting.watch({
      supervisor: { status: async () => [crm] } as unknown as Watched['supervisor'],
      index,
      journal,
      gauge: { free: () => free, enough: () => true },
      ages: createAges({ journal, index, now: clock.now }),
      receives: () => true,
    })
    const told = (): string[] =>
      hook.taken.map(
        ({ json }) => `${String(json?.['type'])} ${(json?.['data'] as { cause: string } | undefined)?.cause}`,
      )
    await clock.advance(32 * MINUTE)
    await hook.seen(1)
    expect(told()).toEqual(['alert.raised destination:late'])
    free = 150
    await clock.advance(30_000)
    await hook.seen(2)
    expect(told()[1]).toBe('alert.raised disk:low')
    await clock.advance(HOUR)
    await hook.seen(3)
    expect(told()[2]).toBe('alert.raised silence')
    appended()
    await clock.advance(30_000)
    await hook.seen(4)
    expect(told()[3]).toBe('alert.recovered silence')
    await alerting.close()
    expect(hook.problems).toEqual([])
  })
})

describe('ages', () => {
  it('tell the oldest that waits, and read a delivery once', async () => {
    const reads: number[] = []
    const read = async (seq: number) => {
      reads.push(seq)
      return { seq, receivedAt: seq * 1000 }
    }
    const journal = { tail: 9, first: 3, read } as unknown as Journal
    const index = { indexed: 4, read } as unknown as IndexReader
    const ages = createAges({ journal, index, now: () => 20_000 })
    expect(await ages({ name: 'a', seq: 10 })).toEqual({ deliveries: 0, age: null })
    expect(await ages({ name: 'a', seq: 10, oldest: 15_000 })).toEqual({ deliveries: 0, age: 5_000 })
    expect(await ages({ name: 'a', seq: 8 })).toEqual({ deliveries: 2, age: 12_000 })
    expect(await ages({ name: 'a', seq: 8, oldest: 1_000 })).toEqual({ deliveries: 2, age: 19_000 })
    // Before the first that is kept.
    expect(await ages({ name: 'b', seq: 1 })).toEqual({ deliveries: 7, age: 17_000 })
    expect(await ages({ name: 'c', seq: undefined })).toEqual({ deliveries: 0, age: null })
    expect(reads).toEqual([8, 3])
  })
})

describe('drift', () => {
  const rules = { missing: 5, deliveries: 2, known: 10 }

  function bench(data = new Map<string, Uint8Array>()) {
    const clock = createHandClock()
    const deliveries = new Map<number, IndexedDelivery>()
    let listener = (_seq: number): void => {}
    const index = {
      onIndexed: (fn: (seq: number) => void) => {
        listener = fn
        return () => {}
      },
      read: async (seq: number) => deliveries.get(seq),
    } as unknown as IndexReader
    const heard: string[] = []
    const alerts = {
      raise: ({ cause, subject, message }: Alert) => void heard.push(`raised ${cause} ${subject}: ${message}`),
      recovered: ({ cause, subject }: Recovery) => void heard.push(`recovered ${cause} ${subject}`),
    }
    const start = () =>
      watchDrift({ store: createMemoryStore(data), index, clock, log: createMemoryLog(), alerts, rules })
    const deliver = async (records: readonly JsonObject[], type = 'attendee', wait = 1000): Promise<void> => {
      const seq = deliveries.size + 1
      const indexed = records.map((record, n) => ({
        type,
        id: String(n),
        key: `${type}:${n}`,
        data: record,
        position: { seq, n },
        verdict: 'accepted',
        version: null,
        hash: '',
      }))
      deliveries.set(seq, { seq, receivedAt: clock.now(), records: indexed } as unknown as IndexedDelivery)
      listener(seq)
      await settleAll()
      await clock.advance(wait)
    }
    return { start, deliver, heard, data, clock }
  }
  const attendees = (count: number, email: string | null): JsonObject[] =>
    Array.from({ length: count }, () => ({ email }))

  it('is raised with the field and the time, over when the field comes again, and known after a restart', async () => {
    const first = bench()
    const watch = await first.start()
    await first.deliver(attendees(12, 'x@example.org'))
    await first.deliver(attendees(3, null))
    await watch.close()
    const second = bench(first.data)
    const again = await second.start()
    await second.deliver(attendees(3, null))
    expect(second.heard).toEqual([
      expect.stringMatching(
        /^raised drift attendee\.email: `email` is missing in all records of type attendee since 2026-03-01 00:00Z;/,
      ),
    ])
    await second.deliver(attendees(1, 'x@example.org'))
    expect(second.heard.slice(1)).toEqual(['recovered drift attendee.email'])
    await again.close()
  })

  it('samples a flood, and looks at types it knows only', async () => {
    const { start, deliver, heard, data } = bench()
    const watch = await start()
    for (let i = 0; i < 10; i++) await deliver(attendees(2, 'x'), 'attendee', 1)
    await deliver(attendees(12, 'x'), 'sponsor')
    await watch.close()
    expect(heard).toEqual([])
    const kept = JSON.parse(new TextDecoder().decode(data.get('alerting:drift'))) as {
      types: { type: string; seen: number }[]
    }
    expect(kept.types.map(({ type }) => type)).toEqual(['attendee'])
    expect(kept.types[0]?.seen).toBeLessThan(20)
  })
})

describe('heartbeat', () => {
  it('asks while all is well, and only logs its own failures', async () => {
    const clock = createHandClock()
    const log = createMemoryLog()
    const asked: HttpRequest[] = []
    let status = 200
    let well = true
    const http = {
      request: async (request: HttpRequest) => {
        asked.push(request)
        return { status }
      },
      close: async () => {},
    } as unknown as HttpClient & { close(): Promise<void> }
    const end = startHeartbeat(
      { url: 'https://hc.example.org/x', every: MINUTE },
      { http, clock, log, well: async () => well },
    )
    await clock.advance(3 * MINUTE)
    expect(asked.map(({ url, method }) => [url, method])).toEqual(
      Array.from({ length: 4 }, () => ['https://hc.example.org/x', undefined]),
    )
    status = 500
    await clock.advance(5 * MINUTE)
    expect(log.lines.filter(({ event }) => event === 'heartbeat failed')).toHaveLength(1)
    status = 200
    await clock.advance(MINUTE)
    expect(log.lines.at(-1)?.event).toBe('heartbeat taken again')
    const before = asked.length
    well = false
    await clock.advance(5 * MINUTE)
    expect(asked.length).toBe(before)
    await end()
    expect(clock.next()).toBeUndefined()
  })
})

describe('alerts test', () => {
  it('tries each channel once and says what came back', async () => {
    await using hook = await startFakeReceiver(undefined)
    const settings = settingsTo(hook)
    const deps = { clock: systemClock, log: createMemoryLog(), version: '0', signal: new AbortController().signal }
    expect(await testAlerts(settings, ['hook'], deps)).toEqual([{ channel: 'hook', kind: 'webhook', ok: true }])
    expect(hook.taken[0]?.json).toMatchObject({ type: 'alert.test' })
    hook.script.push({ status: 503 })
    expect(await testAlerts(settings, ['hook'], deps)).toEqual([
      { channel: 'hook', kind: 'webhook', ok: false, reason: 'answered 503' },
    ])
    expect(hook.problems).toEqual([])
  })
})
