/**
 * `as: log`: a row per state, each in the files exactly once. One send writes each of its files once, syncs all, then stages their new
 * lengths: they join the flush that settles its jobs. A send that fails takes back what it wrote.
 */

import {
  delivered,
  reject,
  retry,
  skip,
  type Attempt,
  type ErasedPerson,
  type Job,
  type Outcome,
  type PluginContext,
  type Sender,
} from '../../src/plugin.ts'
import { eraseRows, type ErasedRows } from './erase.ts'
import { isPassing, toDiskError } from './disk-errors.ts'
import { codeOf, diskFiles, type Files } from './files.ts'
import type { CsvOptions } from './options.ts'
import { createParts, type Part } from './parts.ts'
import { fileOf, type PartState } from './part-state.ts'
import { isPublicPath, rootOf } from './paths.ts'
import { checkFolder, toPreview } from './looks.ts'
import { recoverParts } from './recovery.ts'
import { createRowMaker, groupRows, type Row } from './rows.ts'

const ABORTED = new Error('aborted')

/** Recovers what the last process left, then makes the sender. `files` is replaced in tests, to end the process anywhere. */
export async function createLogSender(
  options: CsvOptions,
  context: PluginContext,
  files: Files = diskFiles,
): Promise<Sender> {
  const { baseDir, log } = context
  const maker = createRowMaker(options, baseDir)
  const isPublic = isPublicPath(options.path)
  const nameOf = (part: Pick<PartState, 'path' | 'n'>): string =>
    isPublic ? fileOf(baseDir, part) : `${options.path.source} (part ${part.n})`
  const onLost = (part: PartState, why: string): void =>
    log.warn('an exported file is not as it was left; a new part begins', { file: nameOf(part), why })

  try {
    await recoverParts(files, context, maker.shapes.has, {
      onLost,
      onCut: (part, bytes, to) =>
        log.warn('rows that were never settled were cut', {
          file: nameOf(part),
          bytes,
          copy: isPublic ? to : undefined,
        }),
    })
  } catch (error) {
    throw toDiskError(error, options.path.source, isPublic)
  }
  const parts = createParts(files, context, onLost)
  let last: Promise<unknown> = Promise.resolve()
  let closing: Promise<void> | undefined

  async function write(rows: readonly Row[], signal: AbortSignal): Promise<void> {
    const touched: Part[] = []
    let place = options.path.source
    try {
      for (const group of groupRows(rows)) {
        if (signal.aborted) throw ABORTED
        place = nameOf({ path: group.path, n: 1 })
        const part = await parts.ready(group.path, group.shape.id)
        place = nameOf(part.state)
        touched.push(part)
        await parts.append(part, Buffer.from(maker.toText(group, part.state.length === 0)))
      }
    } catch (error) {
      for (const part of touched) await parts.undo(part)
      throw isPassing(error) ? error : toDiskError(error, place, isPublic)
    }
    for (const part of touched) parts.record(part)
  }

  async function send(jobs: readonly Job[], { signal }: Attempt): Promise<readonly Outcome[]> {
    const rows = jobs.map(maker.toRow)
    try {
      await write(rows, signal)
    } catch (error) {
      // In both cases nothing is left of what was written.
      if (isPassing(error)) return toOutcomes(rows, retry({ reason: `the disk is busy (${codeOf(error)})` }))
      if (error === ABORTED) return toOutcomes(rows, retry({ reason: 'aborted before all rows were on the disk' }))
      throw error
    }
    return toOutcomes(rows, delivered())
  }

  async function eraseAll(person: ErasedPerson, signal: AbortSignal): Promise<Outcome> {
    if (!person.exports) return skip('files stay as they are unless exports are asked for (erase --exports)')
    // Between files and state nothing is on its way: the bridge asks when all is settled.
    await parts.reload()
    let done: ErasedRows
    try {
      done = await eraseRows(files, context, person, options.delimiter, signal)
    } catch (error) {
      if (isPassing(error)) return retry({ reason: `the disk is busy (${codeOf(error)})` })
      if (error === signal.reason) return retry({ reason: 'aborted before all files were rewritten' })
      throw toDiskError(error, options.path.source, isPublic)
    } finally {
      await parts.reload()
    }
    log.info('rows of an erased person were taken out', { rows: done.rows, files: done.files })
    if (done.strange.length === 0) return delivered()
    return reject(
      `${done.strange.length} files are not as they were left and were not touched: look through them by hand`,
    )
  }

  return {
    send(jobs, attempt) {
      if (closing !== undefined) return Promise.reject(new Error('the csv sender is closed'))
      // One after the other, whoever calls: two writers would each see the other as a stranger.
      const sending = last.then(() => send(jobs, attempt))
      last = sending.catch(() => {})
      return sending
    },
    erase(person, { signal }) {
      const erasing = last.then(() => eraseAll(person, signal))
      last = erasing.catch(() => {})
      return erasing
    },
    preview: (jobs) => jobs.map((job) => toPreview(maker.toRow(job))),
    check: () => checkFolder(rootOf(options.path.source, baseDir)),
    close() {
      closing ??= last.then(() => parts.close())
      return closing
    },
  }
}

function toOutcomes(rows: readonly Row[], written: Outcome): Outcome[] {
  return rows.map((row) => (row.state === 'rejected' ? reject(row.reason) : written))
}
