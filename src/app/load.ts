/** Loads configs the way every process of this program does: found from a folder, with the built-in plugins. */

import { builtins } from '../builtins.ts'
import { findConfig } from '../config/find.ts'
import { loadConfig, type LoadedConfig } from '../config/load.ts'
import { createPluginLoader } from '../config/plugin-loader.ts'
import type { Plugin } from '../core/plugin-contract.ts'
import * as contract from '../plugin.ts'

interface Options {
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Default: the built-in ones. */
  readonly plugins?: ReadonlyMap<string, Plugin>
}

/** The built-in plugins by name. */
export const PLUGINS: ReadonlyMap<string, Plugin> = new Map(builtins.map((plugin) => [plugin.name, plugin]))

/** Makes the function that loads the named config files, or finds one when none is named. */
export function createLoad({
  cwd,
  env,
  plugins = PLUGINS,
}: Options): (named: readonly string[]) => Promise<LoadedConfig> {
  const loadPlugin = createPluginLoader(contract)
  return (named) => loadConfig({ ...findConfig(cwd, named), env, plugins, loadPlugin })
}
