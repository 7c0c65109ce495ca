import { afterEach, describe, expect, it } from 'vitest'
import type { Store, StoreOp } from '../../src/core/ports.ts'
import { openStore } from '../../src/storage/open.ts'
import { createMemoryLog } from '../kit/log.ts'
import type { MemoryLog } from '../kit/log.ts'
import { createFaults } from '../kit/storage-faults.ts'
import type { FaultEffect, Faults } from '../kit/storage-faults.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import type { FaultStep } from '../../src/storage/sqlite/protocol.ts'

const makeFolder = useTemporaryFolders()
const opened: Store[] = []

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

async function openWithFaults(): Promise<{ store: Store; faults: Faults; log: MemoryLog }> {
  const faults = createFaults()
  const log = createMemoryLog()
  const internals = { maxValue: 100_000, faults: { module: faults.module, data: faults.data } }
  const settings = { driver: 'sqlite', path: makeFolder(), unsafe: false, minFree: 0 } as const
  const store = await openStore(settings, { log, internals })
  opened.push(store)
  return { store, faults, log }
}

// More than a page, so that a database at its limit cannot take it.
const put = (key: string): StoreOp => ({ op: 'setRaw', key, value: new Uint8Array(20_000).fill(1) })

async function codesOf(calls: readonly Promise<unknown>[]): Promise<(string | undefined)[]> {
  const results = await Promise.allSettled(calls)
  return results.map((result) => (result.status === 'fulfilled' ? undefined : String(result.reason.code)))
}

/** Tries again until it works; the test's own timeout ends it. */
async function eventually<T>(fn: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await fn()
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

interface GroupFault {
  readonly step: FaultStep
  readonly effect: FaultEffect
  readonly skip?: number
  readonly code: string
}

const GROUP_FAULTS: readonly GroupFault[] = [
  { step: 'begin', effect: 'io', code: 'ERR_STORE_IO' },
  { step: 'write', effect: 'io', skip: 3, code: 'ERR_STORE_IO' },
  { step: 'commit', effect: 'io', code: 'ERR_STORE_IO' },
  { step: 'begin', effect: 'full', code: 'ERR_STORE_FULL' },
  { step: 'write', effect: 'damaged', skip: 1, code: 'ERR_STORE_DAMAGED' },
  { step: 'commit', effect: 'exit', code: 'ERR_STORE_IO' },
]

describe('a group that fails as a whole', () => {
  it.each(GROUP_FAULTS)('$effect at $step: takes all that waited with it, then works again', async (fault) => {
    const { store, faults, log } = await openWithFaults()
    await store.commit([put('base:1')])
    const opens = faults.opens()

    const calls: Promise<void>[] = []
    const release = await faults.hold(() => {
      for (const n of [1, 2, 3]) calls.push(store.commit([put(`group:${n}`), put(`group:${n}-too`)]))
    })
    for (const n of [1, 2]) calls.push(store.commit([put(`queued:${n}`)]))
    faults.arm(fault.step, fault.effect, { skip: fault.skip ?? 0 })
    const codes = codesOf(calls)
    release()
    expect(await codes).toEqual([fault.code, fault.code, fault.code, fault.code, fault.code])

    await store.commit([put('later:1')])
    expect(await store.keys('')).toEqual(['base:1', 'later:1', 'meta:store'])
    expect(faults.opens()).toBe(opens + 1)
    const said = log.lines.filter(({ event }) => event.startsWith('commits'))
    expect(said.map(({ event, facts }) => [event, facts])).toEqual([
      ['commits fail', { calls: 3 }],
      ['commits work again', { failed: 5 }],
    ])
  })

  it('is refused again until the database opens, and then works', async () => {
    const { store, faults } = await openWithFaults()
    await store.commit([put('base:1')])
    faults.arm('commit', 'io')
    expect(await codesOf([store.commit([put('a:1')])])).toEqual(['ERR_STORE_IO'])
    faults.arm('open', 'io', { always: true })
    expect(await codesOf([store.commit([put('a:2')])])).toEqual(['ERR_STORE_IO'])
    expect(await codesOf([store.get('base:1')])).toEqual(['ERR_STORE_IO'])
    faults.disarm()
    await eventually(() => store.commit([put('a:3')]))
    expect(await store.keys('a')).toEqual(['a:3'])
  })

  it('lets reads go on while the disk stays full', async () => {
    const { store, faults } = await openWithFaults()
    await store.commit([put('base:1')])
    faults.arm('begin', 'full', { always: true })
    for (const n of [1, 2]) {
      expect(await codesOf([store.commit([put(`a:${n}`), put(`b:${n}`)])])).toEqual(['ERR_STORE_FULL'])
      expect(await store.getRaw('base:1')).toHaveLength(20_000)
    }
    faults.disarm()
    await store.commit([put('a:3')])
    expect(await store.keys('a')).toEqual(['a:3'])
  })
})

describe('a call that fails by itself', () => {
  it('a value over the limit', async () => {
    const { store } = await openWithFaults()
    const tooBig: StoreOp = { op: 'setRaw', key: 'a:big', value: new Uint8Array(100_001) }
    const codes = await codesOf([
      store.commit([put('a:1')]),
      store.commit([put('a:2'), tooBig]),
      store.commit([put('a:3')]),
    ])
    expect(codes).toEqual([undefined, 'ERR_STORE_TOO_BIG', undefined])
    expect(await store.keys('a')).toEqual(['a:1', 'a:3'])
  })

  it.each([
    ['a write of several', 2, ['a:1', 'a:3']],
    ['a single write', 3, ['a:1', 'a:2', 'a:2-too']],
  ])('what the database refuses in %s leaves the rest of the group alone', async (_, skip, kept) => {
    const { store, faults } = await openWithFaults()
    faults.arm('write', 'too-big', { skip })
    const codes = await codesOf([
      store.commit([put('a:1')]),
      store.commit([put('a:2'), put('a:2-too')]),
      store.commit([put('a:3')]),
    ])
    expect(codes.filter((code) => code !== undefined)).toEqual(['ERR_STORE_TOO_BIG'])
    expect(await store.keys('a')).toEqual(kept)
    expect(faults.opens()).toBe(1)
  })
})

describe('the database', () => {
  it('syncs every commit', async () => {
    const { store, faults } = await openWithFaults()
    await store.commit([put('a:1')])
    // 2 is FULL: what was acknowledged survives a power cut, https://www.sqlite.org/pragma.html#pragma_synchronous
    expect(faults.journal()).toEqual({ synchronous: 2, wal: true })
  })

  it('says when a read meets damage', async () => {
    const { store, faults } = await openWithFaults()
    faults.arm('read', 'damaged')
    expect(await codesOf([store.get('a:1')])).toEqual(['ERR_STORE_DAMAGED'])
    expect(await store.get('a:1')).toBeUndefined()
  })

  it('survives the end of its worker during a read', async () => {
    const { store, faults } = await openWithFaults()
    await store.commit([put('a:1')])
    faults.arm('read', 'exit')
    expect(await codesOf([store.getRaw('a:1')])).toEqual(['ERR_STORE_IO'])
    expect(await store.getRaw('a:1')).toHaveLength(20_000)
  })
})
