/**
 * The thread that makes one backup and ends: all rows as they are at one moment, copied in order into a file that gets its name when it is
 * whole and on the disk. Its reader keeps the log from being emptied, not from being written. Not `VACUUM INTO`: that is one call, which
 * nothing can end and which leaves no room for others on the disk.
 */

import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { StoreError } from '../../core/errors.ts'
import type { BackupOrder, BackupReply } from './backup.ts'
import { createFile } from './connection.ts'
import { toFailure } from './failures.ts'

/** Bytes between two breaths. */
const BREATH = 4 * 1024 * 1024
/** Milliseconds of one, in which others have the disk and the processor. */
const REST = 10
/** What a row takes beside its value, roughly. */
const ROW = 100

parentPort?.postMessage(makeBackup(workerData as BackupOrder), [])

function makeBackup(order: BackupOrder): BackupReply {
  const { to } = order
  if (existsSync(to)) return { failure: { code: 'ERR_BACKUP_EXISTS', message: `${to} is there already` } }
  const part = `${to}.part`
  try {
    rmSync(part, { force: true })
    createFile(part)
    copyInto(part, order)
    syncPath(part)
    renameSync(part, to)
    syncPath(dirname(to))
    return { bytes: statSync(to).size }
  } catch (error) {
    rmSync(part, { force: true })
    const { code, detail, message } = toFailure(error, part)
    const why = code === 'ERR_STORE_FULL' ? `there is no room for it in ${dirname(to)}` : (detail ?? message)
    return {
      failure: {
        code: code === 'ERR_STORE_DAMAGED' ? code : 'ERR_BACKUP_FAILED',
        message: `the backup ${to} could not be made: ${why}`,
        ...(detail === undefined ? {} : { detail }),
      },
    }
  }
}

function copyInto(part: string, { from, more, stop }: BackupOrder): void {
  const source = new DatabaseSync(from, { readOnly: true })
  const target = new DatabaseSync(part)
  try {
    source.exec('PRAGMA busy_timeout=5000; BEGIN')
    // A copy that does not come to its end is thrown away, and is synced when it does.
    target.exec('PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-16000; BEGIN')
    const set = target.prepare('INSERT INTO items VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
    let rows = 0
    let bytes = 0
    for (const { key, value } of source.prepare('SELECT key, value FROM items ORDER BY key').iterate()) {
      set.run(key as string, value as Uint8Array)
      rows++
      bytes += ROW + (value as Uint8Array).byteLength
      if (bytes < BREATH) continue
      bytes = 0
      if (Atomics.wait(stop, 0, 0, REST) !== 'timed-out') {
        throw new StoreError('ERR_BACKUP_FAILED', 'the store is being closed')
      }
    }
    const copied = Number(target.prepare('SELECT count(*) AS count FROM items').get()?.['count'])
    if (copied !== rows) throw new StoreError('ERR_BACKUP_FAILED', `${copied} of ${rows} rows are in it`)
    for (const [key, value] of more) set.run(key, value)
    target.exec('COMMIT')
  } finally {
    target.close()
    source.close()
  }
}

function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
