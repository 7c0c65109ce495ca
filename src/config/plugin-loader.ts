import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { BridgeError, coerceError } from '../core/errors.ts'
import type { Plugin } from '../core/plugin-contract.ts'
import { shapeProblems } from './plugin-shape.ts'
import { resolvePackage } from './resolve-package.ts'
import { stampOf } from './sources.ts'

/** Loads a plugin named in the config. Rejects with a BridgeError of kind `config` that says what is wrong with it. */
export type LoadPlugin = (path: string, baseDir: string) => Promise<Plugin>

/** The file a custom plugin came from, and what it looked like then. */
export interface PluginOrigin {
  readonly file: string
  readonly stamp: string
}

const origins = new WeakMap<Plugin, PluginOrigin>()

/** Where a plugin was loaded from; undefined for a built-in one. */
export function loadedFrom(plugin: Plugin): PluginOrigin | undefined {
  return origins.get(plugin)
}

/**
 * Loads custom plugins: a path (`./custom/notion.ts`, against the config's folder) or the name of an npm package that is
 * installed there. The default export is a plugin, or a function that is given the whole plugin contract and returns one. A
 * file that did not change gives the same plugin again; one that did is imported anew (what it imports itself is not).
 *
 * @param contract the namespace of `src/plugin.ts`
 * @returns a loader that rejects with a BridgeError: `ERR_PLUGIN_NOT_FOUND`, `ERR_PLUGIN_LOAD` or `ERR_PLUGIN_SHAPE`
 */
export function createPluginLoader(contract: object): LoadPlugin {
  const loaded = new Map<string, { readonly stamp: string; readonly plugin: Plugin }>()
  return async (path, baseDir) => {
    const file = isPath(path) ? resolve(baseDir, path) : await resolvePackage(path, baseDir)
    if (file === undefined) {
      const advice = `no package of this name is installed for ${baseDir}; a file is written ./${path}.ts`
      throw new BridgeError('config', 'ERR_PLUGIN_NOT_FOUND', advice)
    }
    const stamp = await stampOf(file)
    if (stamp === 'absent') throw new BridgeError('config', 'ERR_PLUGIN_NOT_FOUND', `no such file: ${file}`)
    const known = loaded.get(file)
    if (known?.stamp === stamp) return known.plugin
    const plugin = await toPlugin(await importFresh(file, stamp), contract)
    loaded.set(file, { stamp, plugin })
    origins.set(plugin, { file, stamp })
    return plugin
  }
}

function isPath(path: string): boolean {
  return /^(?:\.{0,2}[/\\]|[A-Za-z]:[/\\])/.test(path) || /\.[cm]?[jt]s$/.test(path)
}

async function importFresh(file: string, stamp: string): Promise<Record<string, unknown>> {
  // Bun re-reads a changed file only for a path with another query, Node only for a URL with one.
  const specifier = process.versions.bun === undefined ? pathToFileURL(file).href : file
  try {
    return (await import(`${specifier}?v=${stamp}`)) as Record<string, unknown>
  } catch (error) {
    const cause = coerceError(error)
    throw new BridgeError('config', 'ERR_PLUGIN_LOAD', `cannot be loaded: ${cause.message}`, { cause })
  }
}

async function toPlugin(module: Record<string, unknown>, contract: object): Promise<Plugin> {
  if (module.default === undefined) {
    throw new BridgeError('config', 'ERR_PLUGIN_SHAPE', 'it has no default export: export default definePlugin({ … })')
  }
  const candidate = await make(module.default, contract)
  const problems = shapeProblems(candidate)
  if (problems.length > 0) throw new BridgeError('config', 'ERR_PLUGIN_SHAPE', problems.join('; '))
  return candidate as Plugin
}

async function make(exported: unknown, contract: object): Promise<unknown> {
  if (typeof exported !== 'function') return exported
  try {
    return await (exported as (bridge: object) => unknown)(contract)
  } catch (error) {
    const cause = coerceError(error)
    throw new BridgeError('config', 'ERR_PLUGIN_LOAD', `its default export failed: ${cause.message}`, { cause })
  }
}
