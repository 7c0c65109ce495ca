/** The rows of all tables of a destination, kept in its durable state: the files are made from them. */

import type { Job, Json, JsonObject, PluginState, Position } from '../../src/plugin.ts'
import { z } from '../../src/plugin.ts'
import type { Row } from './rows.ts'

const position = z.object({ seq: z.number(), n: z.number() })

const rowDocument = z.object({
  path: z.string(),
  /** Of the first state: rows stand in this order. */
  since: position,
  /** Of the state the row shows. */
  at: position,
  cells: z.array(z.tuple([z.string(), z.json()])),
})

/** One row of a table. */
export type TableRow = Readonly<z.infer<typeof rowDocument>>

/** A table as its file shows it. */
export interface TableContent {
  readonly headers: readonly string[]
  readonly rows: readonly (readonly (Json | undefined)[])[]
}

/** What a job changes. */
export type Change = 'changed' | 'older'

export interface Tables {
  /** Puts a row in the place of the record's last one. `older` changes nothing: the row shows a newer state. */
  put(job: Job, row: Extract<Row, { state: 'row' }>): Change
  /** Takes the record's row away. */
  remove(job: Job): Change
  /** Takes the rows away that show a person; `how` tells. */
  removeAll(how: (row: TableRow) => boolean): number
  /** Paths whose tables changed since the last call. */
  changed(): string[]
  content(path: string): TableContent
  /** Stages the changes of the rows; they join the flush that settles the jobs. */
  stage(): void
  /** Forgets the changes since the last `stage`. */
  undo(): void
}

const PREFIX = 'row:'

/** Reads the rows. Rejects with ERR_CSV_STATE when one cannot be read. */
export function openTables(state: PluginState, damaged: (cause: unknown) => Error): Tables {
  const rows = new Map<string, TableRow>()
  for (const [name, value] of state.entries()) {
    if (!name.startsWith(PREFIX)) continue
    const parsed = rowDocument.safeParse(value)
    if (!parsed.success) throw damaged(parsed.error)
    rows.set(name.slice(PREFIX.length), parsed.data)
  }
  const before = new Map<string, TableRow | undefined>()
  const paths = new Set<string>()
  const headersOf = new Map<string, readonly string[]>()

  const set = (key: string, row: TableRow | undefined): void => {
    const old = rows.get(key)
    if (!before.has(key)) before.set(key, old)
    if (old !== undefined) paths.add(old.path)
    if (row !== undefined) paths.add(row.path)
    if (row === undefined) rows.delete(key)
    else rows.set(key, row)
  }

  return {
    put(job, { path, shape, cells }) {
      const old = rows.get(job.key)
      if (old !== undefined && isBefore(job.position, old.at)) return 'older'
      headersOf.set(path, shape.headers)
      const named = shape.headers.map((header, index): [string, Json] => [header, cells[index] ?? null])
      set(job.key, { path, since: old?.since ?? job.position, at: job.position, cells: named as TableRow['cells'] })
      return 'changed'
    },
    remove(job) {
      const old = rows.get(job.key)
      if (old !== undefined && isBefore(job.position, old.at)) return 'older'
      if (old !== undefined) headersOf.set(old.path, headersOf.get(old.path) ?? old.cells.map(([header]) => header))
      set(job.key, undefined)
      return 'changed'
    },
    removeAll(how) {
      const own = [...rows].filter(([, row]) => how(row))
      for (const [key, { path, cells }] of own) {
        headersOf.set(path, headersOf.get(path) ?? cells.map(([header]) => header))
        set(key, undefined)
      }
      return own.length
    },
    changed() {
      const list = [...paths]
      paths.clear()
      return list
    },
    content(path) {
      const own = [...rows.values()].filter((row) => row.path === path).sort((a, b) => order(a.since, b.since))
      // Columns the config names now come first; those only older rows have stay behind them.
      const headers = [
        ...new Set([...(headersOf.get(path) ?? []), ...own.flatMap(({ cells }) => cells.map(([header]) => header))]),
      ]
      return {
        headers,
        rows: own.map(({ cells }) => {
          const byHeader = new Map(cells)
          return headers.map((header) => byHeader.get(header) as Json | undefined)
        }),
      }
    },
    stage() {
      for (const key of before.keys()) state.set(`${PREFIX}${key}`, rows.get(key) as JsonObject | undefined)
      before.clear()
    },
    undo() {
      for (const [key, row] of before) {
        if (row === undefined) rows.delete(key)
        else rows.set(key, row)
      }
      before.clear()
      paths.clear()
    },
  }
}

function order(a: Position, b: Position): number {
  return a.seq - b.seq || a.n - b.n
}

function isBefore(a: Position, b: Position): boolean {
  return order(a, b) < 0
}
