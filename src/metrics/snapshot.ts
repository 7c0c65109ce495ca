/** What is read at a scrape, as `src/app` gathers it. Ages are milliseconds, sizes bytes. */
export interface MetricsSnapshot {
  readonly version: string
  readonly runtime: string
  readonly receiver: {
    readonly requests: readonly { readonly answer: string; readonly reason: string; readonly count: number }[]
    readonly underWay: number
    readonly bytesInFlight: number
    readonly waiting: number
  }
  readonly journal: {
    readonly first: number
    readonly tail: number
    readonly indexed: number
    /** Of the oldest delivery. */
    readonly age?: number | undefined
    /** More than retention says, since somebody needs it. */
    readonly overdue?: number | undefined
  }
  /** By type and verdict. */
  readonly records: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly quarantined: Readonly<Record<string, number>>
  readonly unmatched: Readonly<Record<string, number>>
  readonly destinations: readonly DestinationFigures[]
  readonly disk: {
    readonly free: number
    readonly minFree: number
    readonly parts: Readonly<Record<string, number>>
    /** In the database itself. */
    readonly unused?: number | undefined
  }
  readonly alertsOpen: number
}

export interface DestinationFigures {
  readonly name: string
  readonly state: string
  readonly backlog: number
  readonly age: number | null
  /** Absent where its books are not open. */
  readonly work?: {
    readonly exceptions: Readonly<Record<string, number>>
    readonly dead: number
    readonly inFlight: number
    readonly ready: number
    readonly counts: {
      readonly sent: number
      readonly retries: number
      readonly unknown: number
      readonly dead: number
      readonly skipped: Readonly<Record<string, number>>
    }
  }
}

/** States a destination can be in. */
export const STATES = ['running', 'degraded', 'paused', 'stopped', 'orphaned'] as const
