import { randomInt } from 'node:crypto'
import { z } from 'zod'
import { createStorage } from 'unstorage'
import { StoreError } from '../core/errors.ts'
import type { Log, Store } from '../core/ports.ts'
import type { StorageSettings } from '../core/settings.ts'
import { CAPABILITIES, openDriver } from './drivers.ts'
import type { DriverInternals } from './drivers.ts'
import { acquireLock } from './lock.ts'
import type { Lock } from './lock.ts'
import { createStore } from './store.ts'
import type { BareStore } from './store.ts'

/** Key of the document that says what this store is. */
export const META_KEY = 'meta:store'

const FORMAT = 1
const ID_LENGTH = 12
const ID_CHARACTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

const metaSchema = z.looseObject({ format: z.number().int().positive() })
const idSchema = z.object({ id: z.string().regex(/^[a-z0-9]{12}$/), createdAt: z.string() })

/** What `openStore` needs. */
export interface StoreDeps {
  readonly log: Log
  /** Tests only. */
  readonly internals?: DriverInternals | undefined
}

/**
 * Opens the store, or makes it: takes the lock, opens the driver through unstorage, reads or writes `meta:store`.
 * Rejects with a StoreError: `ERR_STORE_UNSAFE` (before anything is touched), `ERR_STORE_LOCKED`, `ERR_STORE_FORMAT` (made by
 * a newer version), `ERR_STORE_DAMAGED`, `ERR_STORE_IO`, `ERR_STORE_FULL`. `memory` touches no disk and takes no lock.
 */
export async function openStore(settings: StorageSettings, deps: StoreDeps): Promise<Store> {
  checkSafety(settings)
  const lock = settings.driver === 'memory' ? undefined : acquireLock(settings.path)
  try {
    return await openLocked(settings, deps, lock)
  } catch (error) {
    lock?.release()
    throw error
  }
}

async function openLocked(settings: StorageSettings, deps: StoreDeps, lock: Lock | undefined): Promise<Store> {
  const driver = await openDriver(settings, deps.log, deps.internals)
  const bare = createStore(createStorage({ driver }), driver)
  try {
    const id = await identify(bare)
    let closing: Promise<void> | undefined
    return {
      ...bare,
      id,
      capabilities: CAPABILITIES[settings.driver],
      close: () => (closing ??= bare.close().finally(() => lock?.release())),
    }
  } catch (error) {
    await bare.close()
    throw error
  }
}

function checkSafety({ driver, unsafe }: StorageSettings): void {
  const { atomic, durable } = CAPABILITIES[driver]
  const lacks = [
    ...(atomic ? [] : ['cannot write several keys at once, so a crash can leave half of a change']),
    ...(durable ? [] : ['can lose what was already acknowledged']),
  ]
  if (lacks.length === 0 || unsafe) return
  throw new StoreError(
    'ERR_STORE_UNSAFE',
    `storage.driver "${driver}" ${lacks.join(' and ')}. Use "sqlite", or set storage.unsafe: true if deliveries may be lost`,
  )
}

/** The store's id; an empty store gets one. */
async function identify(store: BareStore): Promise<string> {
  const found = await store.get(META_KEY)
  if (found === undefined) return create(store)
  const meta = metaSchema.safeParse(found)
  if (meta.success && meta.data.format > FORMAT) {
    throw new StoreError(
      'ERR_STORE_FORMAT',
      `this store has format ${meta.data.format}, made by a newer version; this one knows format ${FORMAT}. Nothing was changed: run the newer version`,
    )
  }
  const identity = idSchema.safeParse(found)
  if (!meta.success || !identity.success) {
    throw new StoreError(
      'ERR_STORE_DAMAGED',
      `${META_KEY} is not what this version writes. Restore a backup of the data folder`,
    )
  }
  return identity.data.id
}

async function create(store: BareStore): Promise<string> {
  const [other] = await store.keys('', { limit: 1 })
  if (other !== undefined) {
    throw new StoreError(
      'ERR_STORE_DAMAGED',
      `the store has data but no ${META_KEY}, so it is not known whose it is. Restore a backup of the data folder`,
    )
  }
  const id = newId()
  await store.commit([{ op: 'set', key: META_KEY, value: { format: FORMAT, id, createdAt: new Date().toISOString() } }])
  return id
}

/** `[a-z0-9]{12}` */
export function newId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_CHARACTERS[randomInt(ID_CHARACTERS.length)]).join('')
}
