import { closeSync, existsSync, fsyncSync, openSync, readSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { StatementSync } from 'node:sqlite'
import { StoreError } from '../../core/errors.ts'
import { DAMAGE_ADVICE } from './failures.ts'

// 'bevy' in ASCII: tells our file from any other database. https://www.sqlite.org/pragma.html#pragma_application_id
const APPLICATION_ID = 0x62657679
/** Layout of the tables. A file with a higher one was made by a newer version. */
const LAYOUT = 1

/** An open database with its prepared statements. */
export interface Connection {
  readonly db: DatabaseSync
  readonly begin: StatementSync
  readonly commit: StatementSync
  readonly save: StatementSync
  readonly release: StatementSync
  readonly undo: StatementSync
  readonly set: StatementSync
  readonly remove: StatementSync
  readonly get: StatementSync
  readonly has: StatementSync
  readonly list: StatementSync
  readonly survey: StatementSync
}

/**
 * Makes the database beside its place and renames it there, so that a file under its own name was always whole once:
 * an empty or headless one is damage, never a store half made.
 */
export function createFile(file: string): void {
  if (existsSync(`${file}-wal`)) {
    throw new StoreError('ERR_STORE_DAMAGED', `${file} is missing, but its log ${file}-wal is there. ${DAMAGE_ADVICE}`)
  }
  const made = `${file}.new`
  for (const leftover of [made, `${made}-wal`, `${made}-shm`, `${made}-journal`]) rmSync(leftover, { force: true })
  closeSync(openSync(made, 'wx', 0o600))
  const db = new DatabaseSync(made)
  try {
    // A rowid table with 8 kB pages: measured against WITHOUT ROWID and 4 and 16 kB, see docs/adr.
    db.exec(`PRAGMA page_size=8192; PRAGMA auto_vacuum=incremental; PRAGMA synchronous=FULL;
      PRAGMA application_id=${APPLICATION_ID}; PRAGMA user_version=${LAYOUT};
      CREATE TABLE items (key TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT`)
  } finally {
    db.close()
  }
  renameSync(made, file)
  const folder = openSync(dirname(file), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * Opens an existing database; never makes or mends one. Throws `ERR_STORE_DAMAGED` or `ERR_STORE_FORMAT`, before anything is
 * written, or whatever SQLite says.
 */
export function openFile(file: string): Connection {
  const facts = statSync(file, { throwIfNoEntry: false })
  if (facts === undefined) throw new StoreError('ERR_STORE_DAMAGED', `${file} has vanished. ${DAMAGE_ADVICE}`)
  // SQLite takes an empty file for a new database.
  if (facts.size === 0) throw new StoreError('ERR_STORE_DAMAGED', `${file} is empty. ${DAMAGE_ADVICE}`)
  if (existsSync(`${file}-wal`) && isShort(file, facts.size)) checkWhole(file)
  const db = new DatabaseSync(file)
  try {
    db.exec('PRAGMA busy_timeout=5000')
    checkOwner(db, file)
    // cache 16 MB; checkpoint every 16 MB of log, and cut the log back after a big body
    db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA fullfsync=on; PRAGMA checkpoint_fullfsync=on;
      PRAGMA secure_delete=on; PRAGMA cache_size=-16000; PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=67108864`)
    return prepare(db)
  } catch (error) {
    db.close()
    throw error
  }
}

/**
 * Moves the whole log into the database and empties it. After a failed sync the pages of the log can no longer be trusted to
 * reach the disk though reads still show them; written anew and synced, they can. False when another program kept it from finishing.
 */
export function checkpoint(db: DatabaseSync): boolean {
  return db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
}

/** Has it fewer bytes than its own header says? https://www.sqlite.org/fileformat2.html#the_database_header */
function isShort(file: string, size: number): boolean {
  const header = Buffer.alloc(100)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, header, 0, header.length, 0)
  } finally {
    closeSync(descriptor)
  }
  return size < header.readUInt16BE(16) * header.readUInt32BE(28)
}

/**
 * A short file was cut, unless the log has what is missing: then only a checkpoint was broken off. With a log SQLite itself does not
 * notice, and would move the log into what is left. Looked at read-only: a writing connection does that when it is closed, too.
 */
function checkWhole(file: string): void {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    db.exec('PRAGMA busy_timeout=5000')
    if (db.prepare('PRAGMA quick_check(1)').get()?.['quick_check'] === 'ok') return
  } finally {
    db.close()
  }
  throw new StoreError('ERR_STORE_DAMAGED', `${file} was cut short. ${DAMAGE_ADVICE}`)
}

function checkOwner(db: DatabaseSync, file: string): void {
  const owner = db.prepare('PRAGMA application_id').get()?.['application_id']
  if (owner !== APPLICATION_ID) {
    throw new StoreError('ERR_STORE_DAMAGED', `${file} is a database, but not one of bevy-bridge's. ${DAMAGE_ADVICE}`)
  }
  const layout = Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
  if (layout > LAYOUT) {
    throw new StoreError(
      'ERR_STORE_FORMAT',
      `${file} has layout ${layout}, made by a newer version; this one knows ${LAYOUT}. Nothing was changed: run the newer version`,
    )
  }
  if (db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'items'`).get() === undefined) {
    throw new StoreError('ERR_STORE_DAMAGED', `${file} has lost its table. ${DAMAGE_ADVICE}`)
  }
}

function prepare(db: DatabaseSync): Connection {
  return {
    db,
    begin: db.prepare('BEGIN IMMEDIATE'),
    commit: db.prepare('COMMIT'),
    save: db.prepare('SAVEPOINT one'),
    release: db.prepare('RELEASE one'),
    undo: db.prepare('ROLLBACK TO one'),
    set: db.prepare('INSERT INTO items VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'),
    remove: db.prepare('DELETE FROM items WHERE key = ?'),
    get: db.prepare('SELECT value FROM items WHERE key = ?'),
    has: db.prepare('SELECT 1 AS one FROM items WHERE key = ?'),
    list: db.prepare('SELECT key FROM items WHERE key > ? AND key < ? ORDER BY key LIMIT ?'),
    // Reads neither the end of a long value nor the pages it lies on.
    survey: db.prepare(
      'SELECT key, length(value) AS size, substr(value, 1, ?) AS start FROM items WHERE key > ? AND key < ? ORDER BY key LIMIT ?',
    ),
  }
}
