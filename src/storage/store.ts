import type { Storage } from 'unstorage'
import { StoreError } from '../core/errors.ts'
import { isKey } from '../core/keys.ts'
import type { Store, StoredEntry, StoreOp } from '../core/ports.ts'
import type { BatchDriver, KeyRange, RawOp } from './batch-driver.ts'
import { decodeDocument, encodeDocument } from './codec.ts'
import { commitOneByOne, toStoreFailure } from './key-by-key.ts'

/** A Store without its identity, which is read through it. */
export type BareStore = Omit<Store, 'id' | 'capabilities'>

/**
 * A Store over unstorage. What the driver can do by itself (`commit`, `getItemsRaw`, `listKeys`) it does; the rest goes key by key.
 * Everything is raw bytes to unstorage, whose own codec changes data (https://github.com/unjs/destr).
 */
export function createStore(storage: Storage, driver: BatchDriver): BareStore {
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  function checkOpen(): void {
    if (closed) throw new StoreError('ERR_STORE_CLOSED', 'the store is closed')
  }

  async function readAll(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    checkOpen()
    for (const key of keys) checkKey(key)
    if (driver.getItemsRaw !== undefined) return driver.getItemsRaw(keys)
    return Promise.all(keys.map(async (key) => toBytes(await storage.getItemRaw(key).catch(toStoreFailure))))
  }

  async function listKeys(prefix: string, { after, limit }: Omit<KeyRange, 'prefix'> = {}): Promise<string[]> {
    checkOpen()
    if (prefix !== '') checkKey(prefix)
    const range: KeyRange = { prefix, after, limit }
    return driver.listKeys === undefined ? listAll(storage, range) : driver.listKeys(range)
  }

  return {
    async get(key) {
      return toDocument(key, (await readAll([key]))[0])
    },
    async getMany(keys) {
      const values = await readAll(keys)
      return keys.map((key, index) => toDocument(key, values[index]))
    },
    async getRaw(key) {
      return (await readAll([key]))[0]
    },
    keys: listKeys,
    async commit(ops) {
      checkOpen()
      const raw = ops.map(toRaw)
      if (driver.commit !== undefined) return driver.commit(raw)
      // One call after the other, so that an `expect` is not overtaken by another call's write.
      const run = last.then(() => commitOneByOne(storage, raw))
      last = run.catch(() => {})
      return run
    },
    async survey(prefix, options) {
      checkOpen()
      checkKey(prefix)
      if (driver.survey !== undefined) return driver.survey({ prefix, ...options })
      return surveyAll(options.start, await listKeys(prefix, options), readAll)
    },
    ...(driver.shrink === undefined
      ? {}
      : {
          async shrink(most: number) {
            checkOpen()
            return (driver.shrink as NonNullable<BatchDriver['shrink']>)(most)
          },
        }),
    ...(driver.backup === undefined
      ? {}
      : {
          async backup(file: string, more: Readonly<Record<string, unknown>> = {}) {
            checkOpen()
            const documents = Object.entries(more).map(([key, value]) => [key, encodeDocument(key, value)] as const)
            return (driver.backup as NonNullable<BatchDriver['backup']>)(file, documents)
          },
        }),
    ...(driver.scrub === undefined
      ? {}
      : {
          async scrub() {
            checkOpen()
            await driver.scrub?.()
          },
        }),
    async close() {
      closed = true
      await last
      await storage.dispose()
    },
  }
}

function toDocument(key: string, bytes: Uint8Array | undefined): unknown {
  return bytes === undefined ? undefined : decodeDocument(key, bytes)
}

function toRaw(op: StoreOp): RawOp {
  checkKey(op.key)
  return op.op === 'set' ? { op: 'setRaw', key: op.key, value: encodeDocument(op.key, op.value) } : op
}

function checkKey(key: string): void {
  if (!isKey(key)) throw new StoreError('ERR_STORE_KEY', `not a key of the store: ${JSON.stringify(key.slice(0, 80))}`)
}

/** For a driver that can only give whole values. */
async function surveyAll(
  start: number,
  keys: readonly string[],
  read: (keys: readonly string[]) => Promise<readonly (Uint8Array | undefined)[]>,
): Promise<StoredEntry[]> {
  const values = await read(keys)
  return keys.flatMap((key, at) => {
    const value = values[at]
    return value === undefined ? [] : [{ key, size: value.byteLength, start: value.slice(0, start) }]
  })
}

async function listAll(storage: Storage, { prefix, after, limit }: KeyRange): Promise<string[]> {
  const keys = await storage.getKeys(prefix).catch(toStoreFailure)
  const found = keys.filter((key) => after === undefined || key > after).sort()
  return limit === undefined ? found : found.slice(0, limit)
}

function toBytes(value: unknown): Uint8Array | undefined {
  if (value === null || value === undefined) return undefined
  if (value instanceof Uint8Array) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  throw new StoreError('ERR_STORE_DAMAGED', 'the driver gave back something other than bytes')
}
