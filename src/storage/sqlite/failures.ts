import type { DatabaseSync } from 'node:sqlite'
import { coerceError, isBridgeError, StoreError } from '../../core/errors.ts'
import type { Failure, FaultStep } from './protocol.ts'

/** Called before each step; may throw what SQLite would throw, change the connection, or end the worker. Tests only. */
export type FaultHook = (step: FaultStep, db: DatabaseSync) => void

// Primary result codes, https://www.sqlite.org/rescode.html
const FULL = 13
const DAMAGED = new Set([11, 26])
const OF_THE_CALL = new Set([18, 19, 20, 25])

/** The advice that goes with every damaged file. */
export const DAMAGE_ADVICE =
  'Nothing was overwritten. Stop, keep a copy of the data folder, then restore a backup or repair the copy with ' +
  '`sqlite3 FILE .recover`'

/** True when only the call that caused it failed: too big, a broken constraint. Anything else fails the whole group. */
export function isOfTheCall(error: unknown): boolean {
  return isBridgeError(error, 'store') || OF_THE_CALL.has(primaryCode(error))
}

/** Whatever was thrown over this database file, as data for the main thread. */
export function toFailure(error: unknown, file: string): Failure {
  if (isBridgeError(error, 'store')) {
    const cause = error.cause === undefined ? {} : { detail: coerceError(error.cause).message }
    return { code: error.code, message: error.message, ...cause }
  }
  const detail = coerceError(error).message
  const code = primaryCode(error)
  if (code === FULL) return { code: 'ERR_STORE_FULL', message: `the disk is full: ${file} cannot grow`, detail }
  if (DAMAGED.has(code)) {
    return { code: 'ERR_STORE_DAMAGED', message: `${file} is damaged (${detail}). ${DAMAGE_ADVICE}`, detail }
  }
  if (code === 18) return { code: 'ERR_STORE_TOO_BIG', message: 'a value is too big for SQLite', detail }
  return { code: 'ERR_STORE_IO', message: `${file} cannot be used: ${detail}`, detail }
}

/** The error the main thread throws for it. */
export function toStoreError(failure: Failure): StoreError {
  return new StoreError(
    failure.code,
    failure.message,
    failure.detail === undefined ? undefined : { cause: new Error(failure.detail) },
  )
}

function primaryCode(error: unknown): number {
  const code = typeof error === 'object' && error !== null && 'errcode' in error ? error.errcode : undefined
  return typeof code === 'number' ? code & 0xff : -1
}
