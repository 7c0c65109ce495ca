import { coerceError, isBridgeError } from '../core/errors.ts'
import type { Plugin } from '../core/plugin-contract.ts'
import { childOf, keyPlaceAt, placeAt } from './located.ts'
import type { Located } from './located.ts'
import { loadedFrom } from './plugin-loader.ts'
import type { LoadPlugin } from './plugin-loader.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'
import type { SourceReader } from './sources.ts'

/** What the config's `plugins:` came to, the built-in ones first. */
export interface LoadedPlugins {
  readonly plugins: ReadonlyMap<string, Plugin>
  /** Names whose plugin could not be loaded: using them is no further problem. */
  readonly failed: ReadonlySet<string>
  readonly problems: readonly Problem[]
}

/** Loads all custom plugins of a config. */
export async function loadPlugins(
  tree: Located,
  builtins: ReadonlyMap<string, Plugin>,
  load: LoadPlugin,
  baseDir: string,
  reader: SourceReader,
): Promise<LoadedPlugins> {
  const plugins = new Map(builtins)
  const failed = new Set<string>()
  const problems: Problem[] = []
  const section = childOf(tree, 'plugins')
  for (const [name, { node }] of section?.kind === 'map' ? section.entries : []) {
    const path = ['plugins', name]
    if (node.kind !== 'scalar' || typeof node.value !== 'string' || node.broken === true || node.value === '') {
      failed.add(name)
      continue
    }
    if (builtins.has(name)) {
      problems.push(problemAt(keyPlaceAt(tree, path), path, 'a built-in plugin has this name already'))
      continue
    }
    try {
      const plugin = await load(node.value, baseDir)
      const origin = loadedFrom(plugin)
      if (origin !== undefined) await reader.note(origin.file)
      if (plugin.name === name) plugins.set(name, plugin)
      else {
        failed.add(name)
        problems.push(
          problemAt(keyPlaceAt(tree, path), path, `this plugin is called "${plugin.name}": write it under that name`),
        )
      }
    } catch (error) {
      failed.add(name)
      const why = isBridgeError(error) ? error.message : `cannot be loaded: ${coerceError(error).message}`
      problems.push(problemAt(placeAt(tree, path), path, why))
    }
  }
  return { plugins, failed, problems }
}
