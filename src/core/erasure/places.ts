import type { ErasureCounts } from './report.ts'

/** Where a person was found in journal and index. */
export interface Places {
  /** Deliveries whose body or index entry speaks of them. */
  readonly deliveries: Set<number>
  /** Keys of heads that are theirs or mention them. */
  readonly heads: Set<string>
  /** Keys of records that were theirs and are somebody else's by now. */
  readonly foreign: Set<string>
  /** `seq.n` of the records that are theirs. */
  readonly positions: Set<string>
  /** Bodies that cannot be opened and were searched as they are. */
  unopened: number
}

/** What is gone from journal and index. */
export interface IndexGone extends Pick<
  ErasureCounts,
  'bodies' | 'records' | 'mentions' | 'heads' | 'emails' | 'quarantine'
> {
  /** Keys whose head was theirs; that of others there is none, or it belongs to somebody else by now. */
  readonly ownHeads: ReadonlySet<string>
}
