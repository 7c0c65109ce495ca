import { join } from 'node:path'
import fsDriver from 'unstorage/drivers/fs-lite'
import memoryDriver from 'unstorage/drivers/memory'
import type { Log, StoreCapabilities } from '../core/ports.ts'
import type { StorageSettings } from '../core/settings.ts'
import type { BatchDriver } from './batch-driver.ts'
import { openSqliteDriver } from './sqlite/driver.ts'
import type { SqliteOptions } from './sqlite/driver.ts'

/** Name of the database in the data folder. */
export const DATABASE_FILE = 'bevy-bridge.db'

/** Seams for tests: faults in the storage worker, a small limit for values. */
export type DriverInternals = Pick<SqliteOptions, 'faults' | 'maxValue'>

/** What each driver promises; proved by the contract suite. */
export const CAPABILITIES: Readonly<Record<StorageSettings['driver'], StoreCapabilities>> = {
  sqlite: { atomic: true, durable: true },
  // Writes in place, without a sync: a kill leaves empty and half files.
  fs: { atomic: false, durable: false },
  memory: { atomic: false, durable: false },
}

/** Opens the driver that is configured. Rejects with a StoreError. */
export async function openDriver(
  { driver, path }: StorageSettings,
  log: Log,
  internals: DriverInternals = {},
): Promise<BatchDriver> {
  switch (driver) {
    case 'sqlite':
      return openSqliteDriver({ file: join(path, DATABASE_FILE), ...internals }, log)
    case 'fs':
      return fsDriver({ base: join(path, 'items') })
    case 'memory':
      return memoryDriver()
  }
}
