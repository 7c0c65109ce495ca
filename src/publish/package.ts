/** Writes what the npm package needs beside the built files: run after `tsc -p src/publish`, publish from `dist`. */

import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')
const dist = join(root, 'dist')
const source = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>
const { name, version, description, keywords, license, type, engines, dependencies, optionalDependencies } = source

const built = (file: string) => ({ types: `./src/${file}.d.ts`, default: `./src/${file}.js` })
const manifest = {
  name,
  version,
  description,
  keywords,
  license,
  type,
  engines,
  dependencies,
  optionalDependencies,
  bin: { 'bevy-bridge': './src/main.js' },
  exports: { '.': built('plugin'), './testing': built('testing'), './package.json': './package.json' },
}

writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
for (const file of ['README.md', 'LICENSE', 'CHANGELOG.md']) cpSync(join(root, file), join(dist, file))
cpSync(join(root, 'config'), join(dist, 'config'), { recursive: true })
