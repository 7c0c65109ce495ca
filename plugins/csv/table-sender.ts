/**
 * `as: table`: one row per record, its newest state. One send writes each table it changes anew, beside the old file, syncs it and renames
 * it over; then the rows are staged and join the flush that settles the jobs. A process that ends in between has written what
 * the same jobs write again.
 */

import {
  delivered,
  DestinationError,
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
import { isPassing, toDiskError } from './disk-errors.ts'
import { codeOf, diskFiles, type Files } from './files.ts'
import { checkFolder, toPreview } from './looks.ts'
import type { CsvOptions } from './options.ts'
import { fileOf } from './part-state.ts'
import { isPublicPath, rootOf } from './paths.ts'
import { createRowFilter } from './person-rows.ts'
import { createRowMaker } from './rows.ts'
import { openTables } from './table.ts'

const STATE_LOST = 'what is known of the rows of this table cannot be read'

/** Reads the rows, then makes the sender. */
export async function createTableSender(
  options: CsvOptions,
  context: PluginContext,
  files: Files = diskFiles,
): Promise<Sender> {
  const { baseDir } = context
  const maker = createRowMaker(options, baseDir)
  const isPublic = isPublicPath(options.path)
  const tables = openTables(
    context.state,
    (cause) => new DestinationError(`${STATE_LOST}: ${options.path.source}`, { code: 'ERR_CSV_STATE', cause }),
  )
  let last: Promise<unknown> = Promise.resolve()
  let closed = false

  async function writeTables(signal: AbortSignal): Promise<void> {
    let place = options.path.source
    try {
      for (const path of tables.changed()) {
        if (signal.aborted) throw signal.reason
        const file = fileOf(baseDir, { path, n: 1 })
        place = isPublic ? file : options.path.source
        await files.makeFolder(file)
        const { headers, rows } = tables.content(path)
        await files.replace(file, Buffer.from(maker.toTable(headers, rows)))
      }
    } catch (error) {
      throw isPassing(error) || error === signal.reason ? error : toDiskError(error, place, isPublic)
    }
  }

  const place = (job: Job): Outcome => {
    if (job.left) return tables.remove(job) === 'older' ? skip('the row shows a newer state') : delivered()
    const row = maker.toRow(job)
    if (row.state === 'rejected') return reject(row.reason)
    return tables.put(job, row) === 'older' ? skip('the row shows a newer state') : delivered()
  }

  async function send(jobs: readonly Job[], { signal }: Attempt): Promise<readonly Outcome[]> {
    const outcomes = jobs.map(place)
    try {
      await writeTables(signal)
    } catch (error) {
      tables.undo()
      const passes = isPassing(error) || error === signal.reason
      if (!passes) throw error
      const reason = isPassing(error)
        ? `the disk is busy (${codeOf(error)})`
        : 'aborted before the table was on the disk'
      return outcomes.map((outcome) => (outcome.state === 'reject' ? outcome : retry({ reason })))
    }
    tables.stage()
    return outcomes
  }

  /** Rows are kept by the bridge, so they go whether exports are asked for or not, and the file follows them. */
  async function erase(person: ErasedPerson, signal: AbortSignal): Promise<Outcome> {
    const positions = new Set(person.positions)
    const rows = tables.removeAll(({ at, cells }) => {
      const isTheirs = createRowFilter(person, [])
      const texts = cells.map(([, value]) => (typeof value === 'string' ? value : JSON.stringify(value)))
      return positions.has(`${at.seq}.${at.n}`) || isTheirs(texts)
    })
    try {
      await writeTables(signal)
    } catch (error) {
      tables.undo()
      if (isPassing(error)) return retry({ reason: `the disk is busy (${codeOf(error)})` })
      if (error === signal.reason) return retry({ reason: 'aborted before the table was on the disk' })
      throw error
    }
    tables.stage()
    context.log.info('rows of an erased person were taken out', { rows })
    return delivered()
  }

  return {
    send(jobs, attempt) {
      if (closed) return Promise.reject(new Error('the csv sender is closed'))
      const sending = last.then(() => send(jobs, attempt))
      last = sending.catch(() => {})
      return sending
    },
    erase(person, { signal }) {
      const erasing = last.then(() => erase(person, signal))
      last = erasing.catch(() => {})
      return erasing
    },
    preview: (jobs) => jobs.map((job) => toPreview(maker.toRow(job))),
    check: () => checkFolder(rootOf(options.path.source, baseDir)),
    async close() {
      closed = true
      await last
    },
  }
}
