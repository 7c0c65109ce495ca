import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import { testPlugin } from '../../src/testing.ts'
import plugin from './index.ts'

testPlugin({ describe, it }, plugin, {
  validOptions: { path: "exports/{{ type }}/{{ delivery.receivedAt | local: '%Y-%m' }}.csv" },
  invalidOptions: [
    {},
    { path: '' },
    { path: 'exports/' },
    { path: '{{ nowhere.title }}.csv' },
    { path: '{{ type | nofilter }}.csv' },
    { path: 'a.csv', columns: {} },
    { path: 'a.csv', columns: { Name: 'first_name' } },
    { path: 'a.csv', delimiter: '--' },
    { path: 'a.csv', as: 'pile' },
    { path: 'a.csv', columns: { Name: 'record.first_name' }, escapeFormulas: { except: ['Nme'] } },
    { path: 'a.csv', escapeFormulas: { except: [] } },
  ],
  http: false,
  async setUp() {
    const baseDir = await mkdtemp(join(tmpdir(), 'csv-contract-'))
    return { context: { baseDir }, clean: () => rm(baseDir, { recursive: true, force: true }) }
  },
})
