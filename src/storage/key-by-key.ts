/**
 * What a driver without `commit` of its own gets: writes one after the other. A kill between two leaves half of a call.
 */

import type { Storage } from 'unstorage'
import { coerceError, StoreError } from '../core/errors.ts'
import type { RawOp } from './batch-driver.ts'

/** Checks all `expect`s, then writes in order. Rejects with a StoreError. */
export async function commitOneByOne(storage: Storage, ops: readonly RawOp[]): Promise<void> {
  for (const op of ops) {
    if (op.op !== 'expect') continue
    const present = await storage.hasItem(op.key).catch(toStoreFailure)
    if (present !== op.present) {
      throw new StoreError('ERR_STORE_EXPECT', `${op.key} was expected to be ${present ? 'absent' : 'present'}`)
    }
  }
  for (const op of ops) {
    // A copy: the `memory` driver keeps the very array it is given.
    if (op.op === 'setRaw') await storage.setItemRaw(op.key, op.value.slice()).catch(toStoreFailure)
    else if (op.op === 'remove') await storage.removeItem(op.key).catch(toStoreFailure)
  }
}

/** Throws the StoreError for what a driver threw. */
export function toStoreFailure(thrown: unknown): never {
  const cause = coerceError(thrown)
  if ('code' in cause && (cause.code === 'ENOSPC' || cause.code === 'EDQUOT')) {
    throw new StoreError('ERR_STORE_FULL', 'the disk of the data folder is full', { cause })
  }
  throw new StoreError('ERR_STORE_IO', `the storage driver failed: ${cause.message}`, { cause })
}
