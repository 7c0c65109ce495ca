/**
 * Parts while they grow. The state is the truth: a part holds the bytes the state has settled, and only a batch that was
 * written and synced whole may move it on. Points at which a process can end, and what the next start finds:
 *
 * 1. after a part entered the state, before its first byte: an empty file, gone on with
 * 2. before the write: nothing
 * 3. in the write: a torn row past the settled length, cut
 * 4. after the write, before the sync: as 3, or whole rows that were not sure to last; cut
 * 5. after the sync, before the flush of the batch: whole rows whose jobs come again; cut, then written once more
 * 6. after the flush: settled, kept
 */

import type { PluginContext } from '../../src/plugin.ts'
import { isTooManyFiles } from './disk-errors.ts'
import { codeOf, hashTail, type FileFacts, type Files, type OpenFile } from './files.ts'
import { EMPTY_TAIL, fileOf, keyOf, readParts, toState, type PartState } from './part-state.ts'

/** A part of this process. */
export interface Part {
  readonly key: string
  readonly file: string
  /** What is settled, as last recorded. */
  state: PartState
  /** What the file may measure if nobody else wrote to it: a span while a write is not known to be whole. */
  size: readonly [least: number, most: number]
  /** What was appended, synced and not recorded yet. */
  ahead?: Pick<PartState, 'length' | 'tail'> | undefined
  /** Key of the part this one follows because that is no longer as we left it. */
  readonly follows?: string | undefined
}

/** The parts of one sender. */
export interface Parts {
  /** The part that takes the next rows of a path and shape: the newest if it is as we left it, else a new one. */
  ready(path: string, shape: string): Promise<Part>
  /** Writes and syncs; settled only by `record`. */
  append(part: Part, bytes: Uint8Array): Promise<void>
  /** Stages what was appended, to join the flush that settles these rows. */
  record(part: Part): void
  /** Takes back what was appended and not recorded. Never rejects: what is left is cut before the next write. */
  undo(part: Part): Promise<void>
  /** Begins anew from the state, which was changed; nothing may be ahead of it. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** Files held open at once; any is closed after its sync, so that closing one loses nothing. */
const MOST_OPEN = 64

/** `onLost` hears of a part that is not as we left it, before a new one begins. */
export function createParts(
  files: Files,
  { baseDir, state }: Pick<PluginContext, 'baseDir' | 'state'>,
  onLost: (part: PartState, why: string) => void,
): Parts {
  const newest = new Map<string, Part>()
  const open = new Map<Part, OpenFile>()
  const slot = (path: string, shape: string): string => `${shape}\0${path}`
  const read = (): void => {
    for (const known of readParts(state)) newest.set(slot(known.path, known.shape), toPart(known))
  }
  read()

  function toPart(known: PartState): Part {
    return { key: keyOf(known), file: fileOf(baseDir, known), state: known, size: [known.length, known.length] }
  }

  async function hold(part: Part, file: OpenFile): Promise<OpenFile> {
    open.delete(part)
    open.set(part, file)
    for (const other of open.keys()) {
      if (open.size <= MOST_OPEN) break
      await release(other)
    }
    return file
  }

  async function release(part: Part): Promise<void> {
    const file = open.get(part)
    open.delete(part)
    await file?.close()
  }

  async function opened(part: Part): Promise<OpenFile> {
    return hold(part, open.get(part) ?? (await withRoom(() => files.open(part.file))))
  }

  /** Too many files are open: those held here cost nothing to let go, and others may need them more. */
  async function withRoom<T>(fn: () => Promise<T>): Promise<T> {
    try {
      return await fn()
    } catch (error) {
      if (open.size === 0 || !isTooManyFiles(error)) throw error
      for (const part of open.keys()) await release(part)
      return fn()
    }
  }

  /** Undefined when the part can be gone on with; else what is wrong with it. */
  async function whyLost(part: Part): Promise<string | undefined> {
    const found = await files.facts(part.file)
    if (found === undefined) return 'it is gone'
    const wrong = differs(found, part)
    if (wrong !== undefined) return wrong
    const fresh = !open.has(part)
    const file = await opened(part)
    // Between the two looks the name may have been given to another file.
    if (fresh) {
      const wrongNow = differs(await file.facts(), part)
      if (wrongNow !== undefined) return wrongNow
      if ((await hashTail(file, part.state.length)) !== part.state.tail) return 'its end was changed'
    }
    if (found.size > part.state.length) await cutBack(part, file)
    return undefined
  }

  async function cutBack(part: Part, file: OpenFile): Promise<void> {
    part.ahead = undefined
    await file.cut(part.state.length)
    part.size = [part.state.length, part.state.length]
  }

  async function begin(path: string, shape: string, before: Part | undefined): Promise<Part> {
    for (let n = (before?.state.n ?? 0) + 1; ; n++) {
      const file = fileOf(baseDir, { path, n })
      await files.makeFolder(file)
      const made = await files.create(file).catch((error: unknown) => {
        // An empty one may be ours, of a process that ended before it was recorded; with nothing in it nothing can be lost.
        if (codeOf(error) === 'EEXIST') return files.openEmpty(file)
        throw error
      })
      // Whatever else it is, it is not ours: left alone.
      if (made === undefined) continue
      try {
        const { inode } = await made.facts()
        await files.syncFolder(file)
        const part = { ...toPart({ path, n, shape, inode, length: 0, tail: EMPTY_TAIL }), follows: before?.key }
        state.set(part.key, toState(part.state))
        await state.commit()
        await hold(part, made)
        return part
      } catch (error) {
        await made.close().catch(() => {})
        await files.remove(file).catch(() => {})
        throw error
      }
    }
  }

  return {
    async ready(path, shape) {
      const known = newest.get(slot(path, shape))
      if (known !== undefined) {
        // A send that failed after `record` was dropped by the bridge: its rows come again.
        const kept = state.get(known.key) as PartState | undefined
        if (kept !== undefined) known.state = kept
        const why = await whyLost(known)
        if (why === undefined) return known
        onLost(known.state, why)
        await release(known).catch(() => {})
      }
      const part = await withRoom(() => begin(path, shape, known))
      newest.set(slot(path, shape), part)
      return part
    },
    async append(part, bytes) {
      const length = part.state.length + bytes.length
      const file = await opened(part)
      part.size = [part.state.length, length]
      await file.write(bytes)
      await file.sync()
      part.size = [length, length]
      part.ahead = { length, tail: (await hashTail(file, length)) ?? '' }
    },
    record(part) {
      part.state = { ...part.state, ...part.ahead }
      part.ahead = undefined
      state.set(part.key, toState(part.state))
      // Not sooner: until these rows are settled, a restart must still look at the part before.
      if (part.follows !== undefined) state.set(part.follows, undefined)
    },
    async undo(part) {
      try {
        await cutBack(part, await opened(part))
      } catch {
        await release(part).catch(() => {})
      }
    },
    async reload() {
      for (const part of open.keys()) await release(part)
      newest.clear()
      read()
    },
    async close() {
      for (const part of open.keys()) await release(part)
    },
  }
}

function differs(found: FileFacts, { state, size: [least, most] }: Part): string | undefined {
  if (found.inode !== state.inode) return 'another file has its name'
  if (found.size < least) return 'it became shorter'
  if (found.size > most) return 'something else was written to it'
  return undefined
}
