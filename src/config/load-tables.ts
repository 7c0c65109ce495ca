import { resolve } from 'node:path'
import { CsvError, parse } from 'csv-parse/sync'
import type { Tables } from '../core/expressions/expressions.ts'
import { childOf, keyPlaceAt } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import type { SourceReader } from './sources.ts'

/** What the config's `tables:` came to. */
export interface LoadedTables {
  readonly tables: Tables
  /** Names of all of them, the unreadable too: using one of these is no second problem. */
  readonly names: readonly string[]
  readonly problems: readonly Problem[]
}

/** Reads all lookup tables of a config. Problems inside a file name its lines, never what stands there. */
export async function loadTables(tree: Located, baseDir: string, reader: SourceReader): Promise<LoadedTables> {
  const tables = new Map<string, ReadonlyMap<string, string>>()
  const problems: Problem[] = []
  const section = childOf(tree, 'tables')
  const entries = section?.kind === 'map' ? [...section.entries] : []
  for (const [name, { node }] of entries) {
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.broken === true || node.value === '') continue
    const file = resolve(baseDir, node.value)
    const found = await reader.read(file)
    if ('reason' in found) {
      problems.push(problemAt(node.at, ['tables', name], `${file}: ${found.reason}`))
      continue
    }
    const table = parseTable(found.text)
    tables.set(name, table.values)
    for (const { line, message } of table.problems) problems.push({ file, line, column: 1, path: '', message })
  }
  return { tables, names: entries.map(([name]) => name), problems }
}

/** Lookup tables that nothing uses. */
export function unusedTableWarnings(tree: Located, { names }: LoadedTables, used: ReadonlySet<string>): Problem[] {
  return names
    .filter((name) => !used.has(name))
    .map((name) => {
      const path = ['tables', name]
      return problemAt(keyPlaceAt(tree, path), path, 'no mapping uses this table')
    })
}

interface LineProblem {
  readonly line: number
  readonly message: string
}

/** A lookup table as its text says: a header line, then first column key, second value; further columns are notes. */
export function parseTable(text: string): {
  readonly values: ReadonlyMap<string, string>
  readonly problems: readonly LineProblem[]
} {
  const values = new Map<string, string>()
  const rows = parseRows(text)
  if ('message' in rows) return { values, problems: [rows] }
  const [header, ...body] = rows
  if (header === undefined) return { values, problems: [{ line: 1, message: `is empty: ${EXPECTED}` }] }
  const columns = header.cells.length
  if (columns < 2) return { values, problems: [{ line: header.line, message: `no second column: ${EXPECTED}` }] }
  const problems: LineProblem[] = []
  const lines = new Map<string, number>()
  for (const { line, cells } of body) {
    const [key = '', value = ''] = cells
    const first = lines.get(key)
    if (cells.length !== columns) {
      const message = `${cells.length} columns, the header line has ${columns}; put a value with a comma in quotes`
      problems.push({ line, message })
    } else if (key === '') problems.push({ line, message: 'the first column, the key, is empty' })
    else if (first !== undefined) problems.push({ line, message: `its key stands in line ${first} already` })
    else {
      lines.set(key, line)
      values.set(key, value)
    }
  }
  return { values, problems }
}

const EXPECTED = 'expected a header line such as id,channel (commas between), then a line for each key'

interface Row {
  readonly line: number
  readonly cells: readonly string[]
}

function parseRows(text: string): readonly Row[] | LineProblem {
  try {
    // The types of the library do not know what `info` does.
    const rows: unknown = parse(text, {
      bom: true,
      trim: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      skip_records_with_empty_values: true,
    })
    return (rows as { readonly record: string[]; readonly info: { readonly lines: number } }[]).map(
      ({ record, info }) => ({ line: info.lines, cells: record }),
    )
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    const message = MESSAGES[error.code] ?? `CSV cannot be read here (${error.code})`
    return { line: typeof error.lines === 'number' ? error.lines : 1, message }
  }
}

/** In our words, since those of the library quote the file; codes: https://csv.js.org/parse/errors/ */
const MESSAGES: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened and never closed',
  CSV_INVALID_CLOSING_QUOTE: 'a quote inside a value: put the whole value in quotes, and write the quote twice',
  INVALID_OPENING_QUOTE: 'a quote inside a value: put the whole value in quotes, and write the quote twice',
}
