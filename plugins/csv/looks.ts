/** What a destination would write, and whether it could, without writing. */

import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { JsonObject } from '../../src/plugin.ts'
import { codeOf } from './files.ts'
import type { Row } from './rows.ts'

/** A row as people see it. */
export function toPreview(row: Row): JsonObject {
  if (row.state === 'rejected') return { rejected: row.reason }
  const cells = row.shape.headers.map((header, index) => [header, row.cells[index] ?? null] as const)
  return { path: row.path, row: Object.fromEntries(cells) }
}

/** The nearest folder that is there must take new files; what is missing below it is made when needed. */
export async function checkFolder(folder: string): Promise<string[]> {
  try {
    if (!(await stat(folder)).isDirectory()) return [`${folder} is a file, not a folder`]
    await access(folder, constants.W_OK | constants.X_OK)
    return []
  } catch (error) {
    const code = codeOf(error)
    if (code === 'ENOENT' && dirname(folder) !== folder) return checkFolder(dirname(folder))
    return [`cannot write to ${folder}${code === undefined ? '' : ` (${code})`}`]
  }
}
