import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')
const EDGES = [
  'config',
  'receiver',
  'storage',
  'journal',
  'indexer',
  'dispatcher',
  'erasure',
  'http',
  'alerts',
  'admin',
  'metrics',
  'cli',
  'torture',
  'bevy-api',
  'reconcile',
  'retention',
  'doctor',
]
/** Pure built-ins: no I/O, no clock, no randomness. */
const PURE = new Set(['node:crypto', 'node:util', 'node:net', 'node:buffer'])

interface Import {
  readonly from: string
  readonly to: string
  readonly external: boolean
}

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.includes('node_modules'))
    .map((name) => join(folder, name))
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const found = text.matchAll(
    /(?:^|\n)(?:import|export)\s+(?:type\s+)?(?:\*(?:\s+as\s+\w+)?|\{[^}]*\}|[\w$]+(?:\s*,\s*\{[^}]*\})?)\s+from\s+'([^']+)'|(?:^|\n)import\s+'([^']+)'|\bimport\('([^']+)'\)/g,
  )
  return [...found].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    const external = !name.startsWith('.')
    return { from: file, to: external ? name : relative(root, resolve(root, dirname(file), name)), external }
  })
}

const isTest = (file: string): boolean => file.endsWith('.test.ts') || file.endsWith('fake.ts')
const all = [...sources('src'), ...sources('plugins')].filter((file) => !isTest(file)).flatMap(importsOf)
const inside = (folder: string) => (entry: Import) => entry.from.startsWith(folder)
/** A lone plugin file, handed the contract like anybody's: it names its types. */
const isLonePlugin = ({ from, to }: Import): boolean => from === 'src/torture/recorder.ts' && to === 'src/plugin.ts'
const broken = (entries: Import[]): string[] => entries.map(({ from, to }) => `${from} → ${to}`)

describe('architecture', () => {
  it('sees the imports at all', () => {
    expect(all.length).toBeGreaterThan(100)
    expect(all.filter(({ external }) => !external).every(({ to }) => /\.(ts|json)$/.test(to))).toBe(true)
  })

  it('core imports only core, zod, liquidjs and pure built-ins', () => {
    const wrong = all.filter(inside('src/core/')).filter(({ to, external }) => {
      if (!external) return !to.startsWith('src/core/')
      return !(PURE.has(to) || to === 'zod' || to === 'liquidjs')
    })
    expect(broken(wrong)).toEqual([])
  })

  it('core reads no clock, no environment and no randomness', () => {
    const wrong = sources('src/core').filter((file) =>
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bprocess\.(env|hrtime|cwd)|\bsetTimeout\(|\bperformance\.now/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
    )
    expect(wrong).toEqual([])
  })

  it.each(EDGES)('edge %s imports itself and core only', (edge) => {
    const wrong = all
      .filter(inside(`src/${edge}/`))
      .filter((entry) => !isLonePlugin(entry))
      .filter(({ to, external }) => !external && !to.startsWith(`src/${edge}/`) && !to.startsWith('src/core/'))
    expect(broken(wrong)).toEqual([])
  })

  it('plugins import the contract and their own room only', () => {
    const wrong = all.filter(inside('plugins/')).filter(({ from, to, external }) => {
      if (external) return false
      const room = from.split('/').slice(0, 2).join('/')
      return to !== 'src/plugin.ts' && !to.startsWith(`${room}/`)
    })
    expect(broken(wrong)).toEqual([])
  })

  it('the plugin contract and the test suite for plugins import core only', () => {
    const wrong = all
      .filter(({ from }) => from === 'src/plugin.ts' || from.startsWith('src/testing'))
      .filter(
        ({ to, external }) =>
          !external && !to.startsWith('src/core/') && !to.startsWith('src/testing') && to !== 'src/plugin.ts',
      )
    expect(broken(wrong)).toEqual([])
  })

  it('only the command line ends the process, and nothing prints past the log', () => {
    const allowed = new Set(['src/main.ts', 'src/torture-child.ts'])
    const wrong = [...sources('src'), ...sources('plugins')]
      .filter((file) => !allowed.has(file) && !isTest(file))
      .filter((file) => /\bprocess\.exit\(|\bconsole\.\w+\(/.test(readFileSync(join(root, file), 'utf8')))
    expect(wrong).toEqual([])
  })

  it('every file has one purpose: none over 250 lines', () => {
    const long = [...sources('src'), ...sources('plugins')].filter(
      // What a generator wrote is nobody's to split.
      (file) =>
        !isTest(file) &&
        !file.endsWith('api-types.ts') &&
        readFileSync(join(root, file), 'utf8').split('\n').length > 270,
    )
    expect(long).toEqual([])
  })
})
