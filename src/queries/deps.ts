import type { Scope } from '../core/expressions/expressions.ts'
import type { UnseenField } from '../core/expressions/unseen.ts'
import type { Sender } from '../core/plugin-contract.ts'
import type { IndexReader, Journal, Store } from '../core/ports.ts'
import type { DestinationStatus, InspectedRecord, StatusReport } from '../core/dispatch/reports.ts'
import type { ReconcileStatus } from '../core/reconcile/reports.ts'
import type { KeptReport } from '../core/retention/report.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'
import type { Cursor, IndexedRecord, Verdict, Position } from '../core/types.ts'

/** A destination's books, of a running bridge or of a store at rest. */
export interface DestinationBooks {
  readonly name: string
  readonly plugin: string
  readonly state: DestinationStatus['state']
  readonly reason?: string
  /** Absent when its books could not be opened. */
  readonly cursor?: Cursor
  readonly counts?: { readonly sent: number; readonly skipped: Readonly<Record<string, number>> }
  /** Jobs that wait for something. */
  readonly waiting?: number
  readonly unknown?: number
  readonly dead?: number
  readonly paused?: DestinationStatus['paused'] | undefined
  readonly replays?: DestinationStatus['replays'] | undefined
  readonly lastError?: { readonly at: number; readonly message: string } | undefined
  readonly lastSuccess?: number | undefined
  inspect?(
    key: string,
  ): Promise<Omit<InspectedRecord['destinations'][number], 'name' | 'passed'> & { readonly cursor: Cursor }>
}

/** One appearance of a record. */
export interface Appearance {
  readonly position: Position
  readonly receivedAt: number
  readonly verdict: Verdict
  readonly version: number | null
}

/** What the questions of people need of the index. */
export interface IndexQueries extends IndexReader {
  findByMail(email: string): Promise<readonly string[]>
  /** Newest first. */
  history(key: string, options: { readonly limit: number }): AsyncIterable<Appearance>
  /** Bodies and records in quarantine. */
  quarantined(): Promise<number>
  /** Records older than their head, by type, since the start. */
  stale(): Readonly<Record<string, number>>
}

/** Everything the answers are made of. */
export interface QueryDeps {
  readonly version: string
  readonly runtime: string
  readonly store: Store
  readonly journal: Journal
  readonly index: IndexQueries
  settings(): Settings
  now(): number
  /** Undefined when nothing runs. */
  uptime(): number | undefined
  receiver(): StatusReport['receiver']
  unmatched(): Readonly<Record<string, number>>
  books(): Promise<readonly DestinationBooks[]>
  /** How far back the store goes, its size, and who holds the journal. */
  kept(): Promise<KeptReport>
  /** What is done over Bevy's REST API. */
  reconciliation(): Promise<ReconcileStatus>
  /** Fields the config reads that never came. */
  unseen(): Promise<readonly UnseenField[]>
  /** A record with its joined heads. */
  scopeOf(record: IndexedRecord, receivedAt: number): Promise<Scope>
  /** A sender that is only asked for its preview: without state, and closed by the caller. */
  previewer(destination: DestinationSettings): Promise<Sender>
}
