/** The config of the design, word for word: it loads, and explains what each destination would be sent. */

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openOffline } from '../../src/app/offline.ts'
import { builtinsByName } from '../../src/builtins.ts'
import { systemClock } from '../../src/clock.ts'
import { loadConfig } from '../../src/config/load.ts'
import { createPluginLoader } from '../../src/config/plugin-loader.ts'
import * as contract from '../../src/plugin.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const root = resolve(import.meta.dirname, '../..')
const env = {
  SLACK_TOKEN: 'xoxb-1',
  HUBSPOT_TOKEN: 'pat-eu1-1',
  RELAY_URL: 'https://hooks.example.org/in',
  RELAY_SECRET: `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  OPS_SLACK_URL: 'https://hooks.slack.com/services/T1/B1/x',
  PING_URL: 'https://ping.example.org/1',
}
const folders = useTemporaryFolders()

async function load() {
  const folder = folders()
  mkdirSync(join(folder, 'custom'), { recursive: true })
  copyFileSync(join(root, 'test/samples/design.yaml'), join(folder, 'bevy-bridge.yaml'))
  copyFileSync(join(root, 'config/examples/channels.csv'), join(folder, 'channels.csv'))
  const plugin = readFileSync(join(root, 'config/examples/custom-plugin.ts'), 'utf8').replace("'guestbook'", "'notion'")
  writeFileSync(join(folder, 'custom/notion.ts'), plugin)
  const files = [join(folder, 'bevy-bridge.yaml')]
  return loadConfig({ files, env, plugins: builtinsByName, loadPlugin: createPluginLoader(contract) })
}

describe('the config of the design', () => {
  it('loads', async () => {
    expect(await load()).toMatchObject({ ok: true })
  })

  it('explains a mixed body: routes, and what each destination would be sent', async () => {
    const loaded = await load()
    if (!loaded.ok) throw new Error('it does not load')
    const bridge = await openOffline(loaded.settings, { clock: systemClock, log: createMemoryLog(), version: '0' })
    try {
      const body = readFileSync(join(root, 'test/samples/bevy/mixed-types-one-post.json'))
      const { records } = await bridge.explain({ body })
      const event = records.find(({ key }) => key === 'event:9001')
      expect(event?.routes.filter(({ match }) => match === 'yes').map(({ name }) => name)).toEqual([
        'to-crm',
        'published',
        'everything',
      ])
      const sends = event?.destinations.filter(({ state }) => state === 'sends')
      expect(sends?.map(({ name }) => name).sort()).toEqual(['announce', 'crm', 'relay'])
      expect(sends?.every(({ preview, problem }) => problem === undefined && (preview?.length ?? 0) > 0)).toBe(true)
      const attendee = records.find(({ key }) => key === 'attendee:5001')
      // Its event is not in the store: what reads it waits.
      expect(attendee?.destinations.map(({ name, state }) => `${name} ${state}`).sort()).toEqual([
        'announce skips',
        'crm waits',
        'finance waits',
        'relay sends',
        'welcome skips',
      ])
    } finally {
      await bridge.close()
    }
  })
})
