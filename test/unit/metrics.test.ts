import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { DEFINITIONS } from '../../src/metrics/definitions.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import type { MetricsSnapshot } from '../../src/metrics/snapshot.ts'

const docs = resolve(import.meta.dirname, '../../docs')
const text = (file: string): string => readFileSync(join(docs, file), 'utf8')

const SNAPSHOT: MetricsSnapshot = {
  version: '1.2.3',
  runtime: 'node 24',
  receiver: {
    requests: [
      { answer: '200', reason: 'stored', count: 5 },
      { answer: 'closed', reason: 'wrong-secret', count: 2 },
    ],
    underWay: 1,
    bytesInFlight: 1000,
    waiting: 0,
  },
  journal: { first: 3, tail: 12, indexed: 10 },
  records: { attendee: { accepted: 7, stale: 1 } },
  quarantined: { bodies: 1, records: 2 },
  unmatched: { event: 4 },
  destinations: [
    {
      name: 'crm',
      state: 'paused',
      backlog: 6,
      age: 90_000,
      work: {
        exceptions: { retry: 2, join: 0 },
        dead: 3,
        inFlight: 0,
        ready: 1,
        counts: { sent: 40, retries: 5, unknown: 1, dead: 4, skipped: { old: 2 } },
      },
    },
    { name: 'gone', state: 'orphaned', backlog: 0, age: null },
  ],
  disk: { free: 5e9, minFree: 256e6, parts: { database: 1000, wal: 10, other: 1 } },
  alertsOpen: 2,
}

describe('the page', () => {
  it('shows what was read and what was counted', async () => {
    let snapshot = SNAPSHOT
    const { meter, alerts, page } = createMetrics(async () => snapshot)
    meter.committed(3)
    meter.attempted('crm', 700, { delivered: 2, retry: 1 })
    meter.delivered('crm', 4_000)
    alerts.raised('dead')
    alerts.sent('ops', 'sent')
    const { contentType, text: first } = await page()
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      'bevy_bridge_info{version="1.2.3",runtime="node 24"} 1',
      'bevy_bridge_requests_total{answer="closed",reason="wrong-secret"} 2',
      'bevy_bridge_journal_deliveries 10',
      'bevy_bridge_index_backlog_deliveries 2',
      'bevy_bridge_records_total{type="attendee",verdict="stale"} 1',
      'bevy_bridge_quarantined_total{what="records"} 2',
      'bevy_bridge_unmatched_total{type="event"} 4',
      'bevy_bridge_destination_state{destination="crm",state="paused"} 1',
      'bevy_bridge_destination_state{destination="crm",state="running"} 0',
      'bevy_bridge_backlog_age_seconds{destination="crm"} 90',
      'bevy_bridge_backlog_age_seconds{destination="gone"} 0',
      'bevy_bridge_exceptions{destination="crm",kind="retry"} 2',
      'bevy_bridge_skipped_total{destination="crm",reason="old"} 2',
      'bevy_bridge_delivered_total{destination="crm"} 40',
      'bevy_bridge_commit_seconds_bucket{le="0.005"} 1',
      'bevy_bridge_attempt_seconds_sum{destination="crm"} 0.7',
      'bevy_bridge_outcomes_total{destination="crm",outcome="delivered"} 2',
      'bevy_bridge_delivery_age_seconds_bucket{le="5",destination="crm"} 1',
      'bevy_bridge_store_bytes{part="database"} 1000',
      'bevy_bridge_alerts_total{cause="dead"} 1',
      'bevy_bridge_alert_sends_total{channel="ops",result="sent"} 1',
      'bevy_bridge_alerts_open 2',
    ]) {
      expect(first.split('\n')).toContain(line)
    }
    expect(first).toMatch(/^process_resident_memory_bytes \d+/m)
    // What is gone leaves the page; what is read is not added up.
    snapshot = { ...SNAPSHOT, destinations: [] }
    const { text: second } = await page()
    expect(second).not.toContain('destination="gone"')
    expect(second).toContain('bevy_bridge_requests_total{answer="200",reason="stored"} 5')
  })

  it('has all metrics that are defined, and no more of its own', async () => {
    const { text: page } = await createMetrics(async () => SNAPSHOT).page()
    const shown = [...page.matchAll(/^# TYPE (bevy_bridge_\w+) (\w+)/gm)].map(([, name, type]) => `${name} ${type}`)
    expect(shown.sort()).toEqual(
      Object.entries(DEFINITIONS)
        .map(([name, { type }]) => `${name} ${type}`)
        .sort(),
    )
  })
})

describe('documentation', () => {
  it('docs/metrics.md lists every metric as it is', () => {
    const rows = [...text('metrics.md').matchAll(/^\| `(bevy_\w+)`\s*\| (\w+)\s*\| (.*?)\s*\| (.*?)\s*\|$/gm)].map(
      ([, name, type, labels = '', help]) => [
        name,
        type,
        [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label),
        help,
      ],
    )
    expect(rows).toEqual(
      Object.entries(DEFINITIONS).map(([name, { type, labels, help }]) => [name, type, labels, help]),
    )
  })

  it.each(['metrics/grafana.json', 'metrics/alerts.yml'])(
    '%s asks only for what there is, by labels it has',
    async (file) => {
      const { text: page } = await createMetrics(async () => SNAPSHOT).page()
      const known = new Set(
        [...page.matchAll(/^# TYPE (\w+) (\w+)/gm)].flatMap(([, name = '', type]) =>
          type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
        ),
      )
      const expressions = expressionsOf(parse(text(file)))
      expect(expressions.length).toBeGreaterThan(5)
      for (const expression of expressions) {
        const names = [...expression.matchAll(/\b(?:bevy_bridge|process|nodejs)_\w+/g)].map(([name]) => name)
        expect([expression, names.length > 0, names.filter((name) => !known.has(name))]).toEqual([expression, true, []])
        for (const [, name = '', matchers = ''] of expression.matchAll(/(bevy_bridge_\w+)\{([^}]*)\}/g)) {
          const definition = DEFINITIONS[name.replace(/_bucket$/, '') as keyof typeof DEFINITIONS]
          const labels = [...matchers.matchAll(/(\w+)(?:=~|!=|!~|=)/g)].map(([, label]) => label)
          expect([
            name,
            labels.filter((label) => label !== 'instance' && !definition.labels.includes(label as never)),
          ]).toEqual([name, []])
        }
      }
    },
  )

  it('the dashboard shows every metric there is', () => {
    const dashboard = text('metrics/grafana.json')
    const missing = Object.keys(DEFINITIONS).filter((name) => !dashboard.includes(name))
    expect(missing).toEqual([
      'bevy_bridge_requests_under_way',
      'bevy_bridge_bodies_waiting',
      'bevy_bridge_journal_tail',
    ])
  })
})

/** All PromQL in a dashboard or a file of rules. */
function expressionsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(expressionsOf)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => (key === 'expr' ? [String(inner)] : expressionsOf(inner)))
}
