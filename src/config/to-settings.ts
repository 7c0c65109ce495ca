import { resolve } from 'node:path'
import { readsOf } from '../core/expressions/expressions.ts'
import type { Tables } from '../core/expressions/expressions.ts'
import { secretsIn } from '../core/schema-helpers.ts'
import type { DestinationSettings, ReceiverSettings, Route, Settings } from '../core/settings.ts'
import type { CheckedAccount } from './check-accounts.ts'
import type { CheckedDestination } from './check-destinations.ts'
import { alertsSchema } from './schema-alerts.ts'
import { bevySchema } from './schema-bevy.ts'
import { toAlerts } from './to-alerts.ts'
import { toBevy } from './to-bevy.ts'
import { fingerprintOf } from './fingerprint.ts'
import { loadedFrom } from './plugin-loader.ts'
import type { Config } from './schema.ts'
import type { DestinationConfig } from './schema-destination.ts'
import { scheduleReads, toPolicy } from './to-policy.ts'

/** Everything a config was checked into. */
export interface CheckedConfig {
  readonly config: Config
  /** The plain config before defaults, for the hash. */
  readonly input: unknown
  readonly accounts: ReadonlyMap<string, CheckedAccount>
  readonly tables: Tables
  readonly destinations: ReadonlyMap<string, CheckedDestination>
  readonly routes: readonly Route[]
  readonly files: readonly string[]
  readonly baseDir: string
}

/** Puts a config without problems into the form everything else reads. */
export function toSettings(checked: CheckedConfig): Settings {
  const { config, baseDir, files, routes } = checked
  const destinations = Object.entries(config.destinations).map(([name, destination]) =>
    toDestination(name, destination, checked.destinations.get(name) as CheckedDestination, checked),
  )
  const secretValues = new Set(config.receiver.secrets)
  const given = (checked.input ?? {}) as { readonly alerts?: unknown; readonly bevy?: unknown }
  for (const secret of secretsIn(alertsSchema, given.alerts)) secretValues.add(secret)
  for (const secret of secretsIn(bevySchema, given.bevy)) secretValues.add(secret)
  for (const { plugin, input } of [...checked.accounts.values(), ...checked.destinations.values()]) {
    for (const secret of secretsIn(plugin.options, input)) secretValues.add(secret)
  }
  return {
    timezone: config.timezone,
    receiver: toReceiver(config.receiver, baseDir),
    admin: config.admin,
    storage: { ...config.storage, path: resolve(baseDir, config.storage.path) },
    alerts: toAlerts(config),
    erasure: config.erasure,
    retention: config.retention,
    bevy: toBevy(config),
    destinations,
    routes,
    tables: checked.tables,
    files,
    baseDir,
    hash: fingerprintOf({ input: checked.input, baseDir, plugins: destinations.map(({ fingerprint }) => fingerprint) }),
    secretValues: [...secretValues],
  }
}

function toReceiver(receiver: Config['receiver'], baseDir: string): ReceiverSettings {
  const { tls } = receiver
  return {
    ...receiver,
    tls: tls && { cert: resolve(baseDir, tls.cert), key: resolve(baseDir, tls.key) },
  }
}

function toDestination(
  name: string,
  config: DestinationConfig,
  { plugin, options, input, tables: used }: CheckedDestination,
  { config: { timezone, accounts }, tables, baseDir }: CheckedConfig,
): DestinationSettings {
  // Who is told of it is no change of the destination.
  const { plugin: _plugin, options: _options, notify: _notify, ...rest } = config
  const accountRate = config.account === undefined ? undefined : accounts[config.account]?.rate
  const policy = toPolicy(config, { plugin, accountRate, timezone })
  // The order of lines in a table says nothing.
  const content = Object.fromEntries([...used].map((table) => [table, [...(tables.get(table) ?? [])].sort()]))
  return {
    name,
    plugin,
    account: config.account,
    options,
    reads: new Set([...readsOf(options), ...scheduleReads(policy.batch)]),
    ...policy,
    start: config.start,
    was: config.was,
    join: config.join,
    health: config.health,
    window: config.window,
    maxExceptions: config.maxExceptions,
    fingerprint: fingerprintOf({
      ...rest,
      accountRate,
      pluginName: plugin.name,
      code: loadedFrom(plugin)?.stamp,
      input,
      tables: content,
      timezone,
      baseDir,
    }),
  }
}
