import { access, chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { CliDeps } from './deps.ts'
import { defineVerb, type Verb } from './verb.ts'

/** `init`: a commented config and its `.env` in a folder. */
export function createInitVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'init',
    summary: 'Write a commented bevy-bridge.yaml and its .env to begin with.',
    description: [
      'Nothing is overwritten: when one of the files exists, none is written, unless --force is given.',
      'Secrets belong into .env, which is readable for you alone; the config refers to them as ${NAME}.',
    ],
    examples: [
      ['', 'into this folder'],
      ['--dir /etc/bevy-bridge', 'into another one'],
    ],
    args: {
      dir: { type: 'string', valueHint: 'FOLDER', description: 'Where to write. Default: this folder.' },
      force: { type: 'boolean', description: 'Overwrite files that exist.' },
    },
    async run({ dir, force }) {
      const folder = resolve(deps.cwd, dir ?? '.')
      const files = deps.initFiles().map((file) => ({ ...file, path: resolve(folder, file.path) }))
      const there: string[] = []
      for (const { path } of files) if (await exists(path)) there.push(path)
      if (there.length > 0 && !force) {
        for (const path of there) deps.stderr.write(`${path} exists; nothing was written. --force overwrites it.\n`)
        return 1
      }
      for (const { path, content, mode = 0o644 } of files) {
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, content, { mode })
        // The mode above holds for new files only.
        await chmod(path, mode)
        deps.stdout.write(`wrote ${path}\n`)
      }
      return 0
    },
  })
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
