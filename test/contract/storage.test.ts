import { join } from 'node:path'
import { createStorage } from 'unstorage'
import { expect, it } from 'vitest'
import type { StorageSettings } from '../../src/core/settings.ts'
import { openStore } from '../../src/storage/open.ts'
import { openSqliteDriver } from '../../src/storage/sqlite/driver.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
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
