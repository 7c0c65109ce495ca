import { resolve } from 'node:path'
import { readsOf } from '../core/expressions.ts'
import { DEFAULT_POLICY } from '../core/plugin-contract.ts'
import type { BatchPolicy, Plugin, Policy, Rate, RetryPolicy } from '../core/plugin-contract.ts'
import { secretsIn } from '../core/schema-helpers.ts'
import type { DestinationSettings, ReceiverSettings, Route, Settings } from '../core/settings.ts'
import type { CheckedDestination } from './check-destinations.ts'
import { fingerprintOf } from './fingerprint.ts'
import { loadedFrom } from './plugin-loader.ts'
import type { Config } from './schema.ts'
import type { DestinationConfig } from './schema-destination.ts'

/** Everything a config was checked into. */
export interface CheckedConfig {
  readonly config: Config
  /** The plain config before defaults, for the hash. */
  readonly input: unknown
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
  for (const { plugin, input } of checked.destinations.values()) {
    for (const secret of secretsIn(plugin.options, input)) secretValues.add(secret)
  }
  return {
    timezone: config.timezone,
    receiver: toReceiver(config.receiver, baseDir),
    admin: config.admin,
    storage: { ...config.storage, path: resolve(baseDir, config.storage.path) },
    destinations,
    routes,
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
  { plugin, options, input }: CheckedDestination,
  { config: { timezone }, baseDir }: CheckedConfig,
): DestinationSettings {
  const { plugin: pluginName, options: _options, ...rest } = config
  return {
    name,
    plugin,
    options,
    reads: readsOf(options),
    ...toPolicy(config, plugin),
    start: config.start,
    was: config.was,
    join: config.join,
    window: config.window,
    maxExceptions: config.maxExceptions,
    fingerprint: fingerprintOf({ ...rest, pluginName, code: loadedFrom(plugin)?.stamp, input, timezone, baseDir }),
  }
}

/** What the config says, else the plugin, else the default; batch and retry field by field. */
function toPolicy(config: DestinationConfig, { defaults = {}, stateful }: Plugin): Policy {
  const batch: BatchPolicy = { ...DEFAULT_POLICY.batch, ...defaults.batch, ...defined(config.batch) }
  const retry: RetryPolicy = { ...DEFAULT_POLICY.retry, ...defaults.retry, ...defined(config.retry) }
  const rate: Rate | undefined = config.rate ?? defaults.rate
  return {
    mode: config.mode ?? defaults.mode ?? DEFAULT_POLICY.mode,
    batch,
    concurrency: stateful === true ? 1 : (config.concurrency ?? defaults.concurrency ?? DEFAULT_POLICY.concurrency),
    rate,
    onLeave: DEFAULT_POLICY.onLeave,
    timeout: config.timeout ?? defaults.timeout ?? DEFAULT_POLICY.timeout,
    retry: { ...retry, maxDelay: Math.max(retry.maxDelay, retry.delay) },
  }
}

type Defined<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> }

function defined<T extends object>(value: T | undefined): Partial<Defined<T>> {
  const entries = Object.entries(value ?? {}).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries) as Partial<Defined<T>>
}
