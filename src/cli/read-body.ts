import { readFile } from 'node:fs/promises'
import { coerceError } from '../core/errors.ts'
import { usageError } from './verb.ts'

/** Reads a file for a verb; a missing one is a usage error. */
export async function readBody(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw usageError(`cannot read ${path}: ${coerceError(error).message}`, { cause: error })
  }
}
