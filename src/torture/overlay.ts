/**
 * The config that is put on top of a person's own, so that nothing of it reaches anything real: another store, local sinks, shorter waits.
 * The rest, routes and modes and batches above all, stays theirs.
 */

import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Plugin } from '../core/plugin-contract.ts'
import type { DestinationSettings, Settings } from '../core/settings.ts'
import { MARK } from '../core/torture/facts.ts'
import { MARK_HEADER } from './sinks.ts'

/** Where things are during a run. */
export interface OverlayPlace {
  /** Temporary folder of the run. */
  readonly folder: string
  readonly secret: string
  /** Of an attempt, milliseconds; changes with a reload, so that every destination is made anew. */
  readonly timeout: number
  urlOf(destination: string): string
}

/** Name of the stand-in for plugins that send to a service. */
export const RECORDER = 'torture-recorder'
const RECORDER_FILE = new URL(import.meta.url.endsWith('.ts') ? './recorder.ts' : './recorder.js', import.meta.url)

/** The overlay, as a config to be written down. */
export function makeOverlay(settings: Settings, place: OverlayPlace): Record<string, unknown> {
  const { folder, secret } = place
  return {
    receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
    admin: { host: '127.0.0.1', port: 0 },
    storage: { driver: 'sqlite', path: storeOf(folder), unsafe: false, minFree: '1MB' },
    plugins: settings.destinations.every(({ plugin }) => isReal(plugin))
      ? {}
      : { [RECORDER]: fileURLToPath(RECORDER_FILE) },
    // A destination that names an account has the plugin of that account.
    accounts: Object.fromEntries(
      settings.destinations.flatMap(({ account, plugin }) =>
        account === undefined || isReal(plugin) ? [] : [[account, { plugin: RECORDER }]],
      ),
    ),
    destinations: Object.fromEntries(
      settings.destinations.map((destination) => [
        destination.name,
        { ...toPolicy(destination, place), ...toTarget(destination, place) },
      ]),
    ),
  }
}

/** The store of a run. */
export const storeOf = (folder: string): string => join(folder, 'data')
/** Where a destination's files go. */
export const exportsOf = (folder: string, destination: string): string => join(folder, 'exports', destination)

function toPolicy({ mode, onLeave, batch, concurrency, plugin }: DestinationSettings, { timeout }: OverlayPlace) {
  return {
    // Spelled out, since the defaults of a plugin that is replaced go with it.
    mode,
    ...(mode === 'latest' && plugin.leaves === true && { onLeave }),
    ...(plugin.stateful !== true && { concurrency }),
    ...(batch.schedule === undefined && { batch: { size: batch.size, wait: batch.wait } }),
    timeout,
    // A finite run is looked at from its beginning.
    start: 'beginning',
  }
}

/** These write and send for real, only elsewhere. */
function isReal({ name }: Plugin): boolean {
  return name === 'csv' || name === 'webhook'
}

/** Plugin and options, with something in all that is sent that tells which state of which record it is. */
function toTarget(destination: DestinationSettings, place: OverlayPlace) {
  const { name, plugin, account, batch, reads } = destination
  if (plugin.name === 'csv') return { options: toCsv(destination, place) }
  if (isReal(plugin)) {
    const target = { url: place.urlOf(name), allowPrivateNetworks: true }
    if (batch.size === 1) return { options: { ...target, headers: { [MARK_HEADER]: `{{ record.${MARK} }}` } } }
    return {
      options: { ...target, body: { template: { torture_seq: 'delivery.seq', torture_mark: `record.${MARK}` } } },
    }
  }
  const roots = [...reads].filter((root) => root === 'event' || root === 'chapter' || root === 'user')
  return {
    ...(account === undefined && { plugin: RECORDER }),
    options: { sink: place.urlOf(name), reads: roots.map((root) => `{{ ${root}.id }}`).join(' ') },
  }
}

/** As much of the csv plugin's options as matters here; a plugin of another make under that name may have none of it. */
interface CsvOptions {
  readonly path?: { readonly source?: string }
  readonly columns?: Readonly<Record<string, unknown>>
}

function toCsv({ name, options }: DestinationSettings, { folder }: OverlayPlace) {
  const { path, columns } = options as CsvOptions
  // Below the run's own folder, wherever it led: no root, no way up.
  const inside = (path?.source ?? '{{ type }}.csv')
    .split(/[/\\]+/)
    .filter((part) => !/^(?:\.{0,2}|[A-Za-z]:)$/.test(part))
  const mark = columns === undefined ? {} : { columns: { [MARK]: `{{ delivery.seq }}/{{ record.${MARK} }}` } }
  return { path: join(exportsOf(folder, name), ...inside), ...mark }
}
