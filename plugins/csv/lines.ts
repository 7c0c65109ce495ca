/** Rows to text: RFC 4180 with CRLF, UTF-8. */

import { stringify } from 'csv-stringify/sync'
import type { Json } from '../../src/plugin.ts'

/** First characters that make a spreadsheet run a cell: OWASP's `= + - @` tab, CR, LF and NUL, and the full-width forms. */
const FORMULA = /^[=+\-@\t\r\n\0\uFF1D\uFF0B\uFF0D\uFF20]/

/** The byte order mark, for a new file only. */
export const BOM = '\uFEFF'

/**
 * Lines of text, each ended by CRLF. `escape` says for each column whether a text that begins like a formula gets a `'` before
 * it. Numbers are left alone; true, false and JSON are written as such, nothing as an empty cell.
 */
export function toLines(
  rows: readonly (readonly (Json | undefined)[])[],
  { delimiter, escape }: { readonly delimiter: string; readonly escape: readonly boolean[] },
): string {
  return stringify(rows as (Json | undefined)[][], {
    delimiter,
    record_delimiter: '\r\n',
    // Off by default once a record delimiter is given: a lone LF would go out bare.
    quote_record_delimiter: true,
    // An empty line would be no row to some readers.
    quoted_empty: escape.length === 1,
    cast: {
      string: (value, { index }) => (escape[index] === true && FORMULA.test(value) ? `'${value}` : value),
      boolean: String,
      date: (value) => value.toISOString(),
      object: (value) => JSON.stringify(value),
    },
  })
}
