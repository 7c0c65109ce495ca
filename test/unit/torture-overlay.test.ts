/** Whatever a config says, a tortured copy of it reaches nothing real. */

import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { createLoad } from '../../src/app/load.ts'
import type { Settings } from '../../src/core/settings.ts'
import { makeOverlay } from '../../src/torture/overlay.ts'
import { shorten } from '../../src/torture/shorten.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const makeFolder = useTemporaryFolders()
const real = 'https://real.example.com/in'

async function tortured(config: object): Promise<{ settings: Settings; folder: string }> {
  const home = makeFolder()
  const folder = makeFolder()
  const own = join(home, 'bevy-bridge.yaml')
  writeFileSync(own, stringify(config))
  const load = createLoad({ cwd: home, env: {} })
  const settingsOf = async (files: readonly string[]): Promise<Settings> => {
    const loaded = await load(files)
    if (loaded.ok) return loaded.settings
    throw new Error(JSON.stringify(loaded.problems))
  }
  const overlay = join(folder, 'torture.yaml')
  const place = { folder, secret: 'made', timeout: 5000, urlOf: (name: string) => `http://127.0.0.1:9/1/${name}` }
  writeFileSync(overlay, stringify(makeOverlay(await settingsOf([own]), place)))
  return { settings: shorten(await settingsOf([own, overlay])), folder }
}

const config = {
  receiver: { port: 8080, secrets: ['real-secret'], path: '/in' },
  storage: { path: '/srv/real' },
  accounts: {
    team: { plugin: 'slack', options: { token: 'xoxb-1-real' }, rate: { limit: 1, per: '1m' } },
    hooks: { plugin: 'webhook', options: { url: real } },
  },
  alerts: { channels: { ops: { kind: 'webhook', url: real } }, heartbeat: { url: real, every: '1m' } },
  bevy: { api: real, token: 'real-token', reconcile: {} },
  destinations: {
    up: { plugin: 'csv', options: { path: '../../../etc/{{ type }}.csv' }, notify: { dead: ['ops'] } },
    away: { plugin: 'csv', options: { path: '/srv/real/{{ type }}/x.csv', columns: { id: 'record.id' } } },
    relay: { plugin: 'webhook', options: { url: real, headers: { authorization: 'Bearer real' } } },
    bulk: { account: 'hooks', batch: { size: 20 }, options: { body: 'raw' } },
    announce: { account: 'team', options: { channel: 'C0REAL0000' } },
    welcome: {
      account: 'team',
      batch: { at: '09:00', timezone: 'chapter', by: 'chapter.id' },
      maxAge: '2d',
      options: { channel: 'C0REAL0001' },
    },
    slow: { plugin: 'webhook', retry: { delay: '1h', maxDelay: '6h' }, join: { wait: '1d' }, options: { url: real } },
  },
  routes: [{ name: 'all', to: ['up', 'away', 'relay', 'bulk', 'announce', 'welcome', 'slow'] }],
}

describe('a config under torture', async () => {
  it('keeps its store, files and receiver to itself', async () => {
    const { settings, folder } = await tortured(config)
    expect(settings.bevy).toBeUndefined()
    expect(settings.storage).toMatchObject({ driver: 'sqlite', path: join(folder, 'data') })
    expect(settings.receiver).toMatchObject({ host: '127.0.0.1', port: 0, path: '/in', secrets: ['made'] })
    expect(settings.admin).toMatchObject({ host: '127.0.0.1', port: 0 })
    const paths = settings.destinations
      .filter(({ plugin }) => plugin.name === 'csv')
      .map(({ options }) => relative(folder, (options as { path: { source: string } }).path.source))
    expect(paths).toEqual(['exports/up/etc/{{ type }}.csv', 'exports/away/srv/real/{{ type }}/x.csv'])
  })

  it('sends to the sinks only, and tells nobody', async () => {
    const { settings } = await tortured(config)
    const targets = settings.destinations.flatMap(({ name, plugin, options }) => {
      if (plugin.name === 'csv') return []
      const { url, sink } = options as { url?: { base: string }; sink?: string }
      return [[name, plugin.name, url?.base ?? sink]]
    })
    expect(targets).toEqual([
      ['relay', 'webhook', expect.stringContaining('http://127.0.0.1:9')],
      ['bulk', 'webhook', expect.stringContaining('http://127.0.0.1:9')],
      ['announce', 'torture-recorder', 'http://127.0.0.1:9/1/announce'],
      ['welcome', 'torture-recorder', 'http://127.0.0.1:9/1/welcome'],
      ['slow', 'webhook', expect.stringContaining('http://127.0.0.1:9')],
    ])
    expect(settings.alerts).toMatchObject({ channels: {}, notify: {}, heartbeat: undefined })
  })

  it('keeps modes, batches and what decides about a record, and cuts the waits', async () => {
    const { settings } = await tortured(config)
    const of = (name: string) => settings.destinations.find((one) => one.name === name)
    expect(of('announce')).toMatchObject({ mode: 'latest', rate: undefined, account: 'team' })
    expect(of('welcome')).toMatchObject({
      maxAge: undefined,
      batch: { schedule: { when: { every: 1500 }, by: 'chapter.id' } },
    })
    expect(of('bulk')?.batch).toMatchObject({ size: 20 })
    expect(of('slow')).toMatchObject({ retry: { delay: 100, maxDelay: 1500 }, join: { wait: 1500 } })
    expect(settings.routes.map(({ name, to }) => [name, to.length])).toEqual([['all', 7]])
  })
})
