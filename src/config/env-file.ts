import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { problemOf } from './problem.ts'
import type { Problem } from './problem.ts'
import type { SourceReader } from './sources.ts'

/** Variables by name. */
export type Env = Readonly<Record<string, string | undefined>>

/**
 * The variables references see: those of the process, then those of the `.env` in a folder; a missing `.env` is none. The format
 * is Node's (`KEY=value`, quotes, comments, `export`), the same on Bun: https://nodejs.org/api/util.html#utilparseenvcontent
 */
export async function readEnv(
  folder: string,
  env: Env,
  reader: SourceReader,
): Promise<{ env: Env; problems: Problem[] }> {
  const path = join(folder, '.env')
  const file = await reader.read(path)
  if ('reason' in file) return { env, problems: file.reason === 'no such file' ? [] : [problemOf(path, file.reason)] }
  const ours = Object.entries(env).filter(([, value]) => value !== undefined)
  return { env: { ...parseEnv(file.text), ...Object.fromEntries(ours) }, problems: [] }
}
