import type { Alerts, Clock, Log, NewDelivery } from '../core/ports.ts'
import type { ReceiverSettings } from '../core/settings.ts'
import type { Reason } from './reasons.ts'

/** What the receiver needs of the rest; handed in by `src/app.ts`. */
export interface ReceiverDeps {
  /** The journal. Resolves after the commit; order of calls is order of `seq`. */
  append(delivery: NewDelivery): Promise<{ readonly seq: number }>
  /** The disk gauge: may anything be stored now? `reason` is for people, without data. */
  storable(): { readonly ok: true } | { readonly ok: false; readonly reason: string }
  /** For `/readyz`. */
  ready(): { readonly ok: boolean }
  /** The secrets accepted now. Empty ones never match. */
  secrets(): readonly string[]
  /** A delivery showed the secret of this place, from 0. Called for each: cheap, never throws. */
  used?(place: number): void
  /** A sender with the right secret was not answered 200. Never throws. */
  refused?(refused: RefusedPost): void
  /** What a stored delivery is answered with in place of 200: undefined but while somebody probes Bevy. Never throws. */
  instead?(body: () => PostBody): 'close' | 204 | 503 | undefined
  /** The id shown to the sender. */
  deliveryId(seq: number): string
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
}

/** A body as it came, and whether `bevy-bridge simulate` sent it. */
export interface PostBody {
  readonly bytes: Uint8Array
  readonly encoding?: string | undefined
  readonly simulated: boolean
}

/** A POST with the right secret that was refused. `took`: milliseconds from its head to its answer. */
export interface RefusedPost {
  readonly answer: 'close' | number
  readonly took: number
  /** Absent where it was not read. */
  readonly body?: PostBody | undefined
}

/** What is fixed in code: limits of time and number a person has no reason to set. Milliseconds unless named otherwise. */
export interface Tuning {
  /** A request's head must be whole by then. */
  readonly headTimeout: number
  /** A body that brings no byte for so long is given up: Bevy itself waits 30 s. */
  readonly bodyIdle: number
  /** A body must be whole by then. */
  readonly bodyTotal: number
  /** How long an idle connection is kept. Longer than a proxy keeps it (60 s in nginx), so that none is closed under a request. */
  readonly keepAlive: number
  /** How long a body that was refused with a status is still read and thrown away, so that the sender sees the status. */
  readonly linger: number
  /** How often the certificate's files are read again. */
  readonly tlsPoll: number
  /** Connections at once; each waiting one holds at most 64 kB. */
  readonly maxConnections: number
}

/** The tuning in force unless a test says otherwise. */
export const DEFAULT_TUNING: Tuning = {
  headTimeout: 15_000,
  bodyIdle: 30_000,
  bodyTotal: 120_000,
  keepAlive: 75_000,
  linger: 2_000,
  tlsPoll: 10_000,
  maxConnections: 1_000,
}

/** What a request was answered with: `closed` is a connection closed without a byte. */
export type Answer = '200' | '204' | '401' | '404' | '405' | '413' | '500' | '503' | 'closed'

/** One line of the request counts. */
export interface RequestCount {
  readonly answer: Answer
  readonly reason: Reason
  readonly count: number
}

/** For `status` and metrics. */
export interface ReceiverStats {
  /** Since the start, by answer and reason. */
  readonly requests: readonly RequestCount[]
  /** Bytes of bodies held or promised room now. */
  readonly bytesInFlight: number
  /** Deliveries that wait for room now. */
  readonly waiting: number
  /** Requests under way now, health checks included. */
  readonly underWay: number
}

/** The running receiver. */
export interface Receiver {
  /** Where it listens: scheme, address and port really bound, path. */
  readonly url: string
  readonly address: string
  readonly port: number
  /**
   * Takes over what can change while running: path, header, `refuse`, limits, trusted proxies, certificate files. Host, port,
   * and TLS on or off need a restart, and a log line says so. Rejects, changing nothing, with `ERR_RECEIVER_TLS` or `ERR_RECEIVER_PROXIES`.
   */
  reload(settings: ReceiverSettings): Promise<void>
  /** Stops accepting; whole bodies are committed and answered, other requests closed. Resolves when all is closed, at `deadlineMs` at the latest. */
  drain(deadlineMs: number): Promise<void>
  /** Closes everything at once. A `drain` under way resolves. */
  stop(): Promise<void>
  stats(): ReceiverStats
  /** Requests come in so fast just now that other work should leave them room. */
  readonly busy: boolean
}
