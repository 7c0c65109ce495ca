import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { coerceError, StoreError } from '../core/errors.ts'

/** Who holds a store. */
export interface Holder {
  readonly pid: number
  readonly host: string
  /** ISO 8601. */
  readonly since: string
}

/** A held lock. */
export interface Lock {
  /** Gives it back; a second call does nothing. */
  release(): void
}

const holderSchema = z.object({ pid: z.number(), host: z.string(), since: z.string() })
const SQLITE_BUSY = 5

// A connection that is collected as garbage would give its lock back.
const held = new Set<DatabaseSync>()

/**
 * Makes sure that no other process has this store open: an exclusive SQLite transaction on `<path>/lock.db`, a file nothing
 * else may open (closing any handle on it drops the lock, https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
 * The system gives it back when the process dies, however it dies. Makes the folder (0700) when it is missing.
 * Throws a StoreError `ERR_STORE_LOCKED` that names the holder, or `ERR_STORE_IO`.
 */
export function acquireLock(path: string): Lock {
  const db = openLockFile(path)
  try {
    // No journal file beside it: nothing is ever written.
    db.exec('PRAGMA busy_timeout=0; PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    if (!isBusy(cause)) {
      throw new StoreError('ERR_STORE_IO', `the lock ${join(path, 'lock.db')} cannot be used`, { cause })
    }
    throw new StoreError('ERR_STORE_LOCKED', lockedMessage(path), { cause })
  }
  held.add(db)
  writeHolder(path)
  return {
    release() {
      if (!held.delete(db)) return
      rmSync(join(path, 'lock.json'), { force: true })
      db.close()
    },
  }
}

/** Who wrote `<path>/lock.json`; undefined when nobody did. A process that was killed leaves it behind: it alone proves nothing. */
export function readHolder(path: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(join(path, 'lock.json'), 'utf8')))
  } catch {
    return undefined
  }
}

function openLockFile(path: string): DatabaseSync {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    return new DatabaseSync(join(path, 'lock.db'))
  } catch (cause) {
    throw new StoreError('ERR_STORE_IO', `the data folder ${path} cannot be used: ${coerceError(cause).message}`, {
      cause,
    })
  }
}

function writeHolder(path: string): void {
  const holder: Holder = { pid: process.pid, host: hostname(), since: new Date().toISOString() }
  const file = join(path, 'lock.json')
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(holder)}\n`, { mode: 0o600 })
    renameSync(`${file}.new`, file)
  } catch {
    // Only a name for people: on a full disk the lock holds without it.
    rmSync(file, { force: true })
  }
}

function lockedMessage(path: string): string {
  const holder = readHolder(path)
  const who = holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host} since ${holder.since}`
  return `the store in ${path} is open in ${who}; one process at a time. Stop that one, or let this command go through it`
}

function isBusy(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'errcode' in error && Number(error.errcode) % 256 === SQLITE_BUSY
  )
}
