/** Which rows of a file are about a person. Pure; works on bytes as Latin-1 text, so that all other rows stay byte for byte. */

import type { ErasedPerson } from '../../src/plugin.ts'

/** Tells whether a row is about the person. */
export type RowFilter = (cells: readonly string[]) => boolean

/** Cuts a file into rows, whatever its pieces: a line break inside quotes ends none. Pieces and rows are Latin-1 text. */
export function createRowCutter(): { push(piece: string): string[]; end(): string } {
  let rest = ''
  let at = 0
  let quoted = false
  return {
    push(piece) {
      const rows: string[] = []
      const text = rest + piece
      let start = 0
      for (; at < text.length; at++) {
        const character = text[at]
        if (character === '"') quoted = !quoted
        else if (character === '\n' && !quoted) {
          rows.push(text.slice(start, at + 1))
          start = at + 1
        }
      }
      rest = text.slice(start)
      at = rest.length
      return rows
    },
    end: () => rest,
  }
}

/** The cells of a row, decoded. */
export function toCells(row: string, delimiter: string): string[] {
  const cells: string[] = []
  const text = row.replace(/\r?\n$/, '')
  for (let at = 0; at <= text.length;) {
    let end: number
    if (text[at] === '"') {
      end = at + 1
      while (end < text.length && (text[end] !== '"' || text[end + 1] === '"')) end += text[end] === '"' ? 2 : 1
      cells.push(text.slice(at + 1, end).replaceAll('""', '"'))
      end = Math.max(end + 1, text.indexOf(delimiter, end + 1) === -1 ? text.length : text.indexOf(delimiter, end + 1))
    } else {
      const found = text.indexOf(delimiter, at)
      end = found === -1 ? text.length : found
      cells.push(text.slice(at, end))
    }
    at = end + 1
  }
  return cells.map((cell) => Buffer.from(cell, 'latin1').toString('utf8'))
}

/**
 * A row is theirs when it says so by its columns `_delivery` or `_type` and `_id`, when one of their addresses is in it, and, where a
 * row has no such column, when a cell is their whole name.
 */
export function createRowFilter(person: ErasedPerson, headers: readonly string[]): RowFilter {
  const { emails, names } = person
  const positions = new Set(person.positions)
  const keys = new Set(person.records.map(({ key }) => key))
  const [delivery, type, id] = ['_delivery', '_type', '_id'].map((name) => headers.indexOf(name)) as [
    number,
    number,
    number,
  ]
  const whole = new Set(names)
  return (cells) => {
    const lower = cells.map((cell) => cell.toLowerCase())
    if (lower.some((cell) => emails.some((email) => cell.includes(email)))) return true
    if (delivery >= 0 && positions.has(cells[delivery] ?? '')) return true
    if (type >= 0 && id >= 0) return keys.has(`${cells[type]}:${cells[id]}`)
    return delivery < 0 && lower.some((cell) => whole.has(cell.trim().replace(/\s+/g, ' ')))
  }
}
