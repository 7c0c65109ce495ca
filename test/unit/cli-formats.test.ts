import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { formatProblems } from '../../src/cli/format-check.ts'
import { formatExplain } from '../../src/cli/format-explain.ts'
import { formatInspect } from '../../src/cli/format-inspect.ts'
import { formatSimulation } from '../../src/cli/format-simulate.ts'
import { formatStatus } from '../../src/cli/format-status.ts'
import { alignColumns, createPaint, formatAge, PLAIN, wrap } from '../../src/cli/text.ts'
import type { ExplainReport, InspectReport, StatusReport } from '../../src/core/dispatch/reports.ts'

const NOW = Date.UTC(2026, 2, 1, 12)

describe('text', () => {
  it('aligns by what is seen, colours not counted', () => {
    const paint = createPaint({ write: () => {}, isTTY: true }, {})
    const rows = alignColumns(
      [
        ['a', paint.bad('12'), 'x'],
        ['long', '3', ''],
      ],
      { right: [1] },
    )
    expect(rows.map((row) => stripVTControlCharacters(row))).toEqual(['a     12  x', 'long   3'])
  })
  it('colours only on a terminal, and not with NO_COLOR', () => {
    const colored = (isTTY: boolean, env: Record<string, string> = {}) =>
      createPaint({ write: () => {}, isTTY }, env).bad('x')
    expect([colored(true), colored(false), colored(true, { NO_COLOR: '1' })]).toEqual([
      '\u001B[31mx\u001B[0m',
      'x',
      'x',
    ])
  })
  it('wraps at spaces', () => {
    expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four'])
  })
  it.each([
    [300, '0.3s'],
    [45_000, '45s'],
    [60_000, '1m'],
    [3_600_000, '1h'],
    [5_400_000, '1h 30m'],
    [599_990, '10m'],
    [2 * 86_400_000 + 3 * 3_600_000, '2d 3h'],
  ])('an age of %i ms is %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text)
  })
})

describe('problems', () => {
  it('stand as file:line:column path: message, near files relative', () => {
    const problem = {
      file: '/srv/config/a.yaml',
      line: 3,
      column: 9,
      path: 'routes[0].to[1]',
      message: 'no such destination',
    }
    expect(
      formatProblems(
        [problem, { ...problem, file: '/etc/b.yaml', path: '' }, { ...problem, line: 0, column: 0, path: '' }],
        '/srv',
      ),
    ).toBe(
      'config/a.yaml:3:9 routes[0].to[1]: no such destination\n/etc/b.yaml:3:9 no such destination\nconfig/a.yaml: no such destination\n',
    )
  })
})

const STATUS: StatusReport = {
  state: 'running',
  version: '0.1.0',
  runtime: 'node 24.21.0',
  uptime: 7_200_000,
  journal: { first: 1, tail: 120, indexed: 118, quarantined: 2 },
  receiver: [
    { answer: '200', reason: '', count: 120 },
    { answer: 'closed', reason: 'secret', count: 3 },
  ],
  unmatched: { chapter: 4, event: 0 },
  stale: {},
  destinations: [
    {
      name: 'crm',
      plugin: 'hubspot',
      mode: 'latest',
      state: 'paused',
      reason: 'the token was refused',
      lag: { deliveries: 40, age: 60_000 },
      sent: 78,
      skipped: { old: 2, superseded: 1 },
      retrying: 0,
      unknown: 1,
      dead: 2,
      lastError: { at: NOW - 60_000, message: '401' },
      lastSuccess: NOW - 3_600_000,
    },
    {
      name: 'files',
      plugin: 'csv',
      mode: 'every',
      state: 'running',
      lag: { deliveries: 0, age: null },
      sent: 118,
      skipped: {},
      retrying: 0,
      unknown: 0,
      dead: 0,
    },
  ],
}

describe('status', () => {
  it('says since when the journal goes, how large the store is, and who holds it back', () => {
    const held = { by: 'quarantine', name: '5', seq: 5, overdue: 3 * 86_400_000 } as const
    const kept = { since: Date.UTC(2025, 10, 20), file: { bytes: 1_200_000_000, free: 30_000_000 }, held }
    const text = formatStatus({ ...STATUS, journal: { ...STATUS.journal, ...kept } }, NOW, PLAIN)
    expect(text.split('\n').slice(1, 4)).toEqual([
      expect.stringMatching(/^journal: \d+ to \d+ since 2025-11-20 00:00:00Z/),
      'store: 1.2GB, 30MB of it free for what comes',
      '3d more than retention.journal says is kept: body 5 in quarantine waits for somebody; `bevy-bridge quarantine retry 5`, or discard it',
    ])
  })

  it('reads as a table, with what needs attention below', () => {
    expect(formatStatus(STATUS, NOW, PLAIN)).toBe(
      [
        'bevy-bridge 0.1.0 on node 24.21.0: running, up 2h',
        'journal: 1 to 120, 2 not indexed yet, 2 in quarantine',
        'receiver: 200 120, closed secret 3',
        'unmatched: chapter 4',
        '',
        'destination  state    lag      sent  skipped  retrying  unknown  dead  last success',
        'crm          paused   40 (1m)    78        3         0        1     2  1h ago',
        'files        running  none      118        0         0        0     0  earlier',
        '',
        'crm',
        '  paused: the token was refused',
        '  skipped: old 2, superseded 1',
        '  last error 2026-03-01 11:59:00Z: 401',
        '',
      ].join('\n'),
    )
  })
  it('says when it was read from the store, and that a journal is empty', () => {
    const { uptime: _, ...rest } = STATUS
    const text = formatStatus(
      { ...rest, state: 'offline', journal: { first: 1, tail: 0, indexed: 0, quarantined: 0 }, destinations: [] },
      NOW,
      PLAIN,
    )
    expect(text).toContain('not running (read from the store)\njournal: empty\n')
    expect(text).toContain('no destinations')
  })
})

describe('explain', () => {
  const report: ExplainReport = {
    records: [
      {
        n: 1,
        key: 'event:9001',
        verdict: 'accepted',
        routes: [
          { name: 'published', match: 'no', because: 'event.status: "Draft" is not "Published"', to: ['announce'] },
          { name: 'everything', match: 'yes', because: 'no condition', to: ['relay'] },
          { name: 'joined', match: 'undecided', because: 'chapter.city', needs: ['chapter:77'], to: ['crm'] },
        ],
        destinations: [
          { name: 'relay', plugin: 'webhook', mode: 'every', state: 'sends', preview: [{ method: 'POST' }] },
          { name: 'crm', plugin: 'hubspot', mode: 'latest', state: 'waits', because: 'for chapter:77' },
          { name: 'own', plugin: 'mine', mode: 'every', state: 'sends' },
        ],
      },
      { n: 2, key: 'attendee', verdict: 'invalid', problem: 'id is missing', routes: [], destinations: [] },
    ],
  }
  it('shows each route with what decided, and what would be sent', () => {
    expect(formatExplain(report, PLAIN)).toBe(
      [
        'event:9001 (record 1): accepted',
        '  no         published   to announce  event.status: "Draft" is not "Published"',
        '  yes        everything  to relay     no condition',
        '  undecided  joined      to crm       chapter.city (waits for chapter:77)',
        '  relay (webhook, every) sends',
        '    {',
        '      "method": "POST"',
        '    }',
        '  crm (hubspot, latest) waits: for chapter:77',
        '  own (mine, every) sends',
        '    the plugin shows no preview',
        '',
        'attendee (record 2): invalid',
        '  id is missing; goes to quarantine',
        '',
      ].join('\n'),
    )
  })
  it('says that a body as a whole is of no use, or that nothing matches', () => {
    expect(formatExplain({ problem: 'not JSON', records: [] }, PLAIN)).toBe('goes to quarantine: not JSON\n')
    expect(formatExplain({ records: [] }, PLAIN)).toBe('the body holds no records\n')
    const unmatched = { ...report.records[0]!, routes: [report.records[0]!.routes[0]!], destinations: [] }
    expect(formatExplain({ records: [unmatched] }, PLAIN)).toContain(
      'no route matches: counted as unmatched, sent nowhere',
    )
  })
})

describe('inspect', () => {
  const position = { seq: 12, n: 3 }
  const report: InspectReport = {
    records: [
      {
        key: 'event:9001',
        head: { position, version: 1_772_366_400_000_123, hash: 'abcdef0123456789', data: { id: 9001 } },
        history: [
          { position: { seq: 4, n: 1 }, receivedAt: NOW, verdict: 'accepted', version: 1_772_366_400_000_123 },
          { position, receivedAt: NOW + 1000, verdict: 'stale', version: null },
        ],
        routes: [],
        destinations: [
          { name: 'announce', sent: { position, ref: { ts: '1.2' }, at: NOW } },
          { name: 'crm', exception: { position, waitsFor: 'a retry', attempts: 2, due: NOW + 5000, reason: '503' } },
          { name: 'files', passed: position },
          { name: 'relay', dead: { position, at: NOW, attempts: 9, reason: '400' } },
        ],
      },
    ],
  }
  it('tells the whole story of a record', () => {
    expect(formatInspect(report, 'event:9001', PLAIN)).toBe(
      [
        'event:9001',
        '  newest state from delivery 12#3, version 2026-03-01T12:00:00.000123Z, hash abcdef012345',
        '  deliveries',
        '    4     2026-03-01 12:00:00Z  accepted  version 2026-03-01T12:00:00.000123Z',
        '    12#3  2026-03-01 12:00:01Z  stale',
        '  routes now',
        '    there are no routes',
        '  destinations',
        '    announce  sent 12#3 at 2026-03-01 12:00:00Z, ref {"ts":"1.2"}',
        '    crm       nothing sent; 12#3 waits for a retry until 2026-03-01 12:00:05Z after 2 attempts: 503',
        '    files     12#3 settled: delivered or skipped',
        '    relay     nothing sent; 12#3 dead since 2026-03-01 12:00:00Z after 9 attempts: 400',
        '  data',
        '    {',
        '      "id": 9001',
        '    }',
        '',
      ].join('\n'),
    )
  })
  it('says when nothing is known', () => {
    expect(formatInspect({ records: [] }, 'user:1', PLAIN)).toBe('nothing is known of user:1\n')
  })
})

describe('simulate', () => {
  it('sums up', () => {
    const report = {
      target: 'http://127.0.0.1:8080/bevy',
      seed: 4,
      posts: 12,
      retries: 1,
      bytes: 12_300,
      duration: 2_000,
      answers: { '200': 11, 'no answer (reset)': 1 },
      latency: { p50: 1.2, p99: 3, max: 3 },
      acknowledged: 10,
      givenUp: 1,
      pending: 0,
    }
    expect(formatSimulation(report, PLAIN)).toBe(
      [
        'target   http://127.0.0.1:8080/bevy (seed 4)',
        'sent     12 POSTs, 1 retry, 12.3kB in 2s, 6 a second',
        'answers  200 ×11, no answer (reset) ×1',
        'time     half within 1.2 ms, 99 % within 3 ms, slowest 3 ms',
        'records  10 acknowledged, 1 given up',
        '',
      ].join('\n'),
    )
  })
})
