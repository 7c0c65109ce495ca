import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/config/problem.ts'
import { folderOf, goodSettings, loadFrom, problemsOf, settingsOf } from '../kit/config.ts'

const ACCOUNTS = 'accounts: { team: { plugin: chat, options: { token: secret-1 } } }\n'

const MISTAKES: [what: string, yaml: string, ...lines: string[]][] = [
  [
    'a mistyped account',
    `${ACCOUNTS}destinations:\n  a: { account: taem, options: { channel: record.id } }\n`,
    'c.yaml:3:17 destinations.a.account: there is no account "taem" (did you mean "team"?)',
  ],
  [
    'an account and no section',
    'destinations:\n  a: { account: b }\n',
    'c.yaml:2:17 destinations.a.account: there is no account "b"',
  ],
  [
    'an account of another kind',
    `${ACCOUNTS}destinations:\n  a: { account: [team] }\n`,
    'c.yaml:3:17 destinations.a.account: expected text, got a list',
  ],
  [
    'a mistyped plugin, said once',
    'accounts:\n  team: { plugin: caht }\ndestinations:\n  a: { account: team }\n  b: { account: team, plugin: chat }\n',
    'c.yaml:2:19 accounts.team.plugin: there is no plugin "caht" (did you mean "chat"?)',
  ],
  [
    'mistakes in the account itself',
    'accounts:\n  Team: { plugin: chat }\n  b: { options: [], rate: { limit: 0, per: 0 }, tokn: 1 }\n',
    'c.yaml:2:3 accounts.Team: expected a name of small letters, digits and -, 40 at most',
    'c.yaml:3:3 accounts.b.plugin: is required: text',
    'c.yaml:3:17 accounts.b.options: expected a map, got a list',
    'c.yaml:3:36 accounts.b.rate.limit: expected number to be >=1',
    'c.yaml:3:44 accounts.b.rate.per: must be longer than 0',
    'c.yaml:3:49 accounts.b.tokn: unknown key',
  ],
  [
    'another plugin beside the account',
    `${ACCOUNTS}destinations:\n  a: { account: team, plugin: echo }\n`,
    'c.yaml:3:31 destinations.a.plugin: the account "team" is of the plugin chat: leave this out',
  ],
  [
    'a rate of its own',
    `${ACCOUNTS}destinations:\n  a: { account: team, options: { channel: record.id }, rate: { limit: 1, per: 1s } }\n`,
    'c.yaml:3:56 destinations.a.rate: the rate belongs to the account: set it at accounts.team',
  ],
  [
    'options, each where it was written; what is missing at the destination; what both share once',
    `accounts:
  team:
    plugin: chat
    options: { tokn: x, look: { size: big }, tags: no }
destinations:
  a:
    account: team
    options: { chanel: record.id }
  b: { account: team, options: { channel: record.id, token: t, tags: [5], look: { icn: x } } }
  c: { account: team }
`,
    'c.yaml:4:16 accounts.team.options.tokn: unknown key (did you mean "token"?)',
    'c.yaml:4:25 accounts.team.options.look.icon: is required: text',
    'c.yaml:4:39 accounts.team.options.look.size: expected a number, got text',
    'c.yaml:4:52 accounts.team.options.tags: expected a list, got text',
    'c.yaml:8:5 destinations.a.options.token: is required: text',
    'c.yaml:8:5 destinations.a.options.channel: must be a path, a template or { path } { answer } { value }; for a fixed value write { value: … }',
    'c.yaml:8:16 destinations.a.options.chanel: unknown key (did you mean "channel"?)',
    'c.yaml:9:71 destinations.b.options.tags[0]: expected text, got a number',
    'c.yaml:9:75 destinations.b.options.look.icon: is required: text',
    'c.yaml:9:83 destinations.b.options.look.icn: unknown key (did you mean "icon"?)',
    'c.yaml:10:3 destinations.c.options.token: is required: text',
    'c.yaml:10:3 destinations.c.options.channel: must be a path, a template or { path } { answer } { value }; for a fixed value write { value: … }',
  ],
  [
    'a missing variable in the account, said once',
    'accounts:\n  team: { plugin: chat, options: { token: "${NONE}" } }\ndestinations:\n  a: { account: team, options: { channel: record.id } }\n',
    'c.yaml:2:43 accounts.team.options.token: the variable NONE is not set (neither in .env)',
  ],
]

describe('mistakes around accounts', () => {
  it.each(MISTAKES)('%s', async (_what, yaml, ...lines) => {
    expect(await problemsOf(yaml)).toEqual(lines)
  })

  it('each in the file it was written in', async () => {
    const folder = await folderOf({
      'accounts.yaml': 'accounts:\n  team: { plugin: chat, options: { token: t, tags: [1] } }\n',
      'c.yaml': '\ndestinations:\n  a: { account: team, options: { channel: Bevy } }\n',
    })
    const loaded = await loadFrom(folder, { files: ['accounts.yaml', 'c.yaml'] })
    expect(loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))).toEqual([
      'accounts.yaml:2:53 accounts.team.options.tags[0]: expected text, got a number',
      expect.stringMatching(/^c\.yaml:3:43 destinations\.a\.options\.channel: "Bevy" does not start with/),
    ])
  })
})

describe('accounts', () => {
  it('give their options and rate to the destinations that name them; maps merge, the rest of a destination wins', async () => {
    const { destinations, secretValues } = await settingsOf(
      `accounts:
  team:
    plugin: chat
    options: { token: "\${TOKEN}", tags: [x, y], look: { icon: bell, size: 1 } }
    rate: { limit: 100, per: 10s }
  spare: { plugin: chat, options: { token: spare-secret } }
destinations:
  a: { account: team, options: { channel: record.id, tags: [z], look: { size: 2 } } }
  b: { account: team, plugin: chat, options: { channel: chapter.id, token: own-secret } }
  c: { account: spare, options: { channel: record.id } }
  d: { plugin: chat, options: { channel: record.id, token: inline-secret }, rate: { limit: 5, per: 1s } }
routes: [{ name: r, to: [a, b, c, d] }]
`,
      { TOKEN: '12345678' },
    )
    expect(destinations).toMatchObject([
      {
        account: 'team',
        options: { token: '12345678', tags: ['z'], look: { icon: 'bell', size: 2 } },
        rate: { limit: 100, per: 10_000 },
      },
      { account: 'team', options: { token: 'own-secret', tags: ['x', 'y'] }, rate: { limit: 100, per: 10_000 } },
      { account: 'spare', options: { token: 'spare-secret' }, rate: { limit: 1, per: 1000 } },
      { account: undefined, rate: { limit: 5, per: 1000 } },
    ])
    expect(destinations[0]?.reads).toEqual(new Set(['record']))
    for (const secret of ['12345678', 'own-secret', 'spare-secret', 'inline-secret'])
      expect(secretValues).toContain(secret)
  })

  it('one that no destination names is a warning, and its secrets are kept', async () => {
    const folder = await folderOf({
      'c.yaml': `accounts:\n  team: { plugin: chat, options: { token: idle-secret } }
destinations: { s: { plugin: stateful } }\nroutes: [{ name: r, to: [s] }]\n`,
    })
    const loaded = await loadFrom(folder)
    expect(goodSettings(loaded).secretValues).toContain('idle-secret')
    expect(loaded.ok && loaded.warnings.map((warning) => formatProblem(warning, folder))).toEqual([
      'c.yaml:2:3 accounts.team: no destination uses this account',
    ])
  })

  it('a change of an account changes the fingerprints of its destinations, and of no other', async () => {
    const folder = await folderOf({})
    const load = async (token: string, limit: number): Promise<(string | undefined)[]> => {
      await writeFile(
        `${folder}/c.yaml`,
        `accounts:
  team: { plugin: chat, options: { token: ${token} }, rate: { limit: ${limit}, per: 1s } }
destinations:
  a: { account: team, options: { channel: record.id } }
  s: { plugin: stateful }
routes: [{ name: r, to: [a, s] }]
`,
      )
      return goodSettings(await loadFrom(folder)).destinations.map(({ fingerprint }) => fingerprint)
    }
    const prints = [await load('t-1', 1), await load('t-1', 1), await load('t-2', 1), await load('t-1', 2)]
    expect(prints[1]).toEqual(prints[0])
    expect(new Set(prints.map(([a]) => a)).size).toBe(3)
    expect(new Set(prints.map(([, s]) => s)).size).toBe(1)
  })
})
