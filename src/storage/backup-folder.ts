/** Backups: folders with all that a restore needs. */

import { copyFile, mkdir, open, rename, rm, statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { coerceError, StoreError } from '../core/errors.ts'
import { formatSize } from '../core/durations.ts'
import type { Store } from '../core/ports.ts'
import { DATABASE_FILE } from './drivers.ts'
import { backupStamp } from './ids.ts'

/** What beside the database cannot be made again: the secret Bevy was given, where the bridge made it. */
const BESIDE = ['secret']

/** A finished backup. */
export interface MadeBackup {
  /** Absolute. */
  readonly folder: string
  /** Bytes of the database in it. */
  readonly bytes: number
}

interface Wanted {
  /** The data folder. */
  readonly path: string
  /** Folder for backups; made when it is missing. Default: `backups` in the data folder. */
  readonly to?: string | undefined
  readonly now: number
  /** Bytes that must stay free. */
  readonly minFree: number
}

/**
 * Makes a folder `bevy-bridge-<time>` with a copy of the store; it has another name until it is whole. Rejects with a StoreError:
 * `ERR_BACKUP_DRIVER`, `ERR_BACKUP_SPACE`, `ERR_BACKUP_EXISTS`, `ERR_BACKUP_FAILED`.
 */
export async function makeBackup(store: Store, { path, to, now, minFree }: Wanted): Promise<MadeBackup> {
  if (store.backup === undefined || store.shrink === undefined) {
    throw new StoreError('ERR_BACKUP_DRIVER', 'only a store with storage.driver sqlite can be backed up by the bridge')
  }
  const base = to === undefined ? join(path, 'backups') : resolve(to)
  const folder = join(base, `bevy-bridge-${new Date(now).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')}`)
  const part = `${folder}.part`
  try {
    await mkdir(base, { recursive: true, mode: 0o700 })
    await requireRoom(base, await store.shrink(0), minFree)
    await rm(part, { recursive: true, force: true })
    await mkdir(part, { mode: 0o700 })
    const bytes = await store.backup(join(part, DATABASE_FILE), backupStamp(now))
    for (const name of BESIDE) await copyBeside(join(path, name), join(part, name))
    await rename(part, folder)
    await sync(base)
    return { folder, bytes }
  } catch (error) {
    await rm(part, { recursive: true, force: true }).catch(() => {})
    if (error instanceof StoreError) throw error
    const cause = coerceError(error)
    const code = ['EEXIST', 'ENOTEMPTY'].includes(String('code' in cause ? cause.code : ''))
      ? 'ERR_BACKUP_EXISTS'
      : 'ERR_BACKUP_FAILED'
    throw new StoreError(code, `the backup ${folder} could not be made: ${cause.message}`, { cause })
  }
}

async function requireRoom(base: string, space: { bytes: number; free: number }, minFree: number): Promise<void> {
  const { bavail, bsize } = await statfs(base)
  const needed = space.bytes - space.free + minFree
  if (bavail * bsize >= needed) return
  throw new StoreError(
    'ERR_BACKUP_SPACE',
    `a backup needs ${formatSize(needed)} in ${base} (storage.minFree included), and ${formatSize(bavail * bsize)} are free`,
  )
}

async function copyBeside(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await sync(to)
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
