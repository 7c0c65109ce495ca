/** Erasures as people ask for them and are told of them. Nothing in a report is a person's data. */

/** Who is to be forgotten: an account, an address, or both. */
export interface ErasureInput {
  readonly user?: string | undefined
  readonly email?: string | undefined
  /** Files written for people (CSV logs) are rewritten too; default: what the config says. */
  readonly exports?: boolean | undefined
}

/** How much was found, or is gone, by place. */
export interface ErasureCounts {
  /** Deliveries whose body changed. */
  readonly bodies: number
  /** Records in them that are no more than `{ id, erased }`. */
  readonly records: number
  /** Other records that mentioned the person. */
  readonly mentions: number
  /** Heads. */
  readonly heads: number
  /** Entries of the lookup by e-mail. */
  readonly emails: number
  readonly quarantine: number
  /** Jobs that waited for something, at all destinations. */
  readonly waiting: number
  readonly dead: number
  /** What was last sent of a record. */
  readonly sent: number
  /** Documents of plugins that cannot forget by themselves. */
  readonly state: number
}

/** How a destination stands to an erasure. */
export interface ErasureAt {
  readonly name: string
  readonly plugin: string
  /** `cannot`: it does not forget, see the reason. `given up`: by a person. */
  readonly state: 'pending' | 'told' | 'cannot' | 'given up'
  readonly attempts: number
  readonly reason?: string
  /** When it is told next, milliseconds since 1970; while pending. */
  readonly due?: number
}

/** An erasure. */
export interface ErasureReport {
  readonly id: string
  readonly by: 'hand' | 'bevy'
  /** When it was asked for, milliseconds since 1970. */
  readonly at: number
  /** `waiting`: nothing was changed yet. `purging`: under way. `telling`: gone from the bridge, but some destination is not told. */
  readonly state: 'waiting' | 'purging' | 'telling' | 'done'
  readonly endedAt?: number
  readonly exports: boolean
  /** How many accounts and addresses it was about. */
  readonly accounts: number
  readonly addresses: number
  readonly counts: ErasureCounts
  /** Bodies that cannot be opened: searched as they are. */
  readonly unopened: number
  /** Records of other accounts with one of the addresses: they stay. */
  readonly shared: number
  readonly destinations: readonly ErasureAt[]
  /** False: the disk may still hold overwritten bytes; tried again by itself. */
  readonly scrubbed: boolean
  /** False when no bridge runs: destinations are told after the next start. */
  readonly live: boolean
}

/** What an erasure would do. */
export interface ErasurePlan {
  readonly accounts: number
  readonly addresses: number
  readonly counts: Pick<ErasureCounts, 'bodies' | 'records' | 'heads' | 'sent'>
  readonly unopened: number
  readonly shared: number
  readonly destinations: readonly { readonly name: string; readonly plugin: string; readonly tells: boolean }[]
}

/** Nothing yet. */
export const NO_COUNTS: ErasureCounts = {
  bodies: 0,
  records: 0,
  mentions: 0,
  heads: 0,
  emails: 0,
  quarantine: 0,
  waiting: 0,
  dead: 0,
  sent: 0,
  state: 0,
}
