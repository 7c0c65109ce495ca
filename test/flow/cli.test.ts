import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CliDeps } from '../../src/cli/deps.ts'
import { BridgeError, StoreError } from '../../src/core/errors.ts'
import type { BridgeQueries, ExplainInput, StatusReport } from '../../src/core/dispatch/reports.ts'
import { cliSettings, fakeQueries, runTestCli } from '../kit/cli.ts'

let cwd: string
beforeEach(async () => void (cwd = await mkdtemp(join(tmpdir(), 'bevy-bridge-cli-'))))
afterEach(() => rm(cwd, { recursive: true }))

const STATUS: StatusReport = {
  state: 'running',
  version: '1.2.3',
  runtime: 'node 24',
  journal: { first: 1, tail: 0, indexed: 0, quarantined: 0 },
  receiver: [],
  unmatched: {},
  stale: {},
  destinations: [],
}
const problem = { file: '/srv/a.yaml', line: 2, column: 5, path: 'routes', message: 'wrong' }

function running(given: Partial<BridgeQueries>): Partial<CliDeps> {
  return { connectAdmin: async () => fakeQueries(given) }
}

describe('init', () => {
  const initFiles = () => [
    { path: 'bevy-bridge.yaml', content: '# config\n' },
    { path: '.env', content: 'BEVY_SECRET=\n', mode: 0o600 },
  ]
  it('writes its files, the secrets for the owner alone', async () => {
    expect((await runTestCli(['init', '--dir', 'new'], { cwd, initFiles })).code).toBe(0)
    expect(await readFile(join(cwd, 'new/bevy-bridge.yaml'), 'utf8')).toBe('# config\n')
    expect((await stat(join(cwd, 'new/.env'))).mode & 0o777).toBe(0o600)
  })
  it('overwrites nothing, and writes nothing when one is there, unless forced', async () => {
    await writeFile(join(cwd, '.env'), 'MINE=1\n', { mode: 0o644 })
    const refused = await runTestCli(['init'], { cwd, initFiles })
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('.env exists; nothing was written') })
    expect(await readFile(join(cwd, '.env'), 'utf8')).toBe('MINE=1\n')
    await expect(stat(join(cwd, 'bevy-bridge.yaml'))).rejects.toThrow('ENOENT')
    expect((await runTestCli(['init', '--force'], { cwd, initFiles })).code).toBe(0)
    expect(await readFile(join(cwd, '.env'), 'utf8')).toBe('BEVY_SECRET=\n')
    expect((await stat(join(cwd, '.env'))).mode & 0o777).toBe(0o600)
  })
})

describe('schema', () => {
  it('prints it or writes it', async () => {
    const jsonSchema = () => ({ type: 'object' })
    expect(JSON.parse((await runTestCli(['schema'], { jsonSchema })).out)).toEqual({ type: 'object' })
    await runTestCli(['schema', '--write', 'sub/schema.json'], { cwd, jsonSchema })
    expect(await readFile(join(cwd, 'sub/schema.json'), 'utf8')).toBe('{\n  "type": "object"\n}\n')
  })
})

describe('check', () => {
  it('prints every problem and ends with 1', async () => {
    const loadConfig = async () => ({ ok: false as const, problems: [problem, { ...problem, line: 7 }] })
    const text = await runTestCli(['check'], { loadConfig })
    expect(text).toEqual({ code: 1, out: 'a.yaml:2:5 routes: wrong\na.yaml:7:5 routes: wrong\n', err: '' })
    const json = await runTestCli(['check', '--json'], { loadConfig })
    expect([json.code, JSON.parse(json.out).problems]).toEqual([1, [problem, { ...problem, line: 7 }]])
  })
  it('lists what a good config means, with its warnings', async () => {
    const report = {
      ok: true as const,
      settings: cliSettings(),
      warnings: [problem],
      switches: [{ type: 'event', routes: ['published'] }],
    }
    const asked: unknown[] = []
    const loadConfig = async (files: readonly string[]) => {
      asked.push(files)
      return report
    }
    const { code, out } = await runTestCli(['check', '-c', 'a', '-c', 'b'], { loadConfig })
    expect(code).toBe(0)
    expect(asked).toEqual([['a', 'b']])
    expect(out).toContain('warning: a.yaml:2:5 routes: wrong')
    expect(out).toContain('  event  for published')
  })
})

describe('questions to the bridge', () => {
  it('go to the running one', async () => {
    const { code, out } = await runTestCli(['status', '--json'], running({ status: async () => STATUS }))
    expect([code, JSON.parse(out)]).toEqual([0, STATUS])
  })
  it('go to the store when none runs, which is closed even when the answer fails', async () => {
    let closed = 0
    const offline = (given: Partial<BridgeQueries>): Partial<CliDeps> => ({
      connectAdmin: async () => undefined,
      openOffline: async () => Object.assign(fakeQueries(given), { close: async () => void closed++ }),
    })
    expect(
      (await runTestCli(['status'], offline({ status: async () => ({ ...STATUS, state: 'offline' }) }))).code,
    ).toBe(0)
    const failed = await runTestCli(['status'], offline({}))
    expect(failed).toMatchObject({ code: 3, err: 'bevy-bridge: unexpected status (ERR_TEST)\n' })
    expect(closed).toBe(2)
  })
  it.each([
    ['the store cannot be opened', new StoreError('ERR_STORE_LOCKED', 'another process holds it'), 3],
    ['something else answers', new BridgeError('transport', 'ERR_ADMIN_FOREIGN', 'not the bridge'), 3],
    ['a bug, with an address in it', new TypeError('no canary@example.com'), 1],
  ])('end with their code when %s', async (_name, error, code) => {
    const result = await runTestCli(['status'], { connectAdmin: () => Promise.reject(error) })
    expect(result.code).toBe(code)
    expect(result.err).not.toContain('canary')
  })
  it('do not begin with a config that is wrong', async () => {
    const loadConfig = async () => ({ ok: false as const, problems: [problem] })
    expect(await runTestCli(['status'], { loadConfig })).toEqual({
      code: 1,
      out: '',
      err: 'a.yaml:2:5 routes: wrong\n',
    })
  })
  it('status ends with 1 when a destination is paused', async () => {
    const destination = {
      name: 'crm',
      lag: { deliveries: 0, age: null },
      sent: 0,
      skipped: {},
      retrying: 0,
      unknown: 0,
      dead: 0,
    }
    const status = (state: 'paused' | 'running' | 'orphaned') => async () => ({
      ...STATUS,
      destinations: [{ ...destination, state }],
    })
    expect((await runTestCli(['status'], running({ status: status('paused') }))).code).toBe(1)
    expect((await runTestCli(['status'], running({ status: status('running') }))).code).toBe(0)
    expect((await runTestCli(['status'], running({ status: status('orphaned') }))).code).toBe(0)
  })
  it('inspect asks by key or e-mail, and ends with 1 when nothing is known', async () => {
    const asked: unknown[] = []
    const inspect: BridgeQueries['inspect'] = async (query) => {
      asked.push(query)
      return { records: [] }
    }
    expect((await runTestCli(['inspect', 'attendee:2600', '--data'], running({ inspect }))).code).toBe(1)
    await runTestCli(['inspect', 'a@example.com'], running({ inspect }))
    expect(asked).toEqual([{ key: 'attendee:2600', data: true }, { email: 'a@example.com' }])
  })
  it('explain takes a file, the standard input, a delivery or an invented record', async () => {
    const asked: ExplainInput[] = []
    const explain: BridgeQueries['explain'] = async (input) => {
      asked.push(input)
      return { records: [] }
    }
    const deps = { ...running({ explain }), cwd, stdin: async () => new TextEncoder().encode('[1]') }
    await writeFile(join(cwd, 'body.json'), '[2]')
    for (const line of ['--file -', '--file body.json', '--seq 5', '--sample event', '--sample odd_type']) {
      expect((await runTestCli(['explain', ...line.split(' ')], deps)).code).toBe(0)
    }
    const texts = asked.map((input) => ('seq' in input ? input.seq : JSON.parse(Buffer.from(input.body).toString())))
    expect(texts).toMatchObject([
      [1],
      [2],
      5,
      [{ type: 'event', data: [{ status: 'Published' }] }],
      [{ type: 'odd_type', data: [{}] }],
    ])
  })
  it('explain ends with 1 when a body or a record is of no use', async () => {
    const explain = (report: Awaited<ReturnType<BridgeQueries['explain']>>) => running({ explain: async () => report })
    const invalid = { n: 1, key: 'event', verdict: 'invalid' as const, problem: 'no id', routes: [], destinations: [] }
    expect((await runTestCli(['explain', '--seq', '1'], explain({ problem: 'not JSON', records: [] }))).code).toBe(1)
    expect((await runTestCli(['explain', '--seq', '1'], explain({ records: [invalid] }))).code).toBe(1)
  })
})
