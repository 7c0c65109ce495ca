/** What a person sees at start: what to enter in Bevy, and how to try it. */

import { formatSize } from '../core/durations.ts'
import type { Settings } from '../core/settings.ts'
import { switchesOf } from '../core/bevy/switches.ts'
import type { Secrets } from './secret.ts'

interface Facts {
  readonly settings: Settings
  readonly secrets: Secrets
  readonly version: string
  readonly runtime: string
  /** Where the receiver listens. */
  readonly url: string
  /** A terminal: then a secret that was made may be shown. */
  readonly terminal: boolean
}

/** The start banner. A configured secret is never printed, one that was made only on a terminal. */
export function banner({ settings, secrets, version, runtime, url, terminal }: Facts): string {
  const { receiver, destinations, routes, storage, files } = settings
  const switches = switchesOf(routes)
  const rows: [string, string][] = [
    ['Webhook URL', receiver.publicUrl ?? `the public https address of ${url}`],
    ['Webhooks Secret Key', receiver.secretHeader],
    ['Webhooks Secret', secretLine(secrets, terminal)],
    [
      'Switches',
      switches.length === 0 ? 'none: no route can match anything' : switches.map(({ type }) => type).join(', '),
    ],
  ]
  return [
    '',
    `bevy-bridge ${version} on ${runtime}`,
    `  config        ${files.join(' + ')}`,
    `  store         ${storage.driver === 'memory' ? 'memory: everything is lost at the end' : storage.path} (stops taking deliveries below ${formatSize(storage.minFree)} free)`,
    `  listens on    ${url}`,
    `  destinations  ${destinations.map(({ name, plugin }) => `${name} (${plugin.name})`).join(', ') || 'none'}`,
    `  alerts        ${alertLine(settings)}`,
    '',
    'Enter in Bevy, under Settings → Webhooks:',
    ...rows.map(([name, value]) => `  ${name.padEnd(20)} ${value}`),
    '',
    `Try it:  npx bevy-bridge simulate --count 3`,
    '',
    '',
  ].join('\n')
}

function secretLine({ origin, values, file }: Secrets, terminal: boolean): string {
  if (origin === 'config') return 'the first of receiver.secrets in your config'
  return terminal ? `${values[0]}   (kept in ${file})` : `in the file ${file}`
}

function alertLine({ alerts }: Settings): string {
  const channels = Object.entries(alerts.channels)
  if (channels.length > 0) return channels.map(([name, { kind }]) => `${name} (${kind})`).join(', ')
  return 'to this log only: nobody is told when something goes wrong (set alerts.channels, then `bevy-bridge alerts test`)'
}
