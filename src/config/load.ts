import { resolve } from 'node:path'
import type { Plugin } from '../core/plugin-contract.ts'
import { redact } from '../core/redact.ts'
import type { Settings } from '../core/settings.ts'
import { checkAccounts, unusedAccountWarnings } from './check-accounts.ts'
import { checkNotify } from './check-notify.ts'
import { checkDestinations, unfedWarnings } from './check-destinations.ts'
import { checkRoutes } from './check-routes.ts'
import { readEnv } from './env-file.ts'
import type { Env } from './env-file.ts'
import { baseDirOf } from './find.ts'
import { loadPlugins } from './load-plugins.ts'
import { loadTables, unusedTableWarnings } from './load-tables.ts'
import { mergeLocated, placeAt } from './located.ts'
import type { Located } from './located.ts'
import type { LoadPlugin } from './plugin-loader.ts'
import { problemAt, problemOf, sortProblems } from './problem.ts'
import type { Problem } from './problem.ts'
import { readYaml } from './read-yaml.ts'
import { referencesIn, replaceReferences } from './references.ts'
import type { Lookup } from './references.ts'
import { configSchema } from './schema.ts'
import type { Config } from './schema.ts'
import { createSourceReader } from './sources.ts'
import type { Source, SourceReader } from './sources.ts'
import { toSettings } from './to-settings.ts'
import { validate } from './validate.ts'

/** What a config is loaded from. */
export interface ConfigInput {
  /** Config files; later ones are put on top of earlier ones. */
  readonly files: readonly string[]
  /** Folder of relative paths and of `.env`; default: the first file's, the repository root for the default config. */
  readonly baseDir?: string
  readonly env: Env
  /** Built-in plugins by name. */
  readonly plugins: ReadonlyMap<string, Plugin>
  readonly loadPlugin: LoadPlugin
}

/** A config, or everything that is wrong with it. `sources` are the files it depends on either way, for `watchConfig`. */
export type LoadedConfig =
  | {
      readonly ok: true
      readonly settings: Settings
      readonly warnings: readonly Problem[]
      readonly sources: readonly Source[]
    }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly sources: readonly Source[] }

/** Loads, merges and checks a config. All problems come at once; a mistake in a config never throws. */
export async function loadConfig(input: ConfigInput): Promise<LoadedConfig> {
  const files = input.files.map((file) => resolve(file))
  const baseDir = resolve(input.baseDir ?? (files[0] === undefined ? '.' : baseDirOf(files[0], '.')))
  const reader = createSourceReader()
  const failed = (problems: readonly Problem[]): LoadedConfig => ({
    ok: false,
    problems: sortProblems(problems, files),
    sources: reader.sources(),
  })

  const read = await readFiles(files, reader)
  const dotEnv = await readEnv(baseDir, input.env, reader)
  const early = [...read.problems, ...dotEnv.problems]
  if (read.tree === undefined) return failed(early)

  const { lookup, values } = await createLookup(read.tree, dotEnv.env, baseDir, reader)
  const { tree, problems: missing } = replaceReferences(read.tree, lookup)
  const loaded = await loadPlugins(tree, input.plugins, input.loadPlugin, baseDir, reader)
  const tables = await loadTables(tree, baseDir, reader)
  const structure = await validate(configSchema, tree)
  const { accounts, problems: ofAccounts } = checkAccounts(tree, loaded)
  const destinations = await checkDestinations(tree, { loaded, accounts, tables: tables.names })
  const routes = checkRoutes(tree, destinations.modes)
  const channels = checkNotify(tree)
  // What a reference stands for may be a secret, and a message may quote what it is about.
  const hide = (problem: Problem): Problem => ({ ...problem, message: redact(problem.message, values) })

  const later = [
    ...loaded.problems,
    ...tables.problems,
    ...ofAccounts,
    ...(structure.ok ? [] : structure.problems),
    ...destinations.problems,
    ...routes.problems,
    ...channels,
  ]
  if (!structure.ok || early.length + missing.length + later.length > 0)
    return failed([...early, ...missing, ...later.map(hide)])
  const used = new Set([...destinations.destinations.values()].flatMap((destination) => [...destination.tables]))
  const warnings = [
    ...routes.warnings,
    ...unfedWarnings(tree, routes.fed),
    ...unusedAccountWarnings(tree),
    ...unusedTableWarnings(tree, tables, used),
    ...generalWarnings(tree, structure.value),
  ]
  const settings = toSettings({
    config: structure.value,
    input: structure.input,
    accounts,
    tables: tables.tables,
    destinations: destinations.destinations,
    routes: routes.routes,
    files,
    baseDir,
  })
  return { ok: true, settings, warnings: sortProblems(warnings.map(hide), files), sources: reader.sources() }
}

async function readFiles(
  files: readonly string[],
  reader: SourceReader,
): Promise<{ tree?: Located; problems: Problem[] }> {
  const problems: Problem[] = files.length > 0 ? [] : [problemOf('config', 'no file was named')]
  const trees: Located[] = []
  for (const file of files) {
    const found = await reader.read(file)
    if ('reason' in found) {
      problems.push(problemOf(file, found.reason))
      continue
    }
    const yaml = readYaml(found.text, file)
    problems.push(...yaml.problems)
    if (yaml.tree !== undefined) trees.push(yaml.tree)
  }
  // A file that could not be read would make everything it defines look missing.
  return trees.length < files.length || trees.length === 0
    ? { problems }
    : { tree: trees.reduce(mergeLocated), problems }
}

/** Reads the files that references name, so that replacing them needs no I/O. `values` is filled as they are used. */
async function createLookup(
  tree: Located,
  env: Env,
  baseDir: string,
  reader: SourceReader,
): Promise<{ lookup: Lookup; values: readonly string[] }> {
  const read = new Map<string, Awaited<ReturnType<SourceReader['read']>>>()
  for (const { from, name } of referencesIn(tree)) {
    if (from === 'file' && !read.has(name)) read.set(name, await reader.read(resolve(baseDir, name)))
  }
  const values: string[] = []
  const found = (value: string): { value: string } => {
    values.push(value)
    return { value }
  }
  const lookup: Lookup = ({ from, name, fallback }) => {
    if (from === 'file') {
      const file = read.get(name)
      if (file !== undefined && 'text' in file) return found(file.text.replace(/(?:\r?\n)+$/, ''))
      if (fallback !== undefined) return { value: fallback }
      return { missing: `the file ${resolve(baseDir, name)} of \${file:${name}}: ${file?.reason ?? 'no such file'}` }
    }
    // As in a shell: a default stands in for an empty variable too.
    const value = env[name]
    if (value !== undefined && (value !== '' || fallback === undefined)) return found(value)
    return fallback === undefined
      ? { missing: `the variable ${name} is not set (neither in .env)` }
      : { value: fallback }
  }
  return { lookup, values }
}

function generalWarnings(tree: Located, { receiver, routes }: Config): Problem[] {
  const warnings: Problem[] = []
  if (routes.length === 0) {
    warnings.push(problemAt(tree.at, [], 'there is no route: deliveries are kept, and sent nowhere'))
  }
  if (receiver.secretHeader.includes('_')) {
    const path = ['receiver', 'secretHeader']
    warnings.push(
      problemAt(placeAt(tree, path), path, 'nginx drops headers with an underscore unless told otherwise; use -'),
    )
  }
  return warnings
}
