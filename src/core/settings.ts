/**
 * The config after validation and compilation: what `src/config` makes and everything else reads.
 * Durations are milliseconds, sizes bytes, paths absolute.
 */

import type { NotifyKey } from './alerts/causes.ts'
import type { Thresholds } from './alerts/conditions.ts'
import type { AlertRules } from './alerts/tracker.ts'
import type { Filter, ScopeRoot, Tables } from './expressions/expressions.ts'
import type { HealthPolicy } from './dispatch/health.ts'
import type { Plugin, Policy, Rate } from './plugin-contract.ts'
import type { RunType } from './reconcile/plan.ts'
import type { RetentionSettings } from './retention/rules.ts'

/** The receiver's part. */
export interface ReceiverSettings {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly publicUrl?: string | undefined
  readonly secretHeader: string
  /** Accepted secrets, empty ones dropped; the file secret is added by the app. */
  readonly secrets: readonly string[]
  readonly refuse: 'close' | 'status'
  readonly maxBody: number
  /** Bytes of bodies held in memory at once, all connections together. */
  readonly maxInFlight: number
  /** How long a request may wait to be admitted. */
  readonly admissionTimeout: number
  readonly trustedProxies: readonly string[]
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
}

export interface AdminSettings {
  readonly host: string
  readonly port: number
  /** Who may read `/metrics`: everybody, those with the admin token, nobody. Absent: those with the token. */
  readonly metrics?: 'open' | 'token' | 'off' | undefined
}

export interface StorageSettings {
  readonly driver: 'sqlite' | 'fs' | 'memory'
  readonly path: string
  readonly unsafe: boolean
  /** Bytes that must stay free on the disk; below it the receiver stores nothing. */
  readonly minFree: number
}

/** How long a job waits for a head it reads, and what then. */
export interface JoinPolicy {
  readonly wait: number
  readonly otherwise: 'keep' | 'send' | 'skip'
}

/** Where a new destination begins to read. */
export type Start = 'now' | 'beginning' | { readonly at: number }

export interface DestinationSettings extends Policy {
  readonly name: string
  readonly plugin: Plugin
  /** Account of the config whose options and rate it shares. */
  readonly account?: string | undefined
  /** Validated and compiled by the plugin's schema. */
  readonly options: unknown
  /** Roots read by its templates and mappings. */
  readonly reads: ReadonlySet<ScopeRoot>
  readonly start: Start
  /** The name whose state this one takes over. */
  readonly was?: string | undefined
  readonly join: JoinPolicy
  readonly health: HealthPolicy
  /** Positions between cursor and reader. */
  readonly window: number
  readonly maxExceptions: number
  /** Changes when anything of this destination changed in the config (names of secrets included, values hashed). */
  readonly fingerprint: string
}

export interface Route {
  readonly name: string
  /** `use` and `when` together. */
  readonly filter: Filter
  readonly to: readonly string[]
}

/** Where alerts go. */
export type ChannelSettings =
  | { readonly kind: 'slack'; readonly webhookUrl: string }
  | {
      readonly kind: 'webhook'
      readonly url: string
      /** Of Standard Webhooks; none: unsigned. */
      readonly secrets: readonly string[]
      readonly allowHttp: boolean
      readonly allowPrivateNetworks: boolean
    }
  | { readonly kind: 'pagerduty'; readonly routingKey: string; readonly region: 'us' | 'eu' }
  | {
      readonly kind: 'email'
      readonly to: readonly string[]
      readonly from: string
      readonly smtp: {
        readonly host: string
        readonly port: number
        /** `starttls`: turned on after the greeting, or nothing is sent; `always`: from the first byte. */
        readonly tls: 'starttls' | 'always' | 'never'
        readonly user?: string | undefined
        readonly password?: string | undefined
      }
    }

/** Alerts to people. */
export interface AlertSettings {
  readonly channels: Readonly<Record<string, ChannelSettings>>
  /** Which of a destination's alerts go to which channels, by destination; what is not there goes to all. */
  readonly notify: Readonly<Record<string, Readonly<Partial<Record<NotifyKey, readonly string[]>>>>>
  readonly rules: AlertRules & Thresholds
  /** A URL asked for at intervals while the bridge is well. */
  readonly heartbeat?:
    | {
        readonly url: string
        readonly every: number
        readonly allowHttp: boolean
        readonly allowPrivateNetworks: boolean
      }
    | undefined
}

/** Access to Bevy's REST API. */
export interface BevySettings {
  /** `https://community.example.org/api`, without a slash at its end. */
  readonly api: string
  readonly token: string
  readonly rate: Rate
  /** Records of a page. */
  readonly pageSize: number
  /** Heads that jobs wait for are fetched. */
  readonly joins: boolean
  /** Runs by themselves; absent: on demand only. */
  readonly reconcile?: { readonly every: number; readonly span: number; readonly types: readonly RunType[] } | undefined
  readonly allowHttp: boolean
  readonly allowPrivateNetworks: boolean
}

/** How people are forgotten. */
export interface ErasureSettings {
  /** A deletion in Bevy is one here too. */
  readonly onBevyDeletion: boolean
  /** Files written for people are rewritten too. */
  readonly exports: boolean
}

/** The whole config. */
export interface Settings {
  readonly timezone: string
  readonly receiver: ReceiverSettings
  readonly admin: AdminSettings
  readonly storage: StorageSettings
  readonly alerts: AlertSettings
  readonly erasure: ErasureSettings
  readonly retention: RetentionSettings
  /** Absent: no access. */
  readonly bevy?: BevySettings | undefined
  readonly destinations: readonly DestinationSettings[]
  readonly routes: readonly Route[]
  /** Lookup tables by name. */
  readonly tables: Tables
  /** Absolute paths of the files it came from, first the one that was named. */
  readonly files: readonly string[]
  /** Folder relative paths stand against. */
  readonly baseDir: string
  /** sha256 of all of it. */
  readonly hash: string
  /** Values that must never be printed. */
  readonly secretValues: readonly string[]
}
