import type { Alerts, Clock, Journal, Log, Store, StoreOp } from '../core/ports.ts'
import type { Holder, RetentionSettings } from '../core/retention/rules.ts'
import type { KeptSet } from '../core/retention/sets.ts'

/** What retention works with. */
export interface RetentionDeps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
  settings(): RetentionSettings
  /** Everybody who needs the journal, as the store has it. */
  holders(): Promise<readonly Holder[]>
  /** All deliveries up to this one are indexed. */
  indexed(): number
  /** The index entries of deliveries. */
  readonly entries: {
    cutOps(from: number, to: number): readonly StoreOp[]
    /** Bytes by delivery, from one on; some of so many. */
    sizes(from: number, limit: number): Promise<ReadonlyMap<number, number>>
    /** Removes some of what is left of deliveries before the first; false when nothing is. */
    sweep(first: number): Promise<boolean>
  }
  /** All else that is kept for a time; `timeOf`: the latest time at which a delivery that was cut away can have come. */
  sets(timeOf: (seq: number) => number): readonly KeptSet[]
  /** Deliveries are coming in right now. */
  busy(): boolean
}
