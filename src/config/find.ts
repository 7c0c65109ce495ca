import { existsSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The config files to load, absolute, and the folder relative paths in them stand against. */
export interface FoundConfig {
  readonly files: readonly string[]
  readonly baseDir: string
}

/** The folder of this package: the repository, or the installed package. */
export const PACKAGE_ROOT = packageRoot(dirname(fileURLToPath(import.meta.url)))

/** The config that is used when there is no other. */
export const DEFAULT_CONFIG = join(PACKAGE_ROOT, 'config', 'bevy-bridge.yaml')

function packageRoot(folder: string): string {
  if (existsSync(join(folder, 'package.json')) || dirname(folder) === folder) return folder
  return packageRoot(dirname(folder))
}

/**
 * Which config to use: the named files (`--config`, several merge in order), else `bevy-bridge.yaml` in the working directory,
 * else the default config of the package. Relative paths stand against the first file's folder; those of the default config
 * against the repository root or, where the package was installed into a node_modules, the working directory.
 */
export function findConfig(cwd: string, named: readonly string[]): FoundConfig {
  const own = join(cwd, 'bevy-bridge.yaml')
  const files = named.length > 0 ? named.map((file) => resolve(cwd, file)) : [existsSync(own) ? own : DEFAULT_CONFIG]
  return { files, baseDir: baseDirOf(files[0] as string, cwd) }
}

/** The folder relative paths stand against when this is the first config file (absolute). */
export function baseDirOf(first: string, cwd: string): string {
  if (first !== DEFAULT_CONFIG) return dirname(first)
  // An installed package is thrown away and made anew by npm: no place for data.
  return PACKAGE_ROOT.split(sep).includes('node_modules') ? cwd : PACKAGE_ROOT
}
