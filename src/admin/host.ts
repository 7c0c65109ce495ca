import { isIP } from 'node:net'

/**
 * Whether a `Host` header may be answered: a literal address, `localhost`, or the configured name. Any other name may be one that
 * an attacker's name server points at this machine (DNS rebinding).
 */
export function isOwnHost(header: string | null, configured: string): boolean {
  const host = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(header?.trim() ?? '')
  const name = (host?.[1] ?? host?.[2] ?? '').toLowerCase()
  return isIP(name) !== 0 || name === 'localhost' || (name !== '' && name === configured.toLowerCase())
}

/** `127.0.0.1:8081`, `[::1]:8081` */
export function formatAddress(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`
}
