import { describe, expect, it } from 'vitest'
import type { Broken } from '../../src/core/torture/facts.ts'
import type { TortureOptions, TortureReport } from '../../src/core/torture/report.ts'
import { runTestCli } from '../kit/cli.ts'

function report(
  options: TortureOptions,
  broken: readonly Broken[] = [],
  failures: readonly string[] = [],
): TortureReport {
  return {
    ...options,
    elapsed: 70_000,
    lives: 20,
    kills: 7,
    killsAtCommit: 9,
    stops: 4,
    fullStarts: 0,
    diskFull: 3,
    outages: 5,
    reloads: 2,
    posts: 900,
    failures,
    ...(broken.length + failures.length > 0 && { folder: '/tmp/run' }),
    ledger: {
      acknowledged: 800,
      deliveries: 803,
      setAside: 0,
      records: 1200,
      verdicts: { accepted: 1100, unchanged: 100 },
      destinations: [
        { name: 'crm', delivered: 990, waiting: 1, dead: 2, repeated: 6, skipped: { 'no route matches': 107 } },
      ],
      broken,
    },
  }
}

describe('torture', () => {
  it.each([
    ['torture', { duration: 600_000, kills: 200 }],
    ['torture --for 1m', { duration: 60_000, kills: 20 }],
    ['torture --for 1s', { duration: 1_000, kills: 1 }],
    ['torture --for 2h --kills 5000 --seed 4711', { duration: 7_200_000, kills: 5_000, seed: 4711 }],
  ])('%s', async (line, wanted) => {
    let asked: TortureOptions | undefined
    const torture = async (_settings: unknown, options: TortureOptions) => report((asked = options))
    const { code, err } = await runTestCli(line.split(' '), { torture })
    expect(asked).toMatchObject(wanted)
    expect([code, err]).toEqual([0, `torture: seed ${asked?.seed}\n`])
  })

  it('prints the ledger', async () => {
    const { out } = await runTestCli(['torture'], { torture: async (_settings, options) => report(options) })
    expect(out).toMatch(/^lives +20 in 10m: 7 killed, 9 killed at a commit, 4 stopped$/m)
    expect(out).toMatch(/^crm +990 +1 +2 +107 +6 +107 no route matches$/m)
    expect(out).toContain('ok  every acknowledged record')
  })

  it('lists every broken promise and failure, and ends with 1', async () => {
    const broken: Broken[] = [
      { promise: 'nothing is lost', destination: 'crm', key: 'user:1', position: { seq: 3, n: 2 }, detail: 'gone' },
      { promise: 'acknowledged is stored', detail: 'delivery 4 was answered 200 and is not in the journal' },
    ]
    const torture = async (_settings: unknown, options: TortureOptions) =>
      report(options, broken, ['life 3 did not start'])
    const { code, out } = await runTestCli(['torture'], { torture })
    expect(code).toBe(1)
    expect(out.split('\n').slice(-5)).toEqual([
      'failed  life 3 did not start',
      'broken  nothing is lost: crm, user:1, 3#2, gone',
      'broken  acknowledged is stored: delivery 4 was answered 200 and is not in the journal',
      '2 promises broken, 1 failures; store, files and log are in /tmp/run',
      '',
    ])
    const json = await runTestCli(['torture', '--json'], { torture })
    expect(JSON.parse(json.out)).toMatchObject({ folder: '/tmp/run', ledger: { broken } })
  })

  it.each([
    ['torture --for soon', '--for needs a duration between 100ms and 7d, such as 10m, not "soon"'],
    ['torture --for 8d', '--for needs a duration'],
    ['torture --kills 0', '--kills needs a whole number of at least 1'],
    ['torture --seed x', '--seed needs a whole number'],
  ])('%s', async (line, message) => {
    const { code, err } = await runTestCli(line.split(' '))
    expect([code, err.includes(message)]).toEqual([2, true])
  })
})
