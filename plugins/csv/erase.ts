/**
 * Takes a person's rows out of files. A file that grows keeps its place in the state: the new content is written beside it and synced,
 * the state learns both, then the name changes hands. Points at which the process may end, and what the next start finds:
 *
 * 1. before the state knows of it: a file beside that is thrown away; the bridge asks again
 * 2. before the rename: the old file; the file beside is thrown away
 * 3. after the rename: the new file, which the state knows already
 */

import { basename } from 'node:path'
import type { ErasedPerson, PluginContext } from '../../src/plugin.ts'
import { codeOf, hashTail, type Files, type OpenFile } from './files.ts'
import { fileOf, keyOf, readParts, toState, type PartState } from './part-state.ts'
import { createRowCutter, createRowFilter, toCells, type RowFilter } from './person-rows.ts'

/** What was done. */
export interface ErasedRows {
  rows: number
  files: number
  /** Files that are not as they were left: nobody knows what is in them. */
  readonly strange: string[]
}

const PIECE = 1_048_576
/** Beside the file while it is written. */
export const BESIDE = '.erasing'

/** Erases in all parts the state knows, in those before them, and in copies of what was cut. Commits as it goes. */
export async function eraseRows(
  files: Files,
  { baseDir, state }: Pick<PluginContext, 'baseDir' | 'state'>,
  person: ErasedPerson,
  delimiter: string,
  signal: AbortSignal,
): Promise<ErasedRows> {
  const done: ErasedRows = { rows: 0, files: 0, strange: [] }
  const parts: PartState[] = []
  for (const part of readParts(state)) parts.push(await settleErasure(files, { baseDir, state }, part))
  const known = new Set(parts.map((part) => fileOf(baseDir, part)))
  const others = new Set<string>()
  for (const part of parts) {
    signal.throwIfAborted()
    await erasePart(files, { baseDir, state }, part, person, delimiter, done)
    const file = fileOf(baseDir, part)
    for (let n = 1; n < part.n; n++) others.add(fileOf(baseDir, { path: part.path, n }))
    for (const name of await files.list(file)) {
      if (name.startsWith(`${basename(file)}.cut-`)) others.add(`${file}${name.slice(basename(file).length)}`)
    }
  }
  for (const file of others) {
    signal.throwIfAborted()
    if (known.has(file) || (await files.facts(file)) === undefined) continue
    // A copy has rows only; a part before has a header of its own.
    const cut = /\.cut-[^/]*$/
    const header = cut.test(file) ? await headerOf(files, file.replace(cut, ''), delimiter) : undefined
    const made = await rewrite(files, file, undefined, person, delimiter, header)
    if (made === undefined) continue
    await files.move(`${file}${BESIDE}`, file)
    done.rows += made.rows
    done.files++
  }
  return done
}

async function erasePart(
  files: Files,
  { baseDir, state }: Pick<PluginContext, 'baseDir' | 'state'>,
  part: PartState,
  person: ErasedPerson,
  delimiter: string,
  done: ErasedRows,
): Promise<void> {
  const file = fileOf(baseDir, part)
  const found = await files.facts(file)
  if (found === undefined) return
  if (found.inode !== part.inode || found.size !== part.length) {
    done.strange.push(file)
    return
  }
  const made = await rewrite(files, file, part, person, delimiter)
  if (made === undefined) return
  const { rows, ...next } = made
  state.set(keyOf(part), toState({ ...part, next }))
  await state.commit()
  await files.move(`${file}${BESIDE}`, file)
  state.set(keyOf(part), toState({ ...part, ...next }))
  await state.commit()
  done.rows += rows
  done.files++
}

interface Made {
  readonly inode: string
  readonly length: number
  readonly tail: string
  readonly rows: number
}

/** Writes the file without the person's rows beside it; undefined when it has none. */
async function rewrite(
  files: Files,
  file: string,
  part: PartState | undefined,
  person: ErasedPerson,
  delimiter: string,
  header?: readonly string[],
): Promise<Made | undefined> {
  const from = await files.open(file)
  try {
    let rows = 0
    await eachRow(from, part?.length, person, delimiter, header, (_row, own) => void (rows += own ? 1 : 0))
    if (rows === 0) return undefined
    await removeBeside(files, file)
    const to = await files.create(`${file}${BESIDE}`)
    try {
      let kept: string[] = []
      let size = 0
      const write = async (): Promise<void> => {
        if (kept.length > 0) await to.write(Buffer.from(kept.join(''), 'latin1'))
        kept = []
        size = 0
      }
      await eachRow(from, part?.length, person, delimiter, header, async (row, own) => {
        if (own) return
        kept.push(row)
        size += row.length
        if (size >= PIECE) await write()
      })
      await write()
      await to.sync()
      const { inode, size: length } = await to.facts()
      return { inode, length, tail: (await hashTail(to, length)) ?? '', rows }
    } finally {
      await to.close()
    }
  } finally {
    await from.close()
  }
}

/** Goes over the rows of a file, in pieces. The first is the header unless one is given. */
async function eachRow(
  file: OpenFile,
  length: number | undefined,
  person: ErasedPerson,
  delimiter: string,
  header: readonly string[] | undefined,
  fn: (row: string, own: boolean) => void | Promise<void>,
): Promise<void> {
  const cutter = createRowCutter()
  let filter: RowFilter | undefined = header === undefined ? undefined : createRowFilter(person, header)
  const take = async (row: string): Promise<void> => {
    if (filter !== undefined) return fn(row, filter(toCells(row, delimiter)))
    filter = createRowFilter(person, toCells(row.replace(/^\xef\xbb\xbf/, ''), delimiter))
    await fn(row, false)
  }
  for (let at = 0; ;) {
    const bytes = await file.read(at, length === undefined ? PIECE : Math.min(PIECE, length - at))
    if (bytes.length === 0) break
    at += bytes.length
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
    for (const row of cutter.push(text)) await take(row)
  }
  const last = cutter.end()
  if (last !== '') await take(last)
}

/** The header of the file a copy was cut from. */
async function headerOf(files: Files, file: string, delimiter: string): Promise<string[] | undefined> {
  if ((await files.facts(file)) === undefined) return undefined
  const open = await files.open(file)
  try {
    const text = Buffer.from(await open.read(0, PIECE)).toString('latin1')
    const [row] = createRowCutter().push(text)
    return row === undefined ? undefined : toCells(row.replace(/^\xef\xbb\xbf/, ''), delimiter)
  } finally {
    await open.close()
  }
}

/** A part whose rows were being taken out: the new file, if it has the name already, else the old one. */
export async function settleErasure(
  files: Files,
  { baseDir, state }: Pick<PluginContext, 'baseDir' | 'state'>,
  part: PartState,
): Promise<PartState> {
  const { next, ...before } = part
  if (next === undefined) return part
  const found = await files.facts(fileOf(baseDir, part))
  await removeBeside(files, fileOf(baseDir, part))
  const after = found?.inode === next.inode ? { ...before, ...next } : before
  state.set(keyOf(part), toState(after))
  return after
}

/** What an attempt that was broken off has left. */
async function removeBeside(files: Files, file: string): Promise<void> {
  try {
    await files.remove(`${file}${BESIDE}`)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}
