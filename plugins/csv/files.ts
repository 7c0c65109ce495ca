/**
 * The few things the csv plugin does with the disk, as one port: each is a point where a process may end, and tests end
 * it there.
 */

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, rename, stat, unlink, type FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Exports hold names and e-mail addresses: nobody but the user who runs the bridge reads them until told otherwise. */
const FILE_MODE = 0o600
const FOLDER_MODE = 0o700

/** What tells one file from another under the same name. */
export interface FileFacts {
  /** As text: inode numbers go beyond 2^53. */
  readonly inode: string
  readonly size: number
}

/** An open file, written at its end only. */
export interface OpenFile {
  facts(): Promise<FileFacts>
  /** All bytes in one write; a short write goes on until the disk refuses. */
  write(bytes: Uint8Array): Promise<void>
  sync(): Promise<void>
  /** Forgets everything from `length` on. */
  cut(length: number): Promise<void>
  /** Fewer bytes than asked for when the file ends before. */
  read(from: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

/** The disk. */
export interface Files {
  /** Undefined when nothing is there. */
  facts(file: string): Promise<FileFacts | undefined>
  /** Rejects with EEXIST when something is there, a link included. */
  create(file: string): Promise<OpenFile>
  /** An empty file from before this process; undefined when it has bytes, is no plain file, or is younger: another destination may just have made it. */
  openEmpty(file: string): Promise<OpenFile | undefined>
  /** Rejects with ENOENT when nothing is there. */
  open(file: string): Promise<OpenFile>
  remove(file: string): Promise<void>
  /** Puts a whole file in the place of what is there: written beside, synced, renamed. Readers see the old one or the new one. */
  replace(file: string, bytes: Uint8Array): Promise<void>
  /** Gives a file the name of another, which is gone then; durable when it resolves. */
  move(from: string, to: string): Promise<void>
  /** Names in the folder of a file. */
  list(file: string): Promise<string[]>
  /** Makes the folder of a file and its parents, durably. */
  makeFolder(file: string): Promise<void>
  /** Makes the names in the folder of a file durable. */
  syncFolder(file: string): Promise<void>
}

/** The real disk, over `node:fs`. */
export const diskFiles: Files = {
  async facts(file) {
    try {
      return toFacts(await stat(file, { bigint: true }))
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw error
    }
  },
  create: async (file) => toOpenFile(await open(file, 'ax+', FILE_MODE)),
  async openEmpty(file) {
    const found = await lstat(file)
    if (!found.isFile() || found.size > 0 || found.mtimeMs >= performance.timeOrigin) return undefined
    return toOpenFile(await open(file, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW))
  },
  // Not 'a+': that would make the file when it has just been taken away.
  open: async (file) => toOpenFile(await open(file, constants.O_RDWR | constants.O_APPEND)),
  remove: (file) => unlink(file),
  async replace(file, bytes) {
    const beside = `${file}.new`
    const handle = toOpenFile(await open(beside, 'w', FILE_MODE))
    try {
      await handle.write(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
    await syncFolder(dirname(file))
  },
  async move(from, to) {
    await rename(from, to)
    await syncFolder(dirname(to))
  },
  list: (file) => readdir(dirname(file)),
  async makeFolder(file) {
    const folder = dirname(file)
    const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    if (first === undefined) return
    for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made))
  },
  syncFolder: (file) => syncFolder(dirname(file)),
}

/** Bytes at the end of a file that are hashed to recognise it. */
export const TAIL = 65_536

/** Hash of the last 64 KB of the first `length` bytes; undefined when the file is shorter. */
export async function hashTail(file: OpenFile, length: number): Promise<string | undefined> {
  const size = Math.min(length, TAIL)
  const bytes = await file.read(length - size, size)
  return bytes.length < size ? undefined : createHash('sha256').update(bytes).digest('hex')
}

/** `ENOSPC` and its kind; undefined for what is no error of the disk. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
  return code !== undefined && /^E[A-Z0-9]+$/.test(code) ? code : undefined
}

function toFacts(found: { readonly ino: bigint; readonly size: bigint }): FileFacts {
  return { inode: String(found.ino), size: Number(found.size) }
}

function toOpenFile(handle: FileHandle): OpenFile {
  return {
    facts: async () => toFacts(await handle.stat({ bigint: true })),
    async write(bytes) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done)
        done += bytesWritten
      }
    },
    sync: () => handle.datasync(),
    cut: (length) => handle.truncate(length),
    async read(from, length) {
      const buffer = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const { bytesRead } = await handle.read(buffer, done, length - done, from + done)
        if (bytesRead === 0) break
        done += bytesRead
      }
      return buffer.subarray(0, done)
    },
    close: () => handle.close(),
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } catch (error) {
    // Some file systems (network shares, Windows) have no sync of a folder; the file itself is synced all the same.
    if (!['EINVAL', 'EPERM', 'EBADF', 'EISDIR', 'ENOTSUP'].includes(codeOf(error) ?? '')) throw error
  } finally {
    await handle.close()
  }
}
