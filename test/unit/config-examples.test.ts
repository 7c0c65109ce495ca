import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { builtinsByName } from '../../src/builtins.ts'
import { DEFAULT_CONFIG, findConfig, PACKAGE_ROOT } from '../../src/config/find.ts'
import { initFiles } from '../../src/config/init-files.ts'
import { createPluginLoader } from '../../src/config/plugin-loader.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { LoadedConfig } from '../../src/config/load.ts'
import * as contract from '../../src/plugin.ts'
import { createTestContext, makeAttempt, makeJob } from '../../src/testing.ts'
import { folderOf, goodSettings } from '../kit/config.ts'

const EXAMPLES = join(PACKAGE_ROOT, 'config', 'examples')
/** All variables the configs name. */
const ENV = {
  RELAY_URL: 'https://relay.test/hook',
  RELAY_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  GUESTBOOK_TOKEN: 'guestbook-token',
  NOTION_DATABASE: 'db1',
  HUBSPOT_TOKEN: 'pat-na1-0000',
  SLACK_TOKEN: 'xoxb-0000',
  OPS_SLACK_URL: 'https://hooks.slack.com/services/T0/B0/x',
  ALERT_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  SMTP_PASSWORD: 'mail-password',
  PAGERDUTY_KEY: 'R0UT1NGKEY',
}

const load = (file: string, env: Record<string, string> = {}): Promise<LoadedConfig> =>
  loadConfig({ files: [file], env, plugins: builtinsByName, loadPlugin: createPluginLoader(contract) })

/** Turns what is commented out into config: comment lines that start with a key or a list item, and what is indented below. */
function uncomment(yaml: string): string {
  let depth: number | undefined
  const lines = yaml.split('\n').map((line) => {
    const [, indent = '', gap = '', text = ''] = /^(\s*)#( +)(.*)$/.exec(line) ?? []
    const isBelow = depth !== undefined && gap.length > 1
    if (text !== '' && (isBelow || (gap.length === 1 && /^(?:- )?(?!yaml-)[\w-]+:(?: |$)/.test(text)))) {
      depth = gap.length
      return `${indent}${gap.slice(1)}${text}`
    }
    depth = undefined
    return line
  })
  return lines.join('\n')
}

const NOTION = `export default (bridge) => bridge.definePlugin({
  name: 'notion',
  options: bridge.z.strictObject({ database: bridge.z.string() }),
  create: () => ({ async send() {} }),
})
`

describe('the default config', () => {
  it('needs nothing and exports every record; its paths stand against the repository', async () => {
    const loaded = await load(DEFAULT_CONFIG)
    const settings = goodSettings(loaded)
    expect(loaded.ok && loaded.warnings).toEqual([])
    expect(settings.destinations).toMatchObject([{ name: 'export', mode: 'every', plugin: { name: 'csv' } }])
    expect(settings.routes).toMatchObject([{ name: 'everything', to: ['export'] }])
    expect(settings.baseDir).toBe(PACKAGE_ROOT)
    expect(settings.storage.path).toBe(join(PACKAGE_ROOT, 'data'))
    expect(settings.receiver.secrets).toEqual([])
    expect(
      goodSettings(await load(DEFAULT_CONFIG, { BEVY_SECRET: 'new', BEVY_SECRET_OLD: '' })).receiver.secrets,
    ).toEqual(['new'])
  })

  it('what is commented out in it works as well', async () => {
    const folder = await folderOf({
      'bevy-bridge.yaml': uncomment(await readFile(DEFAULT_CONFIG, 'utf8')),
      'custom/notion.ts': NOTION,
    })
    const { destinations, routes } = goodSettings(await load(join(folder, 'bevy-bridge.yaml'), ENV))
    expect(destinations.map(({ name }) => name)).toEqual(['export', 'relay', 'notion'])
    expect(routes.map(({ name }) => name)).toEqual(['everything', 'published'])
  })
})

describe('examples', async () => {
  const examples = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml'))

  it.each(examples)('%s loads without a warning', async (name) => {
    const loaded = await load(join(EXAMPLES, name), ENV)
    expect(goodSettings(loaded).destinations.length).toBeGreaterThan(0)
    expect(loaded.ok && loaded.warnings).toEqual([])
  })

  it('each names the schema it can be edited with', async () => {
    for (const file of [DEFAULT_CONFIG, ...examples.map((name) => join(EXAMPLES, name))]) {
      const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(await readFile(file, 'utf8')) ?? []
      expect(join(file, '..', schema)).toBe(join(PACKAGE_ROOT, 'config', 'schema.json'))
    }
  })

  it('the custom plugin works outside the repository, and sends', async () => {
    const folder = await folderOf({})
    await mkdir(join(folder, 'elsewhere'))
    await copyFile(join(EXAMPLES, 'custom-plugin.yaml'), join(folder, 'elsewhere', 'c.yaml'))
    await copyFile(join(EXAMPLES, 'custom-plugin.ts'), join(folder, 'elsewhere', 'custom-plugin.ts'))
    const settings = goodSettings(await load(join(folder, 'elsewhere', 'c.yaml'), ENV))
    expect(settings.secretValues).toContain('guestbook-token')
    const [lobby] = settings.destinations
    const { context, http } = createTestContext()
    const sender = await lobby?.plugin.create(lobby.options, context)
    const job = makeJob()
    expect(await sender?.send([job], makeAttempt())).toEqual([contract.delivered()])
    expect(http.requests).toMatchObject([
      {
        method: 'POST',
        url: 'https://guestbook.example.org/entries',
        headers: { authorization: 'Bearer guestbook-token' },
      },
    ])
    expect(JSON.parse(String(http.requests[0]?.body))).toMatchObject({
      line: expect.stringMatching(/^\S.* checked in at ./),
    })
    expect((await readFile(join(EXAMPLES, 'custom-plugin.ts'), 'utf8')).split('\n').length).toBeLessThan(30)
  })
})

describe('init', () => {
  const files = initFiles({ secret: 'made-for-you-0123456789', schema: './schema.json' })

  it('writes a config that works with its .env, and what is commented out in it does too', async () => {
    const content = Object.fromEntries(files.map(({ path, content: text }) => [path, text]))
    const folder = await folderOf(content)
    const loaded = await load(join(folder, 'bevy-bridge.yaml'))
    expect(goodSettings(loaded)).toMatchObject({ baseDir: folder, receiver: { secrets: ['made-for-you-0123456789'] } })
    expect(loaded.ok && loaded.warnings).toEqual([])
    const whole = await folderOf({ ...content, 'bevy-bridge.yaml': uncomment(content['bevy-bridge.yaml'] ?? '') })
    const { destinations } = goodSettings(await load(join(whole, 'bevy-bridge.yaml'), ENV))
    expect(destinations.map(({ name }) => name)).toEqual(['export', 'relay'])
  })

  it('keeps the secret out of the config, and .env to its owner', () => {
    expect(files.map(({ path, mode }) => [path, mode])).toEqual([
      ['bevy-bridge.yaml', 0o644],
      ['.env', 0o600],
    ])
    expect(files[0]?.content).not.toContain('made-for-you')
    expect(files[0]?.content.split('\n')[0]).toBe('# yaml-language-server: $schema=./schema.json')
  })
})

describe('findConfig', () => {
  it('takes the named files, else bevy-bridge.yaml here, else the default', async () => {
    const folder = await folderOf({ 'bevy-bridge.yaml': '' })
    expect(findConfig(folder, ['b/x.yaml', '/y.yaml'])).toEqual({
      files: [`${folder}/b/x.yaml`, '/y.yaml'],
      baseDir: `${folder}/b`,
    })
    expect(findConfig(folder, [])).toEqual({ files: [`${folder}/bevy-bridge.yaml`], baseDir: folder })
    expect(findConfig(join(folder, 'b'), [])).toEqual({ files: [DEFAULT_CONFIG], baseDir: PACKAGE_ROOT })
  })
})
