import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import { options, type CsvOptions } from './options.ts'

/** A folder that goes with the test. */
export interface Folder extends Disposable {
  readonly path: string
  /** Names of all files below it, sorted, parts in their order. */
  files(): string[]
  text(name: string): string
}

export function createFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'csv-plugin-'))
  return {
    path,
    files: () =>
      readdirSync(path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
        .sort((a, b) => a.localeCompare(b, 'en', { numeric: true })),
    text: (name) => readFileSync(join(path, name), 'utf8'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

export function toOptions(input: Record<string, unknown>): CsvOptions {
  return options.parse(input)
}

/** Reads a file back as strictly as a reader can: every row as long as the header. */
export function readRows(text: string, delimiter = ','): Record<string, string>[] {
  return parse(text, { columns: true, delimiter, bom: true, record_delimiter: '\r\n' })
}
