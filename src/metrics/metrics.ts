/** Metrics in the text format of Prometheus. */

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { Meter } from '../core/ports.ts'
import { DEFINITIONS, type MetricName } from './definitions.ts'
import { STATES, type MetricsSnapshot } from './snapshot.ts'

/** The metrics of one bridge. */
export interface Metrics {
  readonly meter: Meter
  /** Counts alerts. */
  readonly alerts: { raised(cause: string): void; sent(channel: string, result: string): void }
  /** The page Prometheus reads. Rejects when the snapshot does. */
  page(): Promise<{ readonly contentType: string; readonly text: string }>
}

type Labels = Readonly<Record<string, string>>

/** Makes them; `read` is asked at each scrape. */
export function createMetrics(read: () => Promise<MetricsSnapshot>): Metrics {
  const registry = new Registry()
  const made = new Map<string, Counter | Gauge | Histogram>()
  for (const [name, { type, help, labels, ...rest }] of Object.entries(DEFINITIONS)) {
    const options = { name, help, labelNames: [...labels], registers: [registry] }
    const buckets = 'buckets' in rest ? { buckets: [...(rest.buckets ?? [])] } : {}
    const kinds = {
      counter: () => new Counter(options),
      gauge: () => new Gauge(options),
      histogram: () => new Histogram({ ...options, ...buckets }),
    }
    made.set(name, kinds[type]())
  }
  const histogramOf = (name: MetricName): Histogram => made.get(name) as Histogram
  const counterOf = (name: MetricName): Counter => made.get(name) as Counter
  // What process and runtime say of themselves is watched from the first scrape on: nobody who never asks pays for it.
  let watchesProcess = false

  const put = (name: MetricName, rows: readonly (readonly [labels: Labels, value: number])[]): void => {
    const metric = made.get(name) as Counter | Gauge
    metric.reset()
    for (const [labels, value] of rows) metric.inc(labels, value)
  }

  const fill = (now: MetricsSnapshot): void => {
    const { receiver, journal, destinations, disk } = now
    put('bevy_bridge_info', [[{ version: now.version, runtime: now.runtime }, 1]])
    put(
      'bevy_bridge_requests_total',
      receiver.requests.map(({ answer, reason, count }) => [{ answer, reason }, count]),
    )
    put('bevy_bridge_requests_under_way', [[{}, receiver.underWay]])
    put('bevy_bridge_bodies_in_memory_bytes', [[{}, receiver.bytesInFlight]])
    put('bevy_bridge_bodies_waiting', [[{}, receiver.waiting]])
    put('bevy_bridge_journal_deliveries', [[{}, journal.tail - journal.first + 1]])
    put('bevy_bridge_journal_tail', [[{}, journal.tail]])
    put('bevy_bridge_journal_age_seconds', [[{}, (journal.age ?? 0) / 1000]])
    put('bevy_bridge_journal_overdue_seconds', [[{}, (journal.overdue ?? 0) / 1000]])
    put('bevy_bridge_index_backlog_deliveries', [[{}, journal.tail - journal.indexed]])
    put(
      'bevy_bridge_records_total',
      Object.entries(now.records).flatMap(([type, verdicts]) =>
        Object.entries(verdicts).map(([verdict, count]): [Labels, number] => [{ type, verdict }, count]),
      ),
    )
    put('bevy_bridge_quarantined_total', labelled('what', now.quarantined))
    put('bevy_bridge_unmatched_total', labelled('type', now.unmatched))
    put('bevy_bridge_disk_free_bytes', [[{}, disk.free]])
    put('bevy_bridge_disk_min_free_bytes', [[{}, disk.minFree]])
    put('bevy_bridge_store_bytes', labelled('part', disk.parts))
    put('bevy_bridge_store_free_bytes', disk.unused === undefined ? [] : [[{}, disk.unused]])
    put('bevy_bridge_alerts_open', [[{}, now.alertsOpen]])
    const each = (name: MetricName, value: (one: (typeof destinations)[number]) => number | undefined): void =>
      put(
        name,
        destinations.flatMap((one): [Labels, number][] => {
          const found = value(one)
          return found === undefined ? [] : [[{ destination: one.name }, found]]
        }),
      )
    put(
      'bevy_bridge_destination_state',
      destinations.flatMap(({ name, state }) =>
        STATES.map((one): [Labels, number] => [{ destination: name, state: one }, one === state ? 1 : 0]),
      ),
    )
    each('bevy_bridge_backlog_deliveries', ({ backlog }) => backlog)
    each('bevy_bridge_backlog_age_seconds', ({ age }) => (age ?? 0) / 1000)
    each('bevy_bridge_dead_letters', ({ work }) => work?.dead)
    each('bevy_bridge_in_flight', ({ work }) => work?.inFlight)
    each('bevy_bridge_ready', ({ work }) => work?.ready)
    each('bevy_bridge_delivered_total', ({ work }) => work?.counts.sent)
    each('bevy_bridge_retries_total', ({ work }) => work?.counts.retries)
    each('bevy_bridge_unknown_total', ({ work }) => work?.counts.unknown)
    each('bevy_bridge_dead_total', ({ work }) => work?.counts.dead)
    const inner = (name: MetricName, label: string, of: (one: (typeof destinations)[number]) => Figures): void =>
      put(
        name,
        destinations.flatMap((one) =>
          Object.entries(of(one)).map(([key, count]): [Labels, number] => [
            { destination: one.name, [label]: key },
            count,
          ]),
        ),
      )
    inner('bevy_bridge_exceptions', 'kind', ({ work }) => work?.exceptions ?? {})
    inner('bevy_bridge_skipped_total', 'reason', ({ work }) => work?.counts.skipped ?? {})
  }

  const commits = histogramOf('bevy_bridge_commit_seconds')
  const attempts = byDestination(histogramOf('bevy_bridge_attempt_seconds'))
  const ages = byDestination(histogramOf('bevy_bridge_delivery_age_seconds'))
  const outcomes = counterOf('bevy_bridge_outcomes_total')

  return {
    meter: {
      committed: (duration) => commits.observe(duration / 1000),
      attempted(destination, duration, results) {
        attempts(destination).observe(duration / 1000)
        for (const [outcome, count] of Object.entries(results)) outcomes.inc({ destination, outcome }, count)
      },
      delivered: (destination, age) => ages(destination).observe(Math.max(0, age) / 1000),
    },
    alerts: {
      raised: (cause) => counterOf('bevy_bridge_alerts_total').inc({ cause }),
      sent: (channel, result) => counterOf('bevy_bridge_alert_sends_total').inc({ channel, result }),
    },
    async page() {
      if (!watchesProcess) collectDefaultMetrics({ register: registry })
      watchesProcess = true
      fill(await read())
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}

type Figures = Readonly<Record<string, number>>

function labelled(label: string, figures: Figures): (readonly [Labels, number])[] {
  return Object.entries(figures).map(([key, value]) => [{ [label]: key }, value])
}

/** Labels are hashed at each call; these are hashed once. */
function byDestination(metric: Histogram): (destination: string) => { observe(value: number): void } {
  const known = new Map<string, { observe(value: number): void }>()
  return (destination) => {
    let found = known.get(destination)
    if (found === undefined) known.set(destination, (found = metric.labels(destination)))
    return found
  }
}
