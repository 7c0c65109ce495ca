import { describe, expect, it } from 'vitest'
import { isLocal } from '../../src/cli/target.ts'
import { runTestCli } from '../kit/cli.ts'

describe('wrong usage', () => {
  it.each([
    ['statsu', 'there is no verb "statsu" (did you mean "status"?)'],
    ['frobnicate', 'the verbs are start, init,'],
    ['status --jsno', 'there is no option --jsno (did you mean "--json"?)'],
    ['status -x', 'there is no option -x'],
    ['status extra', 'it takes options only'],
    ['status --json=maybe', '--json takes no value'],
    ['status -c', '-c needs a value'],
    ['simulate --to --yes', '--to needs a value'],
    ['simulate --count 0', '--count needs a whole number of at least 1, not "0"'],
    ['simulate --count 1.5', '--count needs a whole number'],
    ['simulate --rate fast', '--rate needs a number of at least 0.001, not "fast"'],
    ['simulate --reading R4', '--reading is one of R1, R2, R3, not "R4"'],
    ['simulate --delays cubic', '--delays is one of exponential, linear, literal'],
    ['simulate --to ftp://localhost/', '--to needs an http or https URL'],
    ['simulate --to https://example.com/bevy', 'example.com is not on this machine; --yes'],
    ['simulate --to http://x --secret s --yes --file /nowhere/at/all.json', 'cannot read /nowhere/at/all.json'],
    ['inspect', 'RECORD is missing'],
    ['inspect a b', 'too many arguments'],
    ['inspect 2600', '"2600" is neither a key such as attendee:2600 nor an e-mail address'],
    ['explain', 'name one of --file, --seq and --sample'],
    ['explain --seq 3 --sample event', 'name one of'],
    ['explain --seq 0', '--seq needs a whole number of at least 1'],
    ['explain --file /nowhere.json', 'cannot read /nowhere.json'],
    ['start --log-level loud', '--log-level is one of debug, info, warn, error, silent'],
  ])('%s', async (line, message) => {
    const { code, out, err } = await runTestCli(line.split(' '))
    expect(err).toContain(message)
    expect(err).toContain('--help says more')
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
})

describe('help', () => {
  it.each([[[]], [['--help']], [['-h']], [['help']]])('%j lists every verb', async (argv: string[]) => {
    const { code, out } = await runTestCli(argv)
    expect(code).toBe(0)
    for (const verb of ['start', 'init', 'check', 'explain', 'simulate', 'status', 'inspect', 'schema']) {
      expect(out).toMatch(new RegExp(`^  ${verb} +\\S`, 'm'))
    }
  })
  it.each(['start', 'init', 'check', 'explain', 'simulate', 'status', 'inspect', 'schema'])(
    '%s --help has examples that parse',
    async (verb) => {
      const { code, out } = await runTestCli([verb, '--help'])
      expect(code).toBe(0)
      expect(out).not.toContain('\u001B')
      for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
      const examples = out.split('\n').filter((line) => line.startsWith(`  bevy-bridge ${verb}`))
      expect(examples.length).toBeGreaterThan(0)
      for (const example of examples) {
        const argv = example.trim().split(' ').slice(1)
        expect((await runTestCli([...argv, '--help'])).code).toBe(0)
        expect((await runTestCli([...argv, '--nonsense'])).err).toContain('there is no option --nonsense')
      }
    },
  )
  it('--version prints it', async () => {
    expect(await runTestCli(['--version'])).toEqual({ code: 0, out: '1.2.3\n', err: '' })
  })
})

describe('start', () => {
  it('hands on all config files and the log options', async () => {
    const started: unknown[] = []
    const start = async (options: unknown) => {
      started.push(options)
      return 7
    }
    const argv = [
      'start',
      '-c',
      'a.yaml',
      '--config=b.yaml',
      '--config',
      'c.yaml',
      '--log-level',
      'DEBUG',
      '--log-format',
      'json',
    ]
    expect((await runTestCli(argv, { start })).code).toBe(7)
    expect((await runTestCli(['start'], { start })).code).toBe(7)
    expect(started).toEqual([
      { config: ['a.yaml', 'b.yaml', 'c.yaml'], logLevel: 'debug', logFormat: 'json' },
      { config: [] },
    ])
  })
})

describe('isLocal', () => {
  it.each([
    ['localhost', true],
    ['app.localhost', true],
    ['127.0.0.1', true],
    ['127.8.9.1', true],
    ['[::1]', true],
    ['127.0.0.1.example.com', false],
    ['localhost.example.com', false],
    ['192.168.0.2', false],
    ['0.0.0.0', false],
    ['example.com', false],
  ])('%s: %s', (host, local) => {
    expect(isLocal(host)).toBe(local)
  })
})
