import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/**
 * The entry file of an npm package as seen from a folder; undefined when it is not installed there. `require.resolve` alone does
 * not find packages that can only be imported, and `import.meta.resolve` looks from this file (Node) whatever it is told.
 */
export async function resolvePackage(name: string, folder: string): Promise<string | undefined> {
  const require = createRequire(join(folder, 'config.js'))
  try {
    return require.resolve(name)
  } catch {
    return importEntry(name, folder)
  }
}

async function importEntry(name: string, folder: string): Promise<string | undefined> {
  const home = join(folder, 'node_modules', name)
  const manifest = await readManifest(join(home, 'package.json'))
  if (manifest !== undefined) {
    const entry = entryOf(manifest.exports)
    return entry === undefined ? undefined : join(home, entry)
  }
  return dirname(folder) === folder ? undefined : importEntry(name, dirname(folder))
}

async function readManifest(path: string): Promise<{ readonly exports?: unknown } | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as { exports?: unknown }
  } catch {
    return undefined
  }
}

/** The main entry under the conditions of `import`; see https://nodejs.org/api/packages.html#conditional-exports */
function entryOf(exports: unknown): string | undefined {
  if (typeof exports === 'string') return exports
  if (Array.isArray(exports)) return exports.map(entryOf).find((entry) => entry !== undefined)
  if (typeof exports !== 'object' || exports === null) return undefined
  const conditions = exports as Record<string, unknown>
  if ('.' in conditions) return entryOf(conditions['.'])
  for (const [condition, target] of Object.entries(conditions)) {
    if (!['import', 'node', 'module-sync', 'default'].includes(condition)) continue
    const entry = entryOf(target)
    if (entry !== undefined) return entry
  }
  return undefined
}
