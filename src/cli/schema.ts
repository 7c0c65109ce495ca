import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { printJson } from './bridge.ts'
import type { CliDeps } from './deps.ts'
import { defineVerb, type Verb } from './verb.ts'

/** `schema`: the JSON Schema of the config, for editors. */
export function createSchemaVerb(deps: CliDeps): Verb {
  return defineVerb({
    name: 'schema',
    summary: 'Print the JSON Schema of the config, for editors.',
    description: [
      'Editors with a YAML language server complete and check the config when its first line is `# yaml-language-server: $schema=./schema.json`.',
    ],
    examples: [
      ['', 'to the screen'],
      ['--write config/schema.json', 'into a file'],
    ],
    args: { write: { type: 'string', valueHint: 'FILE', description: 'Write it to this file.' } },
    async run({ write }) {
      if (write === undefined) {
        printJson(deps, deps.jsonSchema())
        return 0
      }
      const file = resolve(deps.cwd, write)
      await mkdir(dirname(file), { recursive: true })
      await writeFile(file, `${JSON.stringify(deps.jsonSchema(), null, 2)}\n`)
      deps.stdout.write(`wrote ${file}\n`)
      return 0
    },
  })
}
