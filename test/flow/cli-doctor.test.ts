/** `doctor` at the command line: what it prints, asks, and ends with; what `check` and `status` say of fields. */

import { describe, expect, it } from 'vitest'
import type { CliDeps } from '../../src/cli/deps.ts'
import { noEvidence } from '../../src/core/bevy/evidence.ts'
import { inferRule } from '../../src/core/bevy/infer.ts'
import type { ProbeReport } from '../../src/core/bevy/probe.ts'
import type { BridgeAccess } from '../../src/core/dispatch/actions.ts'
import type { DoctorReport } from '../../src/core/doctor/report.ts'
import { BridgeError } from '../../src/core/errors.ts'
import { settingsOf } from '../kit/config.ts'
import { cliSettings, fakeQueries, runTestCli } from '../kit/cli.ts'

const NOW = Date.UTC(2026, 2, 1)
const RULE = inferRule(noEvidence(0))

const REPORT: DoctorReport = {
  state: 'running',
  version: '1.2.3',
  runtime: 'node 24.21.0',
  config: 'x',
  rule: {
    ...RULE,
    delays: { state: 'sure', value: 'linear', seen: 4 },
    answers: { ...RULE.answers, closed: { repeated: 4, silent: 0 } },
  },
  secrets: [
    { place: 1, fingerprint: 'aa11bb', since: 0, last: NOW - 3_600_000 },
    { place: 2, fingerprint: 'cc22dd', since: NOW },
  ],
  unseen: [],
  destinations: [{ name: 'crm', state: 'running', line: 'running, nothing waits, last success 1m ago' }],
  disk: { free: 5e9, minFree: 1e9 },
  clock: { now: NOW },
  alerts: { channels: ['ops'], heartbeat: true },
  findings: [],
}

const run = (line: string, access: Partial<BridgeAccess>, deps: Partial<CliDeps> = {}) =>
  runTestCli(line.split(' '), { connectAdmin: async () => fakeQueries(access), ...deps })
const doctor = (report: Partial<DoctorReport> = {}) => ({ doctor: async () => ({ ...REPORT, ...report }) })

describe('doctor', () => {
  it('says what there is, and ends with 0 when nothing is to be mended', async () => {
    const { code, out } = await run('doctor', doctor())
    expect(out).toBe(`bevy-bridge 1.2.3 on node 24.21.0: running
What this Bevy seems to do
  acknowledged by: not enough seen
  tries again: after 10, 20, 30 … minutes, the last after 46 hours (linear, sure, seen 4 times)
  seen: closed connections 4 came again, 0 did not
Secrets
  secret 1  aa11bb  last used 1h ago
  secret 2  cc22dd  not used since 2026-03-01 00:00:00Z
Destinations
  crm  running, nothing waits, last success 1m ago
Machine
  disk       5GB free, nothing is received below 1GB
  clock      2026-03-01 00:00:00Z
  alerts     to ops
  heartbeat  on
Findings
  none
`)
    expect(code).toBe(0)
  })

  it('ends with 1 when something is, and says what mends it', async () => {
    const finding = { severity: 'bad', about: 'disk', what: 'full', mend: 'make room' } as const
    const { code, out } = await run('doctor', doctor({ findings: [finding] }))
    expect([code, out]).toEqual([1, expect.stringContaining('  bad  disk: full\n       mend: make room\n')])
  })

  it('finds another version, another config, and what the config warns of', async () => {
    const warning = { file: '/srv/a.yaml', line: 1, column: 2, path: 'routes', message: 'odd' }
    const loadConfig: CliDeps['loadConfig'] = async () => ({
      ok: true,
      settings: cliSettings(),
      warnings: [warning],
      switches: [],
    })
    const { code, out } = await run('doctor --json', doctor({ version: '1.0.0', config: 'other' }), { loadConfig })
    const { findings } = JSON.parse(out) as DoctorReport
    expect([code, findings.map(({ what }) => what)]).toEqual([
      1,
      [
        'version 1.0.0 runs, 1.2.3 is installed',
        'the config read here is not the one in force',
        'a.yaml:1:2 routes: odd',
      ],
    ])
  })
})

describe('doctor --probe', () => {
  const attempt = (answer: 'close' | 503 | 204 | 200, gap?: number) => ({
    answer,
    at: NOW,
    ...(gap === undefined ? {} : { gap }),
  })
  const probe = (changes: Partial<ProbeReport>): ProbeReport => ({
    plan: 'answers',
    state: 'running',
    started: NOW,
    until: NOW,
    key: 'event:7',
    attempts: [],
    rule: RULE,
    ...changes,
  })

  it.each([['doctor --probe', false] as const, ['doctor --probe --json', true] as const])(
    'is refused where nobody can be asked: %s',
    async (line, interactive) => {
      const { code, err } = await run(line, {}, { interactive })
      expect([code, err]).toEqual([2, expect.stringContaining('run it at a terminal')])
    },
  )

  it('begins only after a yes', async () => {
    const { code, out } = await run('doctor --probe', {}, { interactive: true, ask: async () => undefined })
    expect([code, out]).toEqual([1, expect.stringContaining('nothing was changed')])
  })

  it('leads through both plans, and puts together what they say', async () => {
    const begun: unknown[] = []
    const reading = { ...RULE, reading: { state: 'likely', value: 'R3', seen: 1 } } as const
    const delays = { ...RULE, delays: { state: 'likely', value: 'linear', seen: 1 } } as const
    const reports = [
      probe({ attempts: [attempt('close')] }),
      probe({ attempts: [attempt('close'), attempt(503, 600_000)], end: 'silence', state: 'done', rule: reading }),
      probe({ attempts: [attempt('close'), attempt(200, 600_000)], end: 'through', state: 'done', rule: delays }),
    ]
    const access: Partial<BridgeAccess> = {
      startProbe: async (input) => {
        begun.push(input)
        return probe({})
      },
      probe: async () => reports.shift(),
    }
    const { code, out } = await run('doctor --probe', access, { interactive: true, ask: async () => 'yes' })
    expect([code, begun]).toEqual([0, [{ plan: 'answers' }, { plan: 'delays' }]])
    expect(out).toContain('event:7: closed, after 10m answered 503, it did not come again\n')
    expect(out).toContain('(R3, likely, seen once)')
    expect(out).toContain('(linear, likely, seen once)')
  })

  it('is ended by Ctrl-C, and by the end of the bridge', async () => {
    const controller = new AbortController()
    let ended = 0
    const access: Partial<BridgeAccess> = {
      startProbe: async () => probe({}),
      probe: async () => {
        controller.abort()
        return probe({})
      },
      endProbe: async () => {
        ended++
        return probe({ end: 'cancelled' })
      },
    }
    const deps = { interactive: true, ask: async () => 'yes', signal: controller.signal }
    expect([(await run('doctor --probe', access, deps)).code, ended]).toEqual([1, 1])
    const gone = await run(
      'doctor --probe',
      { ...access, probe: async () => undefined },
      { ...deps, signal: new AbortController().signal },
    )
    expect([gone.code, gone.out]).toEqual([1, expect.stringContaining('the bridge was restarted')])
    expect((await run('doctor --end-probe', access)).code).toBe(0)
  })

  it('needs a bridge that runs', async () => {
    const offline = fakeQueries({
      startProbe: () =>
        Promise.reject(new BridgeError('config', 'ERR_PROBE_OFFLINE', 'a probe needs the running bridge')),
    })
    const { code, err } = await runTestCli(['doctor', '--probe'], {
      interactive: true,
      ask: async () => 'y',
      connectAdmin: async () => undefined,
      openOffline: async () => Object.assign(offline, { close: async () => {} }),
    })
    expect([code, err]).toEqual([1, expect.stringContaining('ERR_PROBE_OFFLINE')])
  })
})

describe('check', () => {
  it('warns of a field that never came, and stays 0', async () => {
    const settings = await settingsOf(`destinations: { a: { plugin: echo, options: { url: "https://a.example.org" } } }
routes: [{ name: r, to: [a], when: { type: event, event: { is_test: true } } }]
receiver: { secrets: [x] }`)
    const deps: Partial<CliDeps> = {
      loadConfig: async () => ({ ok: true, settings, warnings: [], switches: [] }),
      seenFields: async () => [{ type: 'event', records: 412, paths: ['id', 'title'], labels: [], full: false }],
    }
    const { code, out } = await run('check', {}, deps)
    const warned =
      'warning: event.is_test: in none of 412 event records; Bevy support can switch it on (read by route r)\n'
    expect([code, out]).toEqual([0, expect.stringContaining(warned)])
    expect(JSON.parse((await run('check --json', {}, deps)).out)).toMatchObject({
      ok: true,
      unseen: [{ records: 412 }],
    })
  })
})
