import type { Holder } from './rules.ts'

/** What is kept of the journal, as `status` shows it. */
export interface KeptReport {
  /** When its oldest delivery was received; absent where it is empty. */
  readonly since?: number
  /** Bytes of the database, of which `free` can be used again or go back to the disk; absent where the driver has no file. */
  readonly file?: { readonly bytes: number; readonly free: number }
  /** Who holds the journal, where that is why it goes further back than `retention.journal` says: by so many milliseconds. */
  readonly held?: Holder & { readonly overdue: number }
}

/** A finished backup. */
export interface BackupReport {
  /** Absolute. */
  readonly folder: string
  /** Of the database in it. */
  readonly bytes: number
  /** Milliseconds it took. */
  readonly duration: number
  /** Newest delivery of the journal when it was done; some of the last may not be in it. */
  readonly tail: number
  /** False when no bridge runs. */
  readonly live: boolean
}
