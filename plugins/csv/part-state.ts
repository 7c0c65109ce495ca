/** What the state keeps of a part: one file with one header, `name.csv`, then `name.2.csv`, … */

import { createHash } from 'node:crypto'
import { join, parse, resolve } from 'node:path'
import { DestinationError, z, type JsonObject, type PluginContext } from '../../src/plugin.ts'

const partState = z.object({
  /** As rendered from the pattern: relative to the config's folder, or absolute. */
  path: z.string().min(1),
  /** Number of the part, from 1. */
  n: z.int().min(1),
  /** Hash of header and delimiter: rows of another shape never follow. */
  shape: z.string(),
  inode: z.string(),
  /** Bytes whose rows are settled. */
  length: z.int().min(0),
  /** Hash of the last 64 KB of them. */
  tail: z.string(),
  /** What takes its place, while rows are taken out of it. */
  next: z.object({ inode: z.string(), length: z.int().min(0), tail: z.string() }).optional(),
})

/** A part as the state keeps it. */
export type PartState = z.infer<typeof partState>

/** The same as the state keeps it. */
export const toState = (part: PartState): JsonObject => part as JsonObject

/** Hash of nothing: the tail of a part at length 0. */
export const EMPTY_TAIL = createHash('sha256').digest('hex')

/** Key of a part in the plugin's state. */
export function keyOf({ path, shape, n }: Pick<PartState, 'path' | 'shape' | 'n'>): string {
  return `part:${createHash('sha256').update(`${shape}\0${path}`).digest('hex').slice(0, 32)}:${n}`
}

/** Name of the file of a part, absolute. */
export function fileOf(baseDir: string, { path, n }: Pick<PartState, 'path' | 'n'>): string {
  const { dir, name, ext } = parse(path)
  return resolve(baseDir, n === 1 ? path : join(dir, `${name}.${n}${ext}`))
}

/**
 * All parts the state knows, lowest number first.
 *
 * @throws DestinationError `ERR_CSV_STATE` when one cannot be read: going on without it could write rows twice
 */
export function readParts(state: PluginContext['state']): PartState[] {
  const parts = state
    .entries()
    .filter(([key]) => key.startsWith('part:'))
    .map(([key, value]) => {
      const { success, data, error } = partState.safeParse(value)
      if (success) return data
      throw new DestinationError(`the state of an exported file cannot be read (${key})`, {
        code: 'ERR_CSV_STATE',
        cause: error,
      })
    })
  return parts.sort((a, b) => a.n - b.n)
}
