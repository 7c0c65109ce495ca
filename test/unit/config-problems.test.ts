import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/config/problem.ts'
import { folderOf, loadFrom, problemsOf } from '../kit/config.ts'

const D = 'destinations:\n  a: { plugin: echo, options: { url: "https://x.test" } }\n'

/** What someone writes, and every line they are told. */
const MISTAKES: [what: string, yaml: string, ...lines: string[]][] = [
  ['a mistyped section', 'reciever: {}', 'c.yaml:1:1 reciever: unknown key (did you mean "receiver"?)'],
  [
    'mistyped keys at every depth, all at once',
    'timezone: Europe/Berln\nreceiver:\n  prot: 1\n  secrets: abc\nstorage: { minFree: lots }\n' +
      'destinations:\n  a:\n    plugin: echo\n    optoins: {}\n    retry: { dely: 1s }\n',
    'c.yaml:1:11 timezone: not a time zone such as Europe/Berlin (did you mean "Europe/Berlin"?)',
    'c.yaml:3:3 receiver.prot: unknown key (did you mean "port"?)',
    'c.yaml:4:12 receiver.secrets: expected a list, got text',
    'c.yaml:5:21 storage.minFree: must be a size such as 500kB, 64MB or 1GiB',
    'c.yaml:7:3 destinations.a.options.url: is required: text',
    'c.yaml:9:5 destinations.a.optoins: unknown key (did you mean "options"?)',
    'c.yaml:10:14 destinations.a.retry.dely: unknown key (did you mean "delay"?)',
  ],
  [
    'an enum',
    'receiver: { refuse: clos }',
    'c.yaml:1:21 receiver.refuse: expected one of close, status (did you mean "close"?)',
  ],
  ['a wrong kind', 'receiver: { port: eighty }', 'c.yaml:1:19 receiver.port: expected a number, got text'],
  ['a list as a map', 'destinations: []', 'c.yaml:1:15 destinations: expected a map, got a list'],
  [
    'a name with capitals',
    'destinations:\n  Ops: { plugin: echo, options: { url: "https://x.test" } }\n',
    'c.yaml:2:3 destinations.Ops: expected a name of small letters, digits and -, 40 at most',
  ],
  [
    'a mistyped plugin',
    'destinations:\n  a: { plugin: ecko }\n',
    'c.yaml:2:16 destinations.a.plugin: there is no plugin "ecko" (did you mean "echo"?)',
  ],
  ['no plugin', 'destinations:\n  a: {}\n', 'c.yaml:2:3 destinations.a: needs a plugin, or an account instead'],
  [
    'options of a plugin, to the exact place',
    'destinations:\n  a:\n    plugin: echo\n    options:\n      url: nope\n      nested: { dept: 1 }\n      kind: { off: x }\n      siz: 1\n',
    'c.yaml:5:12 destinations.a.options.url: expected a URL such as https://example.org/path',
    'c.yaml:6:7 destinations.a.options.nested.depth: is required: a number',
    'c.yaml:6:17 destinations.a.options.nested.dept: unknown key (did you mean "depth"?)',
    'c.yaml:7:7 destinations.a.options.kind.of: is required: text',
    'c.yaml:7:15 destinations.a.options.kind.off: unknown key (did you mean "of"?)',
    'c.yaml:8:7 destinations.a.options.siz: unknown key (did you mean "size"?)',
  ],
  [
    'a union none of whose forms fits',
    'destinations:\n  a: { plugin: echo, options: { url: "https://x.test", kind: 5 } }\n',
    'c.yaml:2:62 destinations.a.options.kind: expected "small" or "large" or a map, got a number',
  ],
  [
    'names in routes',
    `${D}filters: { public: { type: event } }\nroutes:\n  - { name: r, use: [pubic], to: [b, a, a] }\n  - { name: r, to: [a] }\n`,
    'c.yaml:5:22 routes[0].use[0]: there is no filter "pubic" (did you mean "public"?)',
    'c.yaml:5:35 routes[0].to[0]: there is no destination "b"',
    'c.yaml:5:41 routes[0].to[2]: "a" is named twice',
    'c.yaml:6:13 routes[1].name: "r" is the name of an earlier route',
  ],
  ['a route to nowhere', 'routes: [{ name: r, to: [] }]', 'c.yaml:1:25 routes[0].to: names no destination'],
  [
    'a route without anything',
    'routes: [{}]',
    'c.yaml:1:10 routes[0].name: is required: text',
    'c.yaml:1:10 routes[0].to: is required: a list',
  ],
  [
    'before in a route to a destination in mode latest, whatever else is wrong with it',
    'destinations:\n  s: { plugin: stateful, options: { x: 1 } }\nroutes:\n  - { name: r, when: { before: { status: Draft } }, to: [s] }\n',
    'c.yaml:2:37 destinations.s.options.x: unknown key',
    'c.yaml:4:58 routes[0].to[0]: "s" is sent only the latest state (mode latest), this route looks at before: set mode: every there',
  ],
  [
    'concurrency of a plugin with state',
    'destinations:\n  s: { plugin: stateful, concurrency: 2 }\n',
    'c.yaml:2:39 destinations.s.concurrency: the plugin stateful keeps state and sends one batch at a time: leave this out',
  ],
  [
    'taking over what is still there, or twice',
    'destinations:\n  s: { plugin: stateful }\n  t: { plugin: stateful, was: s }\n  u: { plugin: stateful, was: x }\n  v: { plugin: stateful, was: x }\n',
    'c.yaml:3:31 destinations.t.was: "s" is still a destination of its own',
    'c.yaml:5:31 destinations.v.was: "u" takes over the state of "x" already',
  ],
  [
    'a start that is no time',
    'destinations:\n  s: { plugin: stateful, start: tomorrow }\n',
    'c.yaml:2:33 destinations.s.start: expected now, beginning or a time such as 2026-03-01T09:00:00Z',
  ],
  [
    'bodies that could never be admitted, two servers on one port',
    'receiver: { maxBody: 1GB, prot: 1 }\nadmin: { port: 8080 }\n',
    'c.yaml:1:1 receiver.maxInFlight: smaller than maxBody: a body of that size would never be admitted',
    'c.yaml:1:27 receiver.prot: unknown key (did you mean "port"?)',
    'c.yaml:2:16 admin.port: the receiver listens on this port already',
  ],
  [
    'a path of the health checks',
    'receiver: { path: /healthz/ }',
    'c.yaml:1:19 receiver.path: taken by the health checks',
  ],
  [
    'proxies that are no addresses',
    'receiver: { trustedProxies: [10.0.0.0/8, 10.0.0.0/33, nginx] }',
    'c.yaml:1:42 receiver.trustedProxies[1]: expected an address or range such as 10.0.0.0/8',
    'c.yaml:1:55 receiver.trustedProxies[2]: expected an address or range such as 10.0.0.0/8',
  ],
  [
    'a plugin under a taken name',
    'plugins: { echo: ./x.ts }',
    'c.yaml:1:12 plugins.echo: a built-in plugin has this name already',
  ],
  // What YAML makes of it
  [
    'a key twice',
    'admin: { port: 1 }\nadmin: { port: 2 }\n',
    'c.yaml:2:1 admin: written twice; YAML would keep only one',
  ],
  [
    'a template without quotes',
    `${D}x-a: 1\nfilters: { f: {{ x }} }`,
    'c.yaml:4:15 filters.f: quote it: without quotes YAML reads { as the start of a map; write "{{ … }}" or "${…}"',
  ],
  [
    'a template at the start of a text',
    'receiver:\n  path: {{ x }}/a\n',
    'c.yaml:2:16 quote it: without quotes YAML reads { as the start of a map; write "{{ … }}" or "${…}"',
  ],
  [
    'a template with a colon',
    "receiver:\n  path: a/{{ x | local: '%Y' }}\n",
    'c.yaml:2:9 quote it: without quotes YAML reads { as the start of a map; write "{{ … }}" or "${…}"',
  ],
  [
    'a reference in a flow list',
    'receiver: { secrets: [${X}] }',
    'c.yaml:1:24 quote it: without quotes YAML reads { as the start of a map; write "{{ … }}" or "${…}"',
  ],
  ['a tab', 'receiver:\n\tport: 1\n', 'c.yaml:2:1 tabs cannot indent in YAML; use spaces'],
  ['a list at the top', '- a', 'c.yaml:1:1 the config must be a map (`receiver:`, `destinations:`, `routes:`, …)'],
  ['two documents', 'x-a: 1\n---\nx-b: 1\n', 'c.yaml:2:1 one document per file: remove the line with ---'],
  ['an alias without anchor', 'receiver: *base', 'c.yaml:1:11 receiver: no anchor &base above this alias'],
  [
    'an alias inside itself',
    'receiver: &a { tls: *a }',
    'c.yaml:1:21 receiver.tls: this alias stands inside what it repeats',
  ],
  ['a tag', 'timezone: !x UTC', 'c.yaml:1:11 YAML tags (!…) are not used here'],
  [
    'names of the language',
    'destinations:\n  constructor: { plugin: constructor }\nreceiver: { constructor: 1 }\n',
    'c.yaml:2:26 destinations.constructor.plugin: there is no plugin "constructor"',
    'c.yaml:3:13 receiver.constructor: unknown key',
  ],
  ['__proto__', 'filters: { __proto__: {} }', 'c.yaml:1:12 filters: __proto__ cannot be a key'],
  // References
  ['a missing variable', 'timezone: "${ZONE}"', 'c.yaml:1:11 timezone: the variable ZONE is not set (neither in .env)'],
  [
    'a reference never closed',
    'timezone: "${ZONE"',
    'c.yaml:1:11 timezone: not a reference: write ${NAME}, ${NAME:-default} or ${file:/path}, and $${ for ${ itself',
  ],
  [
    'a missing secret file',
    'receiver: { secrets: ["${file:/none/such}"] }',
    'c.yaml:1:23 receiver.secrets[0]: the file /none/such of ${file:/none/such}: no such file',
  ],
]

/** What a config is made of, for the monkey at the keyboard. */
const PIECES =
  'receiver destinations accounts tables routes filters plugins chat account table path batch at by echo a to when options url & * <<: { } [ ] " \' ${X} {{ !t | # 1 null ,'
    .split(' ')
    .concat([': ', '\n', '\n  ', '- ', ' ', '\t'])

describe('mistakes in a config', () => {
  it.each(MISTAKES)('%s', async (_what, yaml, ...lines) => {
    expect(await problemsOf(yaml)).toEqual(lines)
  })

  it('a missing file and a folder are problems of their own, beside those of other files', async () => {
    const folder = await folderOf({ 'c.yaml': 'a: "b', 'd/e.yaml': '' })
    const loaded = await loadFrom(folder, { files: ['none.yaml', 'c.yaml', 'd'] })
    expect(loaded.ok).toBe(false)
    expect(loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))).toEqual([
      'none.yaml: no such file',
      'c.yaml:1:6 a comma, a colon, a bracket or a closing quote is missing',
      'd: a folder, not a file',
    ])
  })

  it('a value that came through a reference is never in a message', async () => {
    const yaml =
      'destinations:\n  a: { plugin: "${CANARY}" }\nroutes: [{ name: r, to: ["${CANARY}"], when: { "event": { $gt: "${CANARY}", "$foo": "${CANARY}" } } }]\n'
    const lines = await problemsOf(yaml, { CANARY: 'canary-secret-1' })
    expect(lines.length).toBeGreaterThan(2)
    expect(lines.join('\n')).not.toContain('canary')
  })

  it('an alias bomb ends early', async () => {
    const bomb = ['x-a: &a [x,x,x,x,x,x,x,x,x,x]']
    for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf'])
      bomb.push(`x-${name}: &${name} [${Array(10).fill(`*${of}`).join(',')}]`)
    const lines = await problemsOf(`${bomb.join('\n')}\nfilters: { f: *g }\n`)
    expect(lines.length).toBeGreaterThan(0)
    expect(lines[0]).toContain('aliases (*…) repeat too much here')
  })

  it('never throws, whatever is in the file; a config that is refused says why', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }), async (pieces) => {
        const folder = await folderOf({ 'c.yaml': pieces.join('') })
        const loaded = await loadFrom(folder)
        expect(loaded.ok || loaded.problems.length > 0).toBe(true)
      }),
      { numRuns: 300 },
    )
  })
})
