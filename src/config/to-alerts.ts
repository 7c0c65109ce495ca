import type { AlertSettings, ChannelSettings } from '../core/settings.ts'
import type { Config } from './schema.ts'

const PORTS = { starttls: 587, always: 465, never: 25 } as const

/** The part about alerts, with which of a destination's alerts go where. */
export function toAlerts({ alerts, destinations }: Config): AlertSettings {
  const channels = Object.entries(alerts.channels).map(([name, channel]): [string, ChannelSettings] => {
    if (channel.kind !== 'email') return [name, channel]
    const { smtp } = channel
    const from = channel.from ?? (channel.to[0] as string)
    return [name, { ...channel, from, smtp: { ...smtp, port: smtp.port ?? PORTS[smtp.tls] } }]
  })
  const notify = Object.entries(destinations).flatMap(([name, { notify: own }]) => {
    if (own === undefined) return []
    const given = Object.entries(own).filter(([, names]) => names !== undefined)
    return [[name, Object.fromEntries(given)]]
  })
  const { heartbeat, rules } = alerts
  const { url } = heartbeat ?? {}
  return {
    channels: Object.fromEntries(channels),
    notify: Object.fromEntries(notify) as AlertSettings['notify'],
    rules: { ...rules, late: finite(rules.late), silence: finite(rules.silence) },
    ...(heartbeat === undefined || url === undefined ? {} : { heartbeat: { ...heartbeat, url } }),
  }
}

function finite(ms: number): number | undefined {
  return Number.isFinite(ms) ? ms : undefined
}
