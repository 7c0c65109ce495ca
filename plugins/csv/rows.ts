/** From jobs to rows, and from rows to the text of a file. Pure. */

import { isBridgeError, type Job, type Json } from '../../src/plugin.ts'
import { createShapes, type Shape, type Shapes } from './columns.ts'
import { BOM, toLines } from './lines.ts'
import type { CsvOptions } from './options.ts'
import { pathOf } from './paths.ts'

/** What becomes of a job: a row in a file, or a reason why it can have none. */
export type Row =
  | {
      readonly state: 'row'
      readonly path: string
      readonly shape: Shape
      readonly cells: readonly (Json | undefined)[]
    }
  | { readonly state: 'rejected'; readonly reason: string }

/** Rows for one file, in the order of their jobs. */
export interface RowGroup {
  readonly path: string
  readonly shape: Shape
  readonly rows: readonly (readonly (Json | undefined)[])[]
}

/** Makes rows of one destination. */
export interface RowMaker {
  readonly shapes: Shapes
  toRow(job: Job): Row
  /** The rows as text; with header, and byte order mark if wanted, for the first bytes of a file. */
  toText(group: RowGroup, first: boolean): string
  /** A whole file: header and rows. */
  toTable(headers: readonly string[], rows: RowGroup['rows']): string
}

export function createRowMaker(options: CsvOptions, baseDir: string): RowMaker {
  const { columns, path, delimiter, bom, escapeFormulas } = options
  const shapes = createShapes(columns, path.reads.has('type'), delimiter)
  const isEscaped = (header: string): boolean =>
    typeof escapeFormulas === 'boolean' ? escapeFormulas : !escapeFormulas.except.includes(header)
  const toBody = (headers: readonly string[], rows: RowGroup['rows']): string =>
    toLines(rows, { delimiter, escape: headers.map(isEscaped) })
  const toTable = (headers: readonly string[], rows: RowGroup['rows']): string => {
    // Headers are the operator's own words (or ours): escaping would only alter the names others look columns up by.
    const header = toLines([headers], { delimiter, escape: headers.map(() => false) })
    return `${bom ? BOM : ''}${header}${toBody(headers, rows)}`
  }
  return {
    shapes,
    toRow(job) {
      try {
        const shape = shapes.of(job)
        return { state: 'row', path: pathOf(path, baseDir, job), shape, cells: shape.cells(job) }
      } catch (error) {
        if (isBridgeError(error, 'record')) return { state: 'rejected', reason: error.message }
        throw error
      }
    },
    toText: ({ shape, rows }, first) => (first ? toTable : toBody)(shape.headers, rows),
    toTable,
  }
}

/** Rows by file, files in the order of their first row. */
export function groupRows(rows: readonly Row[]): RowGroup[] {
  const groups = new Map<string, RowGroup & { readonly rows: RowGroup['rows'][number][] }>()
  for (const row of rows) {
    if (row.state === 'rejected') continue
    const { path, shape, cells } = row
    const name = `${shape.id}\0${path}`
    const group = groups.get(name)
    if (group === undefined) groups.set(name, { path, shape, rows: [cells] })
    else group.rows.push(cells)
  }
  return [...groups.values()]
}
