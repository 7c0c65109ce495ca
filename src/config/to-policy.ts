import { parsePath } from '../core/expressions/paths.ts'
import { DEFAULT_POLICY } from '../core/plugin-contract.ts'
import type { BatchPolicy, BatchSchedule, Plugin, Policy, Rate, RetryPolicy } from '../core/plugin-contract.ts'
import type { ScopeRoot } from '../core/expressions/expressions.ts'
import type { DestinationConfig } from './schema-destination.ts'

/** Records in a scheduled batch, where neither config nor plugin says more. */
const SCHEDULED_SIZE = 500

/** What a policy is made of, beside what the destination says. */
export interface PolicyDeps {
  readonly plugin: Plugin
  /** The rate its account sets. */
  readonly accountRate: Rate | undefined
  /** The config's time zone. */
  readonly timezone: string
}

/** What the config says, else the plugin, else the default; batch and retry field by field. */
export function toPolicy(config: DestinationConfig, { plugin, accountRate, timezone }: PolicyDeps): Policy {
  const { defaults = {}, stateful, leaves } = plugin
  const retry: RetryPolicy = { ...DEFAULT_POLICY.retry, ...defaults.retry, ...defined(config.retry) }
  const mode = config.mode ?? defaults.mode ?? DEFAULT_POLICY.mode
  const maxAge = config.maxAge ?? defaults.maxAge
  return {
    mode,
    batch: toBatch(config.batch, { ...DEFAULT_POLICY.batch, ...defaults.batch }, timezone),
    concurrency: stateful === true ? 1 : (config.concurrency ?? defaults.concurrency ?? DEFAULT_POLICY.concurrency),
    rate: accountRate ?? config.rate ?? defaults.rate,
    maxAge: maxAge === 'never' ? undefined : maxAge,
    // Only who asks for it in the config is told that it cannot be.
    onLeave:
      mode === 'latest' && leaves === true ? (config.onLeave ?? defaults.onLeave ?? DEFAULT_POLICY.onLeave) : 'skip',
    timeout: config.timeout ?? defaults.timeout ?? DEFAULT_POLICY.timeout,
    retry: { ...retry, maxDelay: Math.max(retry.maxDelay, retry.delay) },
  }
}

/** A wait takes the place of the plugin's schedule, a schedule that of its wait. */
function toBatch(config: DestinationConfig['batch'], defaults: BatchPolicy, timezone: string): BatchPolicy {
  const { size, wait, at, every, timezone: zone = timezone, by } = config ?? {}
  const when = at !== undefined ? { at } : every !== undefined ? { every } : undefined
  if (when === undefined) {
    if (wait === undefined) return { ...defaults, size: size ?? defaults.size }
    return { size: size ?? defaults.size, wait }
  }
  const schedule: BatchSchedule = { when, timezone: zone, ...(by === undefined ? {} : { by }) }
  return { size: size ?? SCHEDULED_SIZE, wait: 0, schedule }
}

/** Roots a schedule reads of each record: the path it groups by, and the chapter for its zone. */
export function scheduleReads({ schedule }: BatchPolicy): ScopeRoot[] {
  if (schedule === undefined) return []
  const path = schedule.by === undefined ? undefined : parsePath(schedule.by)
  const group = path?.ok === true ? [path.value.root] : []
  return 'at' in schedule.when && schedule.timezone === 'chapter' ? [...group, 'chapter'] : group
}

type Defined<T> = { readonly [Key in keyof T]: Exclude<T[Key], undefined> }

function defined<T extends object>(value: T | undefined): Partial<Defined<T>> {
  const entries = Object.entries(value ?? {}).filter(([, inner]) => inner !== undefined)
  return Object.fromEntries(entries) as Partial<Defined<T>>
}
