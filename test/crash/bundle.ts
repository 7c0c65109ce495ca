import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { runtimePath } from '../kit/bridge-process.ts'

const root = resolve(import.meta.dirname, '../..')

/** A child process of this suite. */
export interface Program {
  readonly command: readonly [string, ...string[]]
  /** Where Node keeps what it has compiled. */
  readonly cache: string
}

/**
 * A program for Node that starts in a third of the time, of which this suite spends most: an entry script with all it imports in one file,
 * the modules it starts or loads by name beside it, compiled once. Nothing else changes; the other tests run the sources.
 *
 * @param folder where all of it goes
 * @param entry from the root of the repository
 * @param besides modules loaded by name: where they have to lie, seen from the entry → source
 */
export function makeProgram(folder: string, entry: string, besides: Readonly<Record<string, string>>): Program {
  const modules = { 'worker.js': 'src/storage/sqlite/worker.ts', ...besides }
  const sources = [entry, ...Object.values(modules)].map((file) => resolve(root, file))
  execFileSync(
    runtimePath('bun'),
    ['build', ...sources, '--target', 'node', '--outdir', folder, '--minify', '--entry-naming', '[name].js'],
    { stdio: 'pipe' },
  )
  const built = (source: string): string => join(folder, `${basename(source, '.ts')}.js`)
  for (const [place, source] of Object.entries(modules)) {
    mkdirSync(dirname(join(folder, place)), { recursive: true })
    renameSync(built(source), join(folder, place))
  }
  // Else Node looks into each file for what kind of module it is.
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const program: Program = { command: [runtimePath('node'), built(entry)], cache: join(folder, 'cache') }
  compile(program, folder)
  return program
}

/** Runs it once, without a config, to its end: one that is killed leaves nothing in the cache. */
function compile({ command: [node, script = ''], cache }: Program, folder: string): void {
  writeFileSync(join(folder, 'kill-at'), '{"at":0}')
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: cache }
  const { status } = spawnSync(node, [script, folder, join(folder, 'none.yaml')], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  if (status !== 1 || !existsSync(cache)) throw new Error(`the program could not be compiled: ${status}`)
  rmSync(join(folder, 'kill-at'))
}
