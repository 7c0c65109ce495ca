import { describe, expect, it } from 'vitest'
import { noEvidence } from '../../src/core/bevy/evidence.ts'
import { inferRule } from '../../src/core/bevy/infer.ts'
import type { DestinationStatus, StatusReport } from '../../src/core/dispatch/reports.ts'
import { diagnose, lineOf, type DoctorFacts } from '../../src/core/doctor/diagnose.ts'
import { cliSettings } from '../kit/cli.ts'

const NOW = Date.UTC(2026, 2, 1)
const DAY = 86_400_000

const DESTINATION: DestinationStatus = {
  name: 'crm',
  plugin: 'hubspot',
  state: 'running',
  lag: { deliveries: 0, age: null },
  sent: 1,
  skipped: {},
  retrying: 0,
  unknown: 0,
  dead: 0,
  lastSuccess: NOW - 60_000,
}
const STATUS = {
  state: 'running',
  journal: { first: 1, tail: 1, indexed: 1, quarantined: 0 },
  destinations: [DESTINATION],
} as unknown as StatusReport

const REPORT: DoctorFacts['report'] = {
  state: 'running',
  version: '1.2.3',
  runtime: 'node 24.21.0',
  config: 'abc',
  rule: inferRule(noEvidence(0)),
  secrets: [{ place: 1, fingerprint: 'aaaaaa', since: NOW - 90 * DAY, last: NOW - 1000 }],
  unseen: [],
  disk: { free: 5e9, minFree: 1e9 },
  clock: { now: NOW, newest: NOW - 1000, behind: -2000, jumped: 3 },
  alerts: { channels: ['ops'], heartbeat: true },
}

const SETTINGS = cliSettings({ storage: { driver: 'sqlite', path: '/data', unsafe: false, minFree: 1e9 } })

function found(
  report: Partial<DoctorFacts['report']>,
  status: Partial<StatusReport> = {},
  settings: Partial<DoctorFacts['settings']> = {},
): string[] {
  const facts = {
    report: { ...REPORT, ...report },
    status: { ...STATUS, ...status },
    settings: { ...SETTINGS, ...settings },
  }
  return diagnose(facts).map(({ severity, about, what, mend }) => `${severity} ${about}: ${what} → ${mend}`)
}

const refusing = { receiver: { ...SETTINGS.receiver, refuse: 'status' as const } }
const secret = (place: number, last: number | undefined, since = 90) => ({
  place,
  fingerprint: `f${place}`,
  since: NOW - since * DAY,
  ...(last === undefined ? {} : { last: NOW - last * DAY }),
})
const rule = (answers: object, reading: object = { state: 'open', possible: [], mixed: false }) => ({
  rule: { ...REPORT.rule, answers: { ...REPORT.rule.answers, ...answers }, reading } as typeof REPORT.rule,
})
const destination = (changes: Partial<DestinationStatus>) => ({ destinations: [{ ...DESTINATION, ...changes }] })

describe('doctor', () => {
  it('finds nothing where all is well', () => {
    expect(found({})).toEqual([])
  })

  it.each<[string, string[], RegExp]>([
    [
      'closed connections that do not come again',
      found(rule({ closed: { repeated: 1, silent: 2 } })),
      /^bad Bevy: 2 of 3/,
    ],
    ['a status while R3', found(rule({}, { state: 'sure', value: 'R3' }), {}, refusing), /^bad Bevy: .*refuse: close/],
    ['a status while nothing is known', found({}, {}, refusing), /^odd Bevy: .*doctor --probe/],
    ['an old secret', found({ secrets: [secret(1, 0), secret(2, 41)] }), /secret 2 \(f2\) was last used 41d ago/],
    ['a secret never used', found({ secrets: [secret(1, 0), secret(2, undefined)] }), /secret 2 \(f2\) was never used/],
    ['a pause', found({}, destination({ state: 'paused', reason: '401' })), /^bad destination crm: .*401.*resume crm/],
    ['dead letters', found({}, destination({ dead: 2 })), /2 dead letters → `bevy-bridge dead list --destination crm`/],
    ['an orphan', found({}, destination({ state: 'orphaned', reason: 'gone' })), /forget crm/],
    ['quarantine', found({}, { journal: { ...STATUS.journal, quarantined: 3 } }), /quarantine list/],
    ['a filling disk', found({ disk: { free: 1.5e9, minFree: 1e9 } }), /^odd disk: 1.5GB free/],
    ['a full disk', found({ disk: { free: 5e8, minFree: 1e9 } }), /^bad disk: .*nothing is received/],
    ['a clock set back', found({ clock: { now: NOW, newest: NOW + 2 * 3_600_000 } }), /^bad clock: .*2h from now/],
    ['a clock that is behind', found({ clock: { now: NOW, behind: 600_000 } }), /^odd clock: .*10m after/],
    ['a clock that was moved', found({ clock: { now: NOW, jumped: -3_600_000 } }), /^odd clock: .*by -1h|-60m/],
    ['a clock of the last century', found({ clock: { now: 0 } }), /^bad clock: it says 1970/],
    ['an old runtime', found({ runtime: 'node 22.9.0' }), /^odd runtime/],
    ['a store in memory', found({}, {}, { storage: { ...SETTINGS.storage, driver: 'memory' } }), /^bad storage/],
    ['no channel of alerts', found({ alerts: { channels: [], heartbeat: false } }), /^odd alerts: nobody is told/],
    ['no heartbeat', found({ alerts: { channels: ['a'], heartbeat: false } }), /heartbeat/],
    ['plain http', found({}, {}, { receiver: { ...SETTINGS.receiver, publicUrl: 'http://a.b' } }), /^odd receiver/],
  ])('finds %s', (_name, findings, wanted) => {
    expect(findings).toEqual([expect.stringMatching(wanted)])
  })

  it('leaves secrets alone while it cannot tell: too new, or none is used', () => {
    expect(found({ secrets: [secret(1, 0), secret(2, undefined, 5)] })).toEqual([])
    expect(found({ secrets: [secret(1, 60), secret(2, 41)] })).toEqual([])
  })

  it('says how a destination stands in one line', () => {
    expect(lineOf({ ...DESTINATION, dead: 1, lag: { deliveries: 3, age: 1 } }, NOW)).toBe(
      'running, 3 deliveries behind, 1 dead, last success 1m ago',
    )
  })
})
