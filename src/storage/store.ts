import type { Storage } from 'unstorage'
import { StoreError } from '../core/errors.ts'
import { isKey } from '../core/keys.ts'
import type { Store, StoreOp } from '../core/ports.ts'
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
    async keys(prefix, { after, limit } = {}) {
      checkOpen()
      if (prefix !== '') checkKey(prefix)
      const range: KeyRange = { prefix, after, limit }
      return driver.listKeys === undefined ? listAll(storage, range) : driver.listKeys(range)
    },
    async commit(ops) {
      checkOpen()
      const raw = ops.map(toRaw)
      if (driver.commit !== undefined) return driver.commit(raw)
      // One call after the other, so that an `expect` is not overtaken by another call's write.
      const run = last.then(() => commitOneByOne(storage, raw))
      last = run.catch(() => {})
      return run
    },
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
