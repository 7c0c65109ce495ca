import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createStorage } from 'unstorage'
import { describe, expect, it } from 'vitest'
import type { Store } from '../../src/core/ports.ts'
import type { StorageSettings } from '../../src/core/settings.ts'
import { openStore } from '../../src/storage/open.ts'
import { openSqliteDriver } from '../../src/storage/sqlite/driver.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { thrownBy } from '../kit/thrown.ts'
import { testDriver } from './test-driver.ts'

const makeFolder = useTemporaryFolders()

const opener = (driver: StorageSettings['driver']) => (path: string) =>
  openStore({ driver, path, unsafe: driver !== 'sqlite', minFree: 0 }, { log: createMemoryLog() })

testDriver('sqlite', opener('sqlite'), { atomic: true, durable: true, persistent: true })
testDriver('fs', opener('fs'), { atomic: false, durable: false, persistent: true })
testDriver('memory', opener('memory'), { atomic: false, durable: false, persistent: false })

it('sqlite is an ordinary unstorage driver too', async () => {
  const driver = await openSqliteDriver({ file: join(makeFolder(), 'plain.db') }, createMemoryLog())
  const storage = createStorage({ driver })
  await storage.setItem('a:object', { x: [1, 'ü'] })
  await storage.setItem('a:text', 'some text')
  await storage.setItemRaw('b:raw', Uint8Array.of(0, 255))
  expect(await storage.getItem('a:object')).toEqual({ x: [1, 'ü'] })
  expect(await storage.getItem('a:text')).toBe('some text')
  expect(await storage.getItemRaw('b:raw')).toEqual(Uint8Array.of(0, 255))
  expect([await storage.getItem('c'), await storage.getItemRaw('c'), await storage.hasItem('c')]).toEqual([
    null,
    null,
    false,
  ])
  expect([await storage.hasItem('a:text'), await storage.getKeys('a'), await storage.getKeys()]).toEqual([
    true,
    ['a:object', 'a:text'],
    ['a:object', 'a:text', 'b:raw'],
  ])
  await storage.removeItem('a:text')
  await storage.clear()
  expect(await storage.getKeys()).toEqual([])
  await storage.dispose()
})

describe('sqlite, seen from outside', () => {
  const MB = 1024 * 1024
  const row = (n: number): string => `a:${String(n).padStart(6, '0')}`
  const open = (path: string) => opener('sqlite')(path)
  const fill = async (store: Store, from: number, to: number, size: number): Promise<void> => {
    const value = new Uint8Array(size).fill(7)
    const numbers = Array.from({ length: to - from }, (_, at) => from + at)
    await store.commit(numbers.map((n) => ({ op: 'setRaw', key: row(n), value })))
  }

  it('tells sizes and first bytes, page by page, of one prefix', async () => {
    const store = await open(makeFolder())
    await store.commit([
      { op: 'setRaw', key: 'a:1', value: Uint8Array.of(1, 2, 3) },
      { op: 'setRaw', key: 'a:2', value: new Uint8Array(100_000).fill(9) },
      { op: 'setRaw', key: 'a:3', value: new Uint8Array() },
      { op: 'setRaw', key: 'ab:1', value: Uint8Array.of(1) },
    ])
    const found = (await store.survey?.('a', { limit: 2, start: 2 })) ?? []
    expect(found.map(({ key, size, start }) => [key, size, [...start]])).toEqual([
      ['a:1', 3, [1, 2]],
      ['a:2', 100_000, [9, 9]],
    ])
    const rest = (await store.survey?.('a', { after: 'a:2', limit: 9, start: 2 })) ?? []
    expect(rest.map(({ key, size, start }) => [key, size, [...start]])).toEqual([['a:3', 0, []]])
    await store.close()
  })

  it('gives what was removed back to the disk, in steps, while others write', async () => {
    const path = makeFolder()
    const store = await open(path)
    await fill(store, 0, 4_000, 4_000)
    await fill(store, 4_000, 4_100, 4_000)
    const full = (await store.shrink?.(0))?.bytes ?? 0
    expect(full).toBeGreaterThan(16 * MB)
    await store.commit(Array.from({ length: 4_000 }, (_, n) => ({ op: 'remove', key: row(n) })))
    let space = (await store.shrink?.(0)) ?? { bytes: 0, free: 0 }
    expect(space.free).toBeGreaterThan(14 * MB)
    let steps = 0
    while (space.free > 0) {
      const [next] = await Promise.all([
        store.shrink?.(MB),
        store.commit([{ op: 'set', key: `b:${steps}`, value: steps }]),
      ])
      expect(next?.bytes ?? Infinity).toBeLessThan(space.bytes)
      space = next ?? { bytes: 0, free: 0 }
      steps++
    }
    expect(steps).toBeGreaterThan(10)
    expect(statSync(join(path, 'bevy-bridge.db')).size).toBeLessThan(2 * MB)
    expect((await store.getRaw(row(4_050)))?.byteLength).toBe(4_000)
    await store.close()
    const again = await open(path)
    expect(await again.keys('a')).toHaveLength(100)
    expect(await again.keys('b')).toHaveLength(steps)
    await again.close()
  })

  it('copies one moment of itself while commits go on, each whole or not at all', async () => {
    const path = makeFolder()
    const store = await open(path)
    for (let n = 0; n < 8; n++) await fill(store, n * 500, n * 500 + 500, 4_000)
    const to = join(makeFolder(), 'bevy-bridge.db')
    let done = false
    let commits = 0
    const backup = store.backup?.(to, { 'x:1': { in: 'the copy' } })?.finally(() => (done = true))
    while (!done) {
      commits++
      await store.commit([0, 1].map((half) => ({ op: 'set', key: `b:${commits}-${half}`, value: commits })))
    }
    expect(await backup).toBe(statSync(to).size)
    expect(commits).toBeGreaterThan(3)
    expect(statSync(to).mode & 0o777).toBe(0o600)
    expect(await store.get('x:1')).toBeUndefined()
    const copy = await open(join(to, '..'))
    expect(copy.id).toBe(store.id)
    expect(await copy.keys('a')).toHaveLength(4_000)
    expect(await copy.get('x:1')).toEqual({ in: 'the copy' })
    const halves = await copy.keys('b')
    expect(halves.length % 2).toBe(0)
    expect(halves.length).toBeLessThanOrEqual(2 * commits)
    await copy.close()
    expect(await codeOf(store.backup?.(to))).toBe('ERR_BACKUP_EXISTS')
    expect(await codeOf(store.backup?.(join(path, 'nowhere', 'x.db')))).toBe('ERR_BACKUP_FAILED')
    await store.close()
  })

  it('ends a backup when it is closed, and leaves nothing half-made', async () => {
    const store = await open(makeFolder())
    for (let n = 0; n < 16; n++) await fill(store, n * 500, n * 500 + 500, 8_000)
    const to = join(makeFolder(), 'bevy-bridge.db')
    const code = codeOf(store.backup?.(to))
    await store.close()
    expect(await code).toBe('ERR_BACKUP_FAILED')
    expect([existsSync(to), existsSync(`${to}.part`)]).toEqual([false, false])
  })
})

async function codeOf(promise: Promise<unknown> | undefined): Promise<unknown> {
  return ((await thrownBy(promise ?? Promise.resolve())) as { code?: unknown }).code
}
