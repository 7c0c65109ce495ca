/** All metrics of the bridge. `docs/metrics.md` lists them for people; a test keeps the two together. */

/** One metric. `read` ones are asked for at each scrape, the others counted where it happens. */
export interface MetricDefinition {
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  readonly labels: readonly string[]
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[]
}

const COMMIT = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const ATTEMPT = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const AGE = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 21_600, 86_400, 604_800]

const counter = (help: string, ...labels: string[]): MetricDefinition => ({ type: 'counter', help, labels })
const gauge = (help: string, ...labels: string[]): MetricDefinition => ({ type: 'gauge', help, labels })
const histogram = (help: string, buckets: readonly number[], ...labels: string[]): MetricDefinition => ({
  type: 'histogram',
  help,
  labels,
  buckets,
})

export const DEFINITIONS = {
  bevy_bridge_info: gauge('Always 1; tells version and runtime.', 'version', 'runtime'),
  bevy_bridge_requests_total: counter('Requests since the start.', 'answer', 'reason'),
  bevy_bridge_requests_under_way: gauge('Requests under way, health checks included.'),
  bevy_bridge_bodies_in_memory_bytes: gauge('Bytes of bodies held or promised room.'),
  bevy_bridge_bodies_waiting: gauge('Deliveries that wait for room in memory.'),
  bevy_bridge_commit_seconds: histogram('Time to commit a delivery to the journal.', COMMIT),
  bevy_bridge_journal_deliveries: gauge('Deliveries kept in the journal.'),
  bevy_bridge_journal_tail: gauge('Number of the newest delivery.'),
  bevy_bridge_journal_age_seconds: gauge('Age of the oldest delivery kept.'),
  bevy_bridge_journal_overdue_seconds: gauge('By how much that is more than retention says, since somebody needs it.'),
  bevy_bridge_index_backlog_deliveries: gauge('Deliveries that are not indexed yet.'),
  bevy_bridge_records_total: counter('Records since the store was made.', 'type', 'verdict'),
  bevy_bridge_quarantined_total: counter('Bodies and records ever put into quarantine.', 'what'),
  bevy_bridge_unmatched_total: counter('Records no route matched, since the start.', 'type'),
  bevy_bridge_destination_state: gauge('1 for the state it is in, 0 for the others.', 'destination', 'state'),
  bevy_bridge_backlog_deliveries: gauge('Deliveries not settled or not read yet.', 'destination'),
  bevy_bridge_backlog_age_seconds: gauge(
    'Age of the oldest that waits to be sent; 0 when nothing does.',
    'destination',
  ),
  bevy_bridge_exceptions: gauge('Jobs that did not settle at once, by what they wait for.', 'destination', 'kind'),
  bevy_bridge_dead_letters: gauge('Dead letters kept.', 'destination'),
  bevy_bridge_in_flight: gauge('Batches being sent.', 'destination'),
  bevy_bridge_ready: gauge('Jobs that may be sent now.', 'destination'),
  bevy_bridge_delivered_total: counter('Jobs delivered, since the destination was first seen.', 'destination'),
  bevy_bridge_retries_total: counter('Retries planned, since the destination was first seen.', 'destination'),
  bevy_bridge_unknown_total: counter(
    'Sends that were not answered, since the destination was first seen.',
    'destination',
  ),
  bevy_bridge_dead_total: counter('Jobs given up, since the destination was first seen.', 'destination'),
  bevy_bridge_skipped_total: counter('Jobs skipped, since the destination was first seen.', 'destination', 'reason'),
  bevy_bridge_attempt_seconds: histogram(
    'Time of an attempt; its count is the number of attempts.',
    ATTEMPT,
    'destination',
  ),
  bevy_bridge_outcomes_total: counter('Jobs by what an attempt came to.', 'destination', 'outcome'),
  bevy_bridge_delivery_age_seconds: histogram('From receipt to delivered.', AGE, 'destination'),
  bevy_bridge_disk_free_bytes: gauge('Free bytes in the data folder.'),
  bevy_bridge_disk_min_free_bytes: gauge('Below so many free bytes nothing is received.'),
  bevy_bridge_store_bytes: gauge(
    'Size of the store on disk: journal, index, heads, and what destinations keep.',
    'part',
  ),
  bevy_bridge_store_free_bytes: gauge('Bytes in the database that what comes can take.'),
  bevy_bridge_alerts_total: counter('Alerts raised, told or not.', 'cause'),
  bevy_bridge_alerts_open: gauge('Troubles under way.'),
  bevy_bridge_alert_sends_total: counter('Tries to send an alert.', 'channel', 'result'),
} satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof DEFINITIONS
