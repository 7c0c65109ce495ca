/** Everything people are alerted to: what kind of thing it is, how bad, and which command shows more. `docs/runbook.md` has a section for each. */

/** How bad it is, as PagerDuty sorts it (https://developer.pagerduty.com/docs/send-alert-event). */
export type Severity = 'critical' | 'error' | 'warning' | 'info'

/** Keys of `notify` under a destination: which of its alerts go to which channels. */
export const NOTIFY_KEYS = ['dead', 'paused', 'degraded', 'late'] as const
export type NotifyKey = (typeof NOTIFY_KEYS)[number]

/** A cause of alerts. The functions take the alert's subject. */
export interface AlertCause {
  /** A `state` lasts until it is over, and its end is told too. An `event` happens, and is counted when it happens again. */
  readonly kind: 'state' | 'event'
  readonly severity: Severity
  /** A few words: `crm is paused`. */
  title(subject: string): string
  /** What is told when a state is over. */
  over?(subject: string): string
  /** Shows more, without `bevy-bridge`. */
  command(subject: string): string
  /** What narrows its channels, where the subject is a destination. */
  readonly notify?: NotifyKey
  /** Milliseconds a first notice waits, so that a wave of them comes as one; of a state that is over by then nobody is told. */
  readonly gather?: number
  /** Not told while this other trouble of the same subject lasts: that says it all. */
  readonly behind?: string
  /** Nobody is told before it has happened so often. */
  readonly atLeast?: number
  /** Told even in the grace of a start: a bridge that ends again and again has no other time. */
  readonly atOnce?: boolean
  /** Milliseconds between two notices where that is longer than the rule's. */
  readonly interval?: number
}

const MINUTE = 60_000
/** Longer than a destination needs to be paused for good reason, or to catch up after a pause. */
const A_WHILE = 30 * MINUTE
const DAY = 86_400_000

const status = (): string => 'status'
const refused = (title: string, more: Partial<AlertCause> = {}): AlertCause => ({
  kind: 'event',
  severity: 'error',
  title: () => title,
  command: status,
  ...more,
})

const CAUSES = {
  'destination:degraded': {
    kind: 'state',
    severity: 'warning',
    title: (name) => `${name} fails`,
    over: (name) => `${name} works again`,
    command: status,
    notify: 'degraded',
    gather: A_WHILE,
    behind: 'destination:paused',
  },
  'destination:paused': {
    kind: 'state',
    severity: 'error',
    title: (name) => `${name} is paused`,
    over: (name) => `${name} is sending again`,
    command: status,
    notify: 'paused',
  },
  'destination:stopped': {
    kind: 'state',
    severity: 'error',
    title: (name) => `${name} does not run`,
    over: (name) => `${name} runs again`,
    command: () => 'check',
    notify: 'paused',
  },
  'destination:orphaned': {
    kind: 'state',
    severity: 'warning',
    title: (name) => `${name} is orphaned and holds the journal`,
    over: (name) => `${name} is orphaned no longer`,
    command: status,
  },
  'destination:late': {
    kind: 'state',
    severity: 'warning',
    title: (name) => `${name} is late`,
    over: (name) => `${name} has caught up`,
    command: status,
    notify: 'late',
    gather: A_WHILE,
    behind: 'destination:paused',
  },
  dead: {
    kind: 'event',
    severity: 'warning',
    title: (name) => `dead letters at ${name}`,
    command: (name) => `dead list ${name}`,
    notify: 'dead',
    gather: MINUTE,
  },
  quarantine: {
    kind: 'event',
    severity: 'warning',
    title: () => 'deliveries in quarantine',
    command: () => 'quarantine list',
    gather: 10_000,
  },
  'unknown-type': {
    kind: 'event',
    severity: 'info',
    title: (type) => `an unknown type: ${type}`,
    command: status,
  },
  drift: {
    kind: 'state',
    severity: 'warning',
    title: (field) => `${field} is missing`,
    over: (field) => `${field} comes again`,
    command: status,
  },
  silence: {
    kind: 'state',
    severity: 'error',
    title: () => 'nothing comes from Bevy',
    over: () => 'deliveries come from Bevy again',
    command: status,
  },
  outage: {
    kind: 'event',
    severity: 'warning',
    title: () => 'deliveries from Bevy were lost',
    command: () => 'reconcile --dry-run',
  },
  'bevy-api': {
    kind: 'state',
    severity: 'warning',
    title: () => "Bevy's REST API cannot be used",
    over: () => "Bevy's REST API works again",
    command: status,
  },
  store: {
    kind: 'state',
    severity: 'critical',
    title: () => 'the store fails',
    over: () => 'the store works again',
    command: status,
    gather: MINUTE,
  },
  'store:flush': {
    kind: 'state',
    severity: 'critical',
    title: (name) => `${name} cannot record what it sent`,
    over: (name) => `${name} records again what it sends`,
    command: status,
    gather: MINUTE,
  },
  'disk:low': {
    kind: 'state',
    severity: 'warning',
    title: () => 'the disk is filling up',
    over: () => 'the disk has room again',
    command: status,
  },
  'disk:full': {
    kind: 'state',
    severity: 'critical',
    title: () => 'the disk is too full: nothing is received',
    over: () => 'the disk has room again: deliveries are received',
    command: status,
  },
  'journal:held': {
    kind: 'state',
    severity: 'warning',
    title: () => 'the journal is held',
    over: () => 'the journal is held no longer',
    command: status,
  },
  'set-aside': {
    kind: 'event',
    severity: 'error',
    title: (what) => `${what} was set aside`,
    atOnce: true,
    command: status,
  },
  'unclean-ends': {
    kind: 'event',
    severity: 'error',
    title: () => 'the bridge ends again and again',
    atOnce: true,
    command: status,
  },
  erasure: {
    kind: 'state',
    severity: 'warning',
    title: (name) => `${name} has not forgotten a person`,
    over: (name) => `${name} has forgotten a person`,
    command: () => 'erase --list',
  },
  'config:refused': {
    kind: 'state',
    severity: 'warning',
    title: () => 'a changed config was not taken over',
    over: () => 'the config was taken over',
    command: () => 'check',
  },
  'receiver:tls': {
    kind: 'event',
    severity: 'error',
    title: () => 'a new certificate was not taken over',
    command: status,
  },
  'refused:no-secret': refused('POSTs come without the secret'),
  'refused:wrong-secret': refused('POSTs come with a wrong secret'),
  'refused:wrong-header': refused('the secret comes in another header'),
  'refused:wrong-path': refused('deliveries come to another path'),
  // Anybody can send these: a scan of the internet is no news.
  'refused:unknown-post': refused('POSTs come to unknown paths', { severity: 'info', atLeast: 20, interval: DAY }),
  'refused:too-large': refused('a delivery was too large'),
  // The log has each; people are told of the disk once, by `disk:full`.
  'refused:not-storable': refused('deliveries cannot be stored', { severity: 'critical', atLeast: Infinity }),
  'refused:append-failed': refused('deliveries could not be stored', { severity: 'critical' }),
  'refused:not-admitted': refused('deliveries wait too long', { severity: 'warning' }),
} satisfies Readonly<Record<string, AlertCause>>

/** The causes by name. */
export const ALERT_CAUSES: ReadonlyMap<string, AlertCause> = new Map(Object.entries(CAUSES))

/** What a cause nobody has described is taken for. */
const OTHER: AlertCause = { kind: 'event', severity: 'warning', title: (subject) => subject, command: status }

/** The cause of this name. */
export function alertCause(name: string): AlertCause {
  return ALERT_CAUSES.get(name) ?? OTHER
}
