import { comparePositions, formatPosition } from '../positions.ts'
import type { Cursor, Position } from '../types.ts'

/** The positions between a cursor and its reader. */
export interface Window {
  /** Positions between cursor and reader, settled ones above the cursor included. */
  readonly size: number
  /** Where the reader reads next. */
  readonly next: Position
  /** The reader passes a record. `job` false: not ours. Returns false when the position was settled before a restart. */
  pass(position: Position, job: boolean): boolean
  /** The reader goes on at the start of a delivery. */
  enter(next: Position): void
  settle(position: Position): void
  /** The cursor to keep on disk. */
  cursor(): Cursor
}

interface Entry {
  readonly position: Position
  readonly job: boolean
  settled: boolean
}

/** Makes the window of a cursor read from disk. */
export function createWindow(cursor: Cursor): Window {
  const before = new Set(cursor.done.map(formatPosition))
  const open = new Map<string, Entry>()
  let entries: Entry[] = []
  let start = 0
  let next = cursor.position

  const trim = (): void => {
    while (start < entries.length && entries[start]?.settled === true) start += 1
    if (start > 512 && start * 2 > entries.length) {
      entries = entries.slice(start)
      start = 0
    }
  }

  return {
    get size() {
      return entries.length - start
    },
    get next() {
      return next
    },
    pass(position, job) {
      next = { seq: position.seq, n: position.n + 1 }
      const id = formatPosition(position)
      const known = before.delete(id)
      const entry: Entry = { position, job: job || known, settled: !job || known }
      if (!entry.settled) open.set(id, entry)
      if (!entry.settled || start < entries.length) entries.push(entry)
      return !known
    },
    enter(position) {
      if (comparePositions(position, next) > 0) next = position
    },
    settle(position) {
      const id = formatPosition(position)
      const entry = open.get(id)
      if (entry === undefined) return
      entry.settled = true
      open.delete(id)
      trim()
    },
    cursor() {
      const position = entries[start]?.position ?? next
      const done: Position[] = []
      for (let index = start; index < entries.length; index++) {
        const entry = entries[index]
        if (entry?.settled === true && entry.job) done.push(entry.position)
      }
      // Positions settled before a restart that the reader has not come to again are still settled.
      for (const id of before) {
        const [seq, n] = id.split('.').map(Number)
        done.push({ seq: seq ?? 0, n: n ?? 0 })
      }
      return { position, done }
    },
  }
}
