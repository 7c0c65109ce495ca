import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/config/problem.ts'
import { DEFAULT_HEALTH } from '../../src/core/dispatch/health.ts'
import type { Settings } from '../../src/core/settings.ts'
import { folderOf, goodSettings, loadFrom, settingsOf } from '../kit/config.ts'

const ECHO = 'plugin: echo, options: { url: "https://x.test", token: secret-1 }'

describe('settings of a config', () => {
  it('an empty config is all defaults, with a warning that nothing is sent', async () => {
    const folder = await folderOf({ 'c.yaml': '' })
    const loaded = await loadFrom(folder)
    expect(goodSettings(loaded)).toMatchObject({
      timezone: 'UTC',
      receiver: {
        host: '0.0.0.0',
        port: 8080,
        path: '/bevy',
        secretHeader: 'X-BEVY-SECRET',
        secrets: [],
        refuse: 'close',
        maxBody: 64_000_000,
        maxInFlight: 256_000_000,
        admissionTimeout: 20_000,
        trustedProxies: [],
      },
      admin: { host: '127.0.0.1', port: 8081 },
      storage: { driver: 'sqlite', path: `${folder}/data`, unsafe: false, minFree: 256_000_000 },
      destinations: [],
      routes: [],
    })
    expect(loaded.ok && loaded.warnings.map((warning) => formatProblem(warning, folder))).toEqual([
      'c.yaml:1:1 there is no route: deliveries are kept, and sent nowhere',
    ])
  })

  it('policy comes from the config, then the plugin, then the default, field by field', async () => {
    const { destinations } = await settingsOf(`destinations:
  a: { ${ECHO}, retry: { delay: 2h }, rate: { limit: 3, per: 1m }, start: 2026-03-01T00:00:00+01:00 }
  s: { plugin: stateful, batch: { wait: 1s }, join: { otherwise: skip }, health: { span: 1h, probe: { delay: 1s } }, start: beginning, was: old }
routes: [{ name: r, to: [a, s] }]
`)
    expect(destinations[0]).toMatchObject({
      name: 'a',
      mode: 'every',
      batch: { size: 1, wait: 0 },
      concurrency: 4,
      rate: { limit: 3, per: 60_000 },
      timeout: 30_000,
      retry: { for: 604_800_000, delay: 7_200_000, factor: 2, maxDelay: 7_200_000 },
      start: { at: Date.UTC(2026, 1, 28, 23) },
      join: { wait: 900_000, otherwise: 'keep' },
      window: 1000,
      maxExceptions: 1000,
      health: DEFAULT_HEALTH,
    })
    expect(destinations[1]).toMatchObject({
      mode: 'latest',
      batch: { size: 50, wait: 1000 },
      concurrency: 1,
      rate: undefined,
      timeout: 1000,
      start: 'beginning',
      was: 'old',
      join: { wait: 900_000, otherwise: 'skip' },
      health: { ...DEFAULT_HEALTH, span: 3_600_000, probe: { delay: 1000, maxDelay: 900_000 } },
    })
  })

  it('paths are absolute, a trailing slash is no other path, an empty public URL is none', async () => {
    const settings = await settingsOf(
      'receiver: { path: /a/b/, publicUrl: "${URL:-}", tls: { cert: c.pem, key: /k.pem } }',
    )
    expect(settings.receiver).toMatchObject({
      path: '/a/b',
      publicUrl: undefined,
      tls: { cert: `${settings.baseDir}/c.pem`, key: '/k.pem' },
    })
  })

  it('warns of what is there for nothing', async () => {
    const folder = await folderOf({
      'c.yaml': `receiver: { secretHeader: X_BEVY }
filters: { f: { type: event }, g: { event: { status: Cancelled } } }
destinations:
  a: { ${ECHO} }
  b: { ${ECHO} }
routes: [{ name: r, use: [g], to: [a] }]
`,
    })
    const loaded = await loadFrom(folder)
    expect(loaded.ok && loaded.warnings.map((warning) => formatProblem(warning, folder))).toEqual([
      'c.yaml:1:27 receiver.secretHeader: nginx drops headers with an underscore unless told otherwise; use -',
      'c.yaml:2:12 filters.f: no route uses this filter',
      expect.stringMatching(/^c\.yaml:2:54 filters\.g\.event\.status: .*Canceled/),
      'c.yaml:5:3 destinations.b: no route sends anything here',
    ])
  })

  it('a route matches with its `use` and its `when` together', async () => {
    const { routes } = await settingsOf(`filters: { young: { record: { age: { $lt: 30 } } } }
destinations: { a: { ${ECHO} } }
routes: [{ name: r, use: [young], when: { type: user }, to: [a] }]
`)
    const scope = (type: string, age: number): never =>
      ({ type, record: { age }, changed: [], answers: {}, delivery: { seq: 1, receivedAt: '' }, waiting: {} }) as never
    const states = [scope('user', 20), scope('user', 40), scope('event', 20)].map(
      (s) => routes[0]?.filter.match(s, 0).state,
    )
    expect(states).toEqual(['yes', 'no', 'no'])
  })
})

describe('fingerprints', () => {
  const load = async (folder: string, secret: string, label: string): Promise<Settings> => {
    await writeFile(
      `${folder}/c.yaml`,
      `destinations:
  a: { plugin: echo, options: { url: "https://x.test", token: "\${TOKEN}", label: ${label} } }
  b: { plugin: echo, options: { label: same, url: "https://x.test" } }
routes: [{ name: r, to: [a, b] }]
`,
    )
    return goodSettings(await loadFrom(folder, { env: { TOKEN: secret } }))
  }

  it('change with a destination alone, a secret included, and hold no secret', async () => {
    const folder = await folderOf({})
    const [first, again, rotated, renamed] = [
      await load(folder, 'secret-1', 'one'),
      await load(folder, 'secret-1', 'one'),
      await load(folder, 'secret-2', 'one'),
      await load(folder, 'secret-1', 'two'),
    ]
    const prints = [first, again, rotated, renamed].map(({ destinations }) =>
      destinations.map(({ fingerprint }) => fingerprint),
    )
    expect(prints[1]).toEqual(prints[0])
    expect(again.hash).toBe(first.hash)
    expect(new Set(prints.map(([a]) => a)).size).toBe(3)
    expect(new Set(prints.map(([, b]) => b)).size).toBe(1)
    expect(new Set([first.hash, rotated.hash, renamed.hash]).size).toBe(3)
    expect(prints.flat().every((print) => /^[0-9a-f]{64}$/.test(print))).toBe(true)
  })
})
