import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { builtinsByName } from '../../src/builtins.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createPluginLoader } from '../../src/config/plugin-loader.ts'
import * as contract from '../../src/plugin.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'README.md'), 'utf8')
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(text)?.[1] ?? ''
const folders = useTemporaryFolders()

describe('the README', () => {
  it('shows a config that loads without a warning', async () => {
    const folder = folders()
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'bevy-bridge.yaml'), block('yaml'))
    copyFileSync(join(root, 'config/examples/channels.csv'), join(folder, 'channels.csv'))
    const loaded = await loadConfig({
      files: [join(folder, 'bevy-bridge.yaml')],
      env: {
        SLACK_TOKEN: 'xoxb-1',
        HUBSPOT_TOKEN: 'pat-eu1-1',
        RELAY_URL: 'https://hooks.example.org/in',
        RELAY_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
      },
      plugins: builtinsByName,
      loadPlugin: createPluginLoader(contract),
    })
    expect(loaded).toMatchObject({ ok: true, warnings: [] })
  })

  it('shows the plugin of config/examples', () => {
    const shown = block('ts').replace(/\s+/g, ' ')
    const file = readFileSync(join(root, 'config/examples/custom-plugin.ts'), 'utf8')
      .replace(/^\/\*\*.*\*\/\n/, '')
      .replace(/: typeof import\('[^']+'\)/, '')
      .replace(/\s+/g, ' ')
    expect(shown).toBe(file)
  })

  it('names only scripts and verbs there are', () => {
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const verbs = new Set(
      readFileSync(join(root, 'src/cli/commands.ts'), 'utf8')
        .match(/(?<=create)\w+(?=Verb\(deps\))/g)
        ?.map((name) => name.toLowerCase()),
    )
    const named = [...text.matchAll(/npx bevy-bridge ([a-z]+)/g)].map((match) => match[1] ?? '')
    expect(named.filter((verb) => !verbs.has(verb))).toEqual([])
    const ran = [...text.matchAll(/npm run ([a-z]+)/g)].map((match) => match[1] ?? '')
    expect(ran.filter((script) => scripts[script] === undefined)).toEqual([])
  })
})
