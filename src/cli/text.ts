import type { Output } from './deps.ts'

/** Colours a text, or leaves it when the output is no terminal. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  odd(text: string): string
}

/** Colours only on a terminal, and not when NO_COLOR is set (https://no-color.org). */
export function createPaint(output: Output, env: Readonly<Record<string, string | undefined>>): Paint {
  const on = output.isTTY === true && !env['NO_COLOR']
  const colored = (code: number) => (text: string) => (on && text !== '' ? `\u001B[${code}m${text}\u001B[0m` : text)
  return { bold: colored(1), dim: colored(2), good: colored(32), bad: colored(31), odd: colored(33) }
}

/** No colours at all. */
export const PLAIN: Paint = createPaint({ write: () => undefined }, {})

// oxlint-disable-next-line no-control-regex -- colour codes have no width
const ESCAPES = /\u001B\[\d+m/g

/** Columns of a table, aligned, two spaces between, `indent` before; no space at a line's end. */
export function alignColumns(
  rows: readonly (readonly string[])[],
  { indent = 0, right = [] as readonly number[] } = {},
): string[] {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, width(cell))))
  return rows.map((row) => {
    const cells = row.map((cell, i) => {
      const space = ' '.repeat((widths[i] ?? 0) - width(cell))
      return right.includes(i) ? space + cell : cell + space
    })
    return (' '.repeat(indent) + cells.join('  ')).trimEnd()
  })
}

/** Breaks at spaces so that no line is longer than `columns`, if a word is not. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > columns) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** `2026-03-01 12:00:05Z`: sorts, and says its zone. */
export function formatTime(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ') + 'Z'
}

/** `seq 12 #3`: a position for people; the number in the body only where there are more. */
export function formatPosition({ seq, n }: { readonly seq: number; readonly n: number }): string {
  return n <= 1 ? `${seq}` : `${seq}#${n}`
}

/** The largest unit and the next: `2d 3h`, `45s`; below a second `0.3s`. */
export function formatAge(ms: number): string {
  if (ms < 60_000) return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)}s`
  const minutes = Math.round(ms / 60_000)
  const [days, hours, rest] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60]
  if (days > 0) return hours > 0 ? `${days}d ${hours}h` : `${days}d`
  return hours > 0 ? (rest > 0 ? `${hours}h ${rest}m` : `${hours}h`) : `${rest}m`
}

function width(text: string): number {
  return text.replace(ESCAPES, '').length
}
