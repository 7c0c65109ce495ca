import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import { seqKey } from '../../src/core/keys.ts'
import type { NewDelivery } from '../../src/core/ports.ts'
import type { RebuildProgress } from '../../src/core/dispatch/reports.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { rebuildIndex } from '../../src/indexer/rebuild.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { envelope, sampleBytes, sampleNames, toBody } from '../kit/bodies.ts'
import { createHandClock } from '../kit/clock.ts'
import { openIndexing } from '../kit/indexing.ts'
import { createMemoryLog } from '../kit/log.ts'
import { createMemoryStore, type MemoryStore } from '../kit/memory-store.ts'
import { thrownBy } from '../kit/thrown.ts'

const DERIVED = /^(?:index|head|mail|quarantine):|^meta:indexed$/

function documents(store: MemoryStore, which: (key: string) => boolean): [string, string][] {
  const decoder = new TextDecoder()
  return [...store.data]
    .filter(([key]) => which(key))
    .map(([key, value]) => [key, decoder.decode(value)] as [string, string])
    .sort()
}
const derived = (store: MemoryStore) => documents(store, (key) => DERIVED.test(key))
const kept = (store: MemoryStore) => documents(store, (key) => !DERIVED.test(key))

async function rebuild(
  store: MemoryStore,
  more: { readonly signal?: AbortSignal; progress?(progress: RebuildProgress): void } = {},
) {
  const log = createMemoryLog()
  const { signal = new AbortController().signal, progress = () => {} } = more
  return rebuildIndex({
    store,
    journal: await createJournal(store, { log }),
    clock: createHandClock(),
    signal,
    progress,
  })
}

/** What destinations and people keep: a rebuild must not touch a byte of it. */
const DECISIONS: readonly [string, JsonObject][] = [
  ['cursor:crm', { position: { seq: 3, n: 1 }, done: [], counts: {}, keepsSent: true }],
  ['destinations:crm', { slot: 'crm', plugin: 'webhook', createdAt: 0 }],
  ['dead:crm:1', { key: 'user:1' }],
  ['sent:crm:ab:abcd', { position: { seq: 1, n: 1 }, at: 0 }],
  ['exception:crm:2', { key: 'user:2' }],
]

async function filled(deliveries: readonly NewDelivery[]): Promise<MemoryStore> {
  const bridge = await openIndexing()
  const { store } = bridge
  await store.commit(DECISIONS.map(([key, value]) => ({ op: 'set', key, value })))
  await bridge.receive(...deliveries)
  await bridge.indexer.stop()
  return store
}

const at = Date.UTC(2026, 2, 1)
const delivery = (bytes: Uint8Array, more: Partial<NewDelivery> = {}): NewDelivery => ({
  bytes,
  receivedAt: at,
  ...more,
})
const users = (count: number) =>
  Array.from({ length: count }, (_, id) =>
    delivery(envelope('user', { id: id % 4, email: `u${id}@example.com`, rev: id })),
  )

const record = fc.record({
  type: fc.constantFrom('user', 'event', 'attendee', 'order'),
  data: fc.record(
    {
      id: fc.oneof(fc.integer({ min: 1, max: 4 }), fc.constant(null)),
      rev: fc.integer({ min: 0, max: 3 }),
      email: fc.constantFrom('a@example.com', 'B@example.com', 'c@example.com'),
      updated_ts: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2029-01-01T00:00:00Z', 'soon'),
    },
    { requiredKeys: ['id', 'rev'] },
  ),
})
const body = fc.oneof(
  { weight: 8, arbitrary: fc.array(record, { minLength: 1, maxLength: 4 }).map(toEnvelopes) },
  { weight: 1, arbitrary: fc.constantFrom(...sampleNames.filter((name) => !name.includes('bulk'))).map(sampleBytes) },
  { weight: 1, arbitrary: fc.constantFrom('no json', '[]', '{"a":1}').map((text) => new TextEncoder().encode(text)) },
)
const history = fc.array(
  fc.record({ bytes: body, asOf: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined, freq: 6 }) }),
  { minLength: 1, maxLength: 30 },
)

function toEnvelopes(records: readonly { type: string; data: object }[]): Uint8Array {
  return toBody(records.map(({ type, data }) => ({ type, data: [data] })))
}

describe('rebuild', () => {
  it('makes the same index again, to the byte, and touches nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(history, async (bodies) => {
        const store = await filled(
          bodies.map(({ bytes, asOf }, index) =>
            delivery(bytes, {
              receivedAt: at + index * 1000,
              // Never later than itself: a body is retried, or a record fetched, after the place it stands for.
              ...(asOf === undefined ? {} : { asOf: { seq: Math.min(asOf, index), n: 1 } }),
            }),
          ),
        )
        const before = [derived(store), kept(store)]
        const report = await rebuild(store)
        expect([derived(store), kept(store)]).toEqual(before)
        expect(report).toMatchObject({ finished: true, resumed: false, deliveries: bodies.length })
        const bridge = await openIndexing(store)
        expect(bridge.indexer.indexed).toBe(bodies.length)
      }),
      { numRuns: 60 },
    )
  })

  it('mends an index that is damaged in any of its parts', async () => {
    const store = await filled([...users(12), delivery(new TextEncoder().encode('no json'))])
    const before = derived(store)
    for (const [key] of before) {
      if (key.startsWith('mail') || key.endsWith('3')) store.data.delete(key)
      else if (key.startsWith('head')) store.data.set(key, new TextEncoder().encode('{"v":1}'))
    }
    store.data.delete('meta:indexed')
    expect(await thrownBy(openIndexing(store))).toMatchObject({ code: 'ERR_INDEX_DAMAGED' })
    await rebuild(store)
    expect(derived(store)).toEqual(before)
  })

  it('that was killed at any commit is refused by the bridge, and goes on to the same index', async () => {
    const bodies = [...users(70), delivery(sampleBytes('mixed-types-one-post.json'))]
    const whole = await filled(bodies)
    const before = [derived(whole), kept(whole)]
    const copy = () => createMemoryStore(new Map(whole.data))
    const undisturbed = copy()
    await rebuild(undisturbed)
    const commits = undisturbed.commits.length
    expect(commits).toBeGreaterThan(6)
    for (let kill = 1; kill <= commits; kill++) {
      const store = copy()
      let left = kill
      // Never settles, as after a kill.
      store.before = () => (--left > 0 ? undefined : new Promise(() => {}))
      void rebuild(store)
      while (left > 0) await new Promise((resolve) => setImmediate(resolve))
      const again = createMemoryStore(store.data)
      // Before its first commit nothing has happened.
      if (kill > 1) expect(await thrownBy(openIndexing(again))).toMatchObject({ code: 'ERR_INDEX_UNFINISHED' })
      expect(await rebuild(again)).toMatchObject({ finished: true, resumed: kill > 1, deliveries: 71 })
      expect([derived(again), kept(again)]).toEqual(before)
    }
  })

  it('ends when it is told to, and says that it is not finished', async () => {
    const store = await filled(users(300))
    const before = derived(store)
    const stop = new AbortController()
    const report = await rebuild(store, {
      signal: stop.signal,
      progress: ({ state }) => state === 'indexing' && stop.abort(),
    })
    expect(report.finished).toBe(false)
    expect(await thrownBy(openIndexing(store))).toMatchObject({ code: 'ERR_INDEX_UNFINISHED' })
    expect(await rebuild(store)).toMatchObject({ finished: true, resumed: true, deliveries: 300 })
    expect(derived(store)).toEqual(before)
  })

  it('refuses a journal that ends before the index, before anything is touched', async () => {
    const store = await filled(users(5))
    store.data.delete(seqKey('journal', 5))
    const before = [derived(store), kept(store)]
    expect(await thrownBy(rebuild(store))).toMatchObject({ code: 'ERR_JOURNAL_BEHIND' })
    expect([derived(store), kept(store)]).toEqual(before)
  })

  it('ends with the error of a delivery or a store that is damaged, and can be run again', async () => {
    const store = await filled(users(5))
    const before = derived(store)
    const key = seqKey('journal', 4)
    const entry = store.data.get(key) as Uint8Array
    store.data.set(key, entry.slice(0, -1))
    expect(await thrownBy(rebuild(store))).toMatchObject({ code: 'ERR_JOURNAL_DAMAGED' })
    store.data.set(key, entry)
    store.before = (ops) => {
      if (ops.some((op) => op.key === 'meta:indexed')) throw new StoreError('ERR_STORE_FULL', 'the disk is full')
    }
    expect(await thrownBy(rebuild(store))).toMatchObject({ code: 'ERR_STORE_FULL' })
    store.before = undefined
    expect(await rebuild(store)).toMatchObject({ finished: true, resumed: true })
    expect(derived(store)).toEqual(before)
  })

  it('leaves a body closed that was set aside for good', async () => {
    const store = await filled(users(5))
    await store.commit([{ op: 'set', key: seqKey('aside', 3), value: { v: 1, seq: 3, deaths: 3 } }])
    const report = await rebuild(store)
    expect(report).toMatchObject({ records: { accepted: 4 }, quarantined: { bodies: 1 } })
    expect(await (await openIndexing(store)).indexer.readQuarantine()).toMatchObject([{ code: 'ERR_BODY_DEADLY' }])
    expect(await store.get(seqKey('aside', 3))).toBeDefined()
  })

  it('keeps the heads of deliveries that were cut from the journal', async () => {
    const store = await filled([
      delivery(envelope('user', { id: 1, rev: 'old', email: 'gone@example.com' })),
      delivery(envelope('user', { id: 2, rev: 'old' })),
      delivery(envelope('user', { id: 2, rev: 'new' })),
      delivery(envelope('user', { id: 3 })),
    ])
    for (const seq of [1, 2]) for (const prefix of ['journal', 'index']) store.data.delete(seqKey(prefix, seq))
    await store.commit([{ op: 'set', key: 'meta:journal', value: { first: 3 } }])
    await rebuild(store)
    const { indexer } = await openIndexing(store)
    const heads = await indexer.heads(['user:1', 'user:2', 'user:3'])
    expect(heads.map((head) => head?.data['rev'])).toEqual(['old', 'new', undefined])
    expect(await indexer.findByMail('gone@example.com')).toEqual(['user:1'])
    expect([indexer.first, indexer.indexed]).toEqual([3, 4])
  })
})
