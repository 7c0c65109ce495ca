import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { formatProblem } from '../../src/config/problem.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { ConfigInput, LoadedConfig } from '../../src/config/load.ts'
import { mapping, secret, template } from '../../src/core/schema-helpers.ts'
import { definePlugin, z } from '../../src/plugin.ts'
import type { Plugin } from '../../src/plugin.ts'
import type { Settings } from '../../src/core/settings.ts'

/** A plugin with one option of each kind that matters to a config. */
export const echo = definePlugin({
  name: 'echo',
  options: z.strictObject({
    url: z.url().describe('Where to.'),
    token: secret().optional().describe('A secret.'),
    label: z.string().optional().describe('Any text.'),
    size: z.int().optional().describe('A number.'),
    text: template().optional().describe('A template.'),
    nested: z.strictObject({ depth: z.int() }).optional().describe('Something deeper.'),
    kind: z.union([z.enum(['small', 'large']), z.strictObject({ of: z.string() })]).optional(),
  }),
  create: () => ({ send: async () => {} }),
})

/** One that keeps state and sends the latest. */
export const stateful = definePlugin({
  name: 'stateful',
  options: z.strictObject({}),
  stateful: true,
  defaults: { mode: 'latest', batch: { size: 50, wait: 100 }, concurrency: 7, timeout: 1000 },
  create: () => ({ send: async () => {} }),
})

/** One with an account, whose messages can be taken back. */
export const chat = definePlugin({
  name: 'chat',
  options: z.strictObject({
    token: secret().describe('A secret.'),
    channel: mapping().describe('Where to.'),
    texts: z.record(z.string(), mapping()).optional().describe('By name.'),
    look: z.strictObject({ icon: z.string(), size: z.int().optional() }).optional().describe('Something deeper.'),
    tags: z.array(z.string()).optional().describe('A list.'),
  }),
  leaves: true,
  defaults: { mode: 'latest', onLeave: 'send', maxAge: 172_800_000, rate: { limit: 1, per: 1000 } },
  create: () => ({ send: async () => {} }),
})

export const testPlugins: ReadonlyMap<string, Plugin> = new Map<string, Plugin>([
  ['echo', echo],
  ['stateful', stateful],
  ['chat', chat],
])

/** A new folder with these files, by path; gone when the test is over. */
export async function folderOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bevy-bridge-config-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

/** Loads `c.yaml` of a folder, or the named files in it. */
export function loadFrom(
  folder: string,
  options: Partial<Omit<ConfigInput, 'files'>> & { readonly files?: readonly string[] } = {},
): Promise<LoadedConfig> {
  return loadConfig({
    env: {},
    plugins: testPlugins,
    loadPlugin: () => Promise.reject(new Error('no custom plugins here')),
    ...options,
    files: (options.files ?? ['c.yaml']).map((file) => join(folder, file)),
  })
}

/** Problem lines of one config text, as they are printed. */
export async function problemsOf(yaml: string, env: ConfigInput['env'] = {}): Promise<string[]> {
  const folder = await folderOf({ 'c.yaml': yaml })
  const loaded = await loadFrom(folder, { env })
  return loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))
}

/** Settings of a config that must be good. */
export async function settingsOf(yaml: string, env: ConfigInput['env'] = {}): Promise<Settings> {
  const folder = await folderOf({ 'c.yaml': yaml })
  return goodSettings(await loadFrom(folder, { env }))
}

/** The settings of a loaded config; fails with its problems. */
export function goodSettings(loaded: LoadedConfig): Settings {
  if (loaded.ok) return loaded.settings
  throw new Error(loaded.problems.map((problem) => formatProblem(problem)).join('\n'))
}
