/** The rows a destination's CSV files hold, told by the states they are of. */

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { DestinationSettings } from '../core/settings.ts'
import { MARK } from '../core/torture/facts.ts'
import { exportsOf } from './overlay.ts'

/** A row: its state by position, or by its delivery and its mark. */
export interface Row {
  readonly destination: string
  readonly seq: number
  readonly n?: number
  readonly mark?: number
  /** It cannot be told which rows of a record came first: they may be in several files. */
  readonly aside: boolean
}

interface CsvOptions {
  readonly as?: string
  readonly delimiter?: string
  readonly path?: { readonly reads?: ReadonlySet<string> }
}

/** True for options of a file that shows the newest state of each record only. */
export const isTable = (options: unknown): boolean => (options as CsvOptions).as === 'table'

/** Reads them, parts in their order. Rejects when a file is no table: a torn row, a row of another length. */
export async function readRows(folder: string, { name, options }: DestinationSettings): Promise<Row[]> {
  const { delimiter = ',', path } = options as CsvOptions
  const aside = [...(path?.reads ?? [])].some((root) => root !== 'type')
  const base = exportsOf(folder, name)
  const rows: Row[] = []
  for (const file of await listParts(base)) {
    const records = parse(await readFile(join(base, file)), { columns: true, delimiter, bom: true }) as Record<
      string,
      string
    >[]
    for (const row of records) rows.push({ destination: name, ...stateOf(row, file), aside })
  }
  return rows
}

/** `name.csv`, then `name.2.csv`; not what was cut off a file, nor a table that was not whole yet. */
async function listParts(base: string): Promise<string[]> {
  const entries = await readdir(base, { recursive: true, withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return []
      throw error
    },
  )
  const files = entries
    .filter((entry) => entry.isFile() && !/\.(?:cut-\d{8}T\d{6}Z(?:-\d+)?|new)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(base.length + 1))
  const partOf = (file: string): number => Number(/\.(\d+)(?:\.[^./]*)?$/.exec(file)?.[1] ?? 1)
  return files.sort((a, b) => partOf(a) - partOf(b) || a.localeCompare(b))
}

function stateOf(row: Readonly<Record<string, string>>, file: string): { seq: number; n?: number; mark?: number } {
  const [, seq, n] = /^(\d+)\.(\d+)$/.exec(row['_delivery'] ?? '') ?? []
  if (seq !== undefined) return { seq: Number(seq), n: Number(n) }
  const [, delivery, mark] = /^(\d+)\/(\d+)$/.exec(row[MARK] ?? '') ?? []
  if (delivery !== undefined) return { seq: Number(delivery), mark: Number(mark) }
  throw new Error(`a row of ${file} does not say which state it is of`)
}
