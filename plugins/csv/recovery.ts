/** What a start makes of the parts the last process left. */

import { basename } from 'node:path'
import type { PluginContext } from '../../src/plugin.ts'
import { codeOf, hashTail, type Files, type OpenFile } from './files.ts'
import { settleErasure } from './erase.ts'
import { fileOf, keyOf, readParts, type PartState } from './part-state.ts'

/** What a start found, for the log. */
export interface RecoveryNews {
  /** Bytes that no flush had settled were moved to a file of their own (its name without folder). */
  onCut(part: PartState, bytes: number, to: string): void
  /** A part is not as it was left: it stays as it is and a new one will begin. */
  onLost(part: PartState, why: string): void
}

const CHUNK = 1_048_576

/**
 * Brings every part the state knows back to its settled length; what lies past it is copied beside the file first. A part
 * that cannot be recognised is left alone and leaves the state, as does one that another follows or whose shape the options
 * no longer make.
 */
export async function recoverParts(
  files: Files,
  context: Pick<PluginContext, 'baseDir' | 'state' | 'now'>,
  isCurrent: (shape: string) => boolean,
  news: RecoveryNews,
): Promise<void> {
  let changed = false
  const parts = readParts(context.state)
  for (const [index, found] of parts.entries()) {
    const part = await settleErasure(files, context, found)
    parts[index] = part
    if (part !== found) changed = true
    const why = await recoverPart(files, context, part, news)
    if (why !== undefined) news.onLost(part, why)
    const followed = parts.some(({ path, shape, n }) => path === part.path && shape === part.shape && n > part.n)
    if (why === undefined && !followed && isCurrent(part.shape)) continue
    context.state.set(keyOf(part), undefined)
    changed = true
  }
  if (changed) await context.state.commit()
}

/** Undefined when the part is whole again; else why it was left alone. */
async function recoverPart(
  files: Files,
  { baseDir, now }: Pick<PluginContext, 'baseDir' | 'now'>,
  part: PartState,
  news: RecoveryNews,
): Promise<string | undefined> {
  const name = fileOf(baseDir, part)
  const found = await files.facts(name)
  if (found === undefined) return 'it is gone'
  if (found.inode !== part.inode) return 'another file has its name'
  if (found.size < part.length) return 'it became shorter'
  // Its end is looked at when the next rows come: an export by month has many parts and few of them grow.
  if (found.size === part.length) return undefined
  const file = await files.open(name)
  try {
    if ((await hashTail(file, part.length)) !== part.tail) return 'its end was changed'
    const to = await copyAway(files, file, name, part.length, now())
    await file.cut(part.length)
    await file.sync()
    news.onCut(part, found.size - part.length, basename(to))
    return undefined
  } finally {
    await file.close()
  }
}

/** Copies everything from `from` on; the copy is on the disk before this resolves. */
async function copyAway(files: Files, file: OpenFile, name: string, from: number, now: number): Promise<string> {
  const { to, copy } = await createCopy(files, `${name}.cut-${toStamp(now)}`)
  try {
    for (let at = from; ;) {
      const bytes = await file.read(at, CHUNK)
      if (bytes.length === 0) break
      await copy.write(bytes)
      at += bytes.length
    }
    await copy.sync()
  } finally {
    await copy.close()
  }
  await files.syncFolder(to)
  return to
}

async function createCopy(files: Files, wanted: string): Promise<{ to: string; copy: OpenFile }> {
  for (let n = 1; ; n++) {
    const to = n === 1 ? wanted : `${wanted}-${n}`
    try {
      return { to, copy: await files.create(to) }
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
    }
  }
}

/** `20260301T080910Z` */
function toStamp(now: number): string {
  return new Date(now).toISOString().replace(/\.\d+/, '').replaceAll(/[-:]/g, '')
}
