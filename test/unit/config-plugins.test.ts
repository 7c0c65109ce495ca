import { execFile } from 'node:child_process'
import { rename, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { createPluginLoader } from '../../src/config/plugin-loader.ts'
import { formatProblem } from '../../src/config/problem.ts'
import * as contract from '../../src/plugin.ts'
import { folderOf, goodSettings, loadFrom } from '../kit/config.ts'

const LONE = `export default (bridge) => bridge.definePlugin({
  name: 'lone',
  options: bridge.z.strictObject({ channel: bridge.z.string() }),
  create: () => ({ async send() { return [bridge.delivered()] } }),
})
`
const PACKAGE = `const schema = { _zod: {}, safeParseAsync: async (data) => ({ success: true, data }) }
export default { name: 'packed', options: schema, create: () => ({ async send() {} }) }
`
const MANIFEST = JSON.stringify({
  name: 'packed',
  type: 'module',
  exports: { '.': { types: './x.d.ts', import: './lib/x.js' } },
})

describe('custom plugins', () => {
  it('a lone file and an installed package, seen from the folder of the config', async () => {
    const folder = await folderOf({
      'c.yaml': `plugins: { lone: ./custom/lone.ts }
destinations: { a: { plugin: lone, options: { channel: C1 } } }
routes: [{ name: r, to: [a] }]
`,
      'custom/lone.ts': LONE,
      'node_modules/packed/package.json': MANIFEST,
      'node_modules/packed/lib/x.js': PACKAGE,
      'sub/.keep': '',
    })
    const loaded = await loadFrom(folder, { loadPlugin: createPluginLoader(contract) })
    expect(goodSettings(loaded).destinations[0]).toMatchObject({ plugin: { name: 'lone' }, options: { channel: 'C1' } })
    expect(loaded.sources.map(({ path }) => path)).toContain(`${folder}/custom/lone.ts`)
    expect((await createPluginLoader(contract)('packed', `${folder}/sub`)).name).toBe('packed')
  })

  it('is the same while its file is, and read anew when it changed, which changes the fingerprint of its destinations', async () => {
    const folder = await folderOf({
      'c.yaml':
        'plugins: { lone: ./lone.ts }\ndestinations: { a: { plugin: lone, options: { channel: C1 } } }\nroutes: [{ name: r, to: [a] }]\n',
      'lone.ts': LONE,
    })
    const loadPlugin = createPluginLoader(contract)
    const load = async () => goodSettings(await loadFrom(folder, { loadPlugin })).destinations[0]
    const [first, same] = [await load(), await load()]
    expect(same?.plugin).toBe(first?.plugin)
    expect(same?.fingerprint).toBe(first?.fingerprint)
    await writeFile(`${folder}/new.ts`, LONE.replace("name: 'lone',", "name: 'lone', description: 'second',"))
    await rename(`${folder}/new.ts`, `${folder}/lone.ts`)
    const changed = await load()
    expect(changed?.plugin.description).toBe('second')
    expect(changed?.fingerprint).not.toBe(first?.fingerprint)
  })

  it.each([
    [
      'nothing exported by default',
      'export const x = 1',
      'it has no default export: export default definePlugin({ … })',
    ],
    [
      'something else',
      'export default 5',
      'its default export is no plugin: export default definePlugin({ name, options, create })',
    ],
    [
      'nothing in it',
      'export default { limits: 1, stateful: "yes", leaves: 1, defaults: 3 }',
      'it has no name; it has no options schema: options: z.strictObject({ … }); it has no create(options, context); its limits must be a function; its defaults must be an object; its stateful must be true or false; its leaves must be true or false',
    ],
    [
      'another schema',
      'export default { name: "N", options: {}, create() {} }',
      'its name must be small letters, digits and -, 40 at most; its options are no schema of zod 4',
    ],
    ['another name', LONE, 'this plugin is called "lone": write it under that name'],
    ['an error when called', 'export default () => { throw new Error("boom") }', 'its default export failed: boom'],
    ['an error when imported', 'throw new Error("boom")', 'cannot be loaded: boom'],
  ])('%s', async (_what, source, message) => {
    const folder = await folderOf({
      'c.yaml': 'plugins:\n  mine: ./mine.ts\ndestinations: { a: { plugin: mine } }\n',
      'mine.ts': source,
    })
    const loaded = await loadFrom(folder, { loadPlugin: createPluginLoader(contract) })
    const place = message.startsWith('this plugin') ? '2:3' : '2:9'
    expect(loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))).toEqual([
      `c.yaml:${place} plugins.mine: ${message}`,
    ])
  })

  it('missing files and packages', async () => {
    const folder = await folderOf({ 'c.yaml': 'plugins:\n  a: ./none.ts\n  b: not-installed-anywhere\n' })
    const loaded = await loadFrom(folder, { loadPlugin: createPluginLoader(contract) })
    expect(loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))).toEqual([
      `c.yaml:2:6 plugins.a: no such file: ${folder}/none.ts`,
      `c.yaml:3:6 plugins.b: no package of this name is installed for ${folder}; a file is written ./not-installed-anywhere.ts`,
    ])
  })

  it('the same on Bun, a changed file included', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const folder = await folderOf({
      'lone.ts': LONE,
      'node_modules/packed/package.json': MANIFEST,
      'node_modules/packed/lib/x.js': PACKAGE,
      'run.ts': `import { rename, writeFile } from 'node:fs/promises'
import { createPluginLoader } from '${root}src/config/plugin-loader.ts'
import { loadConfig } from '${root}src/config/load.ts'
import * as contract from '${root}src/plugin.ts'
const folder = process.argv[2]
const load = createPluginLoader(contract)
const one = await load('./lone.ts', folder)
await writeFile(folder + '/new.ts', ${JSON.stringify(LONE.replace("name: 'lone'", "name: 'other'"))})
await rename(folder + '/new.ts', folder + '/lone.ts')
const two = await load('./lone.ts', folder)
const three = await load('packed', folder)
const config = await loadConfig({ files: [folder + '/c.yaml'], env: {}, plugins: new Map(), loadPlugin: load })
console.log(JSON.stringify([one.name, two.name, three.name, config.ok && [config.settings.timezone, config.settings.receiver.secrets]]))
`,
      'c.yaml': 'timezone: Europe/Berlin\nreceiver: { secrets: ["${S}"] }\nplugins: { other: ./lone.ts }\n',
      '.env': 'export S="a # b" # c\n',
    })
    const { stdout } = await promisify(execFile)(`${root}node_modules/.bin/bun`, [`${folder}/run.ts`, folder])
    expect(JSON.parse(stdout)).toEqual(['lone', 'other', 'packed', ['Europe/Berlin', ['a # b']]])
  })
})
