import { loadOrExplain } from './bridge.ts'
import type { ReceiverSettings } from '../core/settings.ts'
import type { CliDeps } from './deps.ts'
import { usageError } from './verb.ts'

/** Header of the secret where no config says another. */
export const DEFAULT_HEADER = 'X-BEVY-SECRET'

/** Where a simulation goes, and with what secret. */
export interface Target {
  readonly url: URL
  readonly header: string
  readonly secret: string | undefined
}

/** What was said of it on the command line. */
export interface TargetArgs {
  readonly to?: string | undefined
  readonly yes?: boolean | undefined
  readonly secret?: string | undefined
  readonly header?: string | undefined
}

/**
 * Where to send: what was named, else this bridge. Undefined when the config cannot be read (it was printed why). Throws a
 * usage error for a target elsewhere without `yes`; the config's secret never goes there.
 */
export async function findTarget(
  deps: CliDeps,
  args: TargetArgs,
  files: readonly string[],
): Promise<Target | undefined> {
  const url = args.to === undefined ? undefined : toUrl(args.to)
  if (url !== undefined && !isLocal(url.hostname)) {
    if (!args.yes) throw usageError(`${url.host} is not on this machine; --yes sends there all the same`)
    return { url, header: args.header ?? DEFAULT_HEADER, secret: args.secret }
  }
  if (url !== undefined && args.secret !== undefined) {
    return { url, header: args.header ?? DEFAULT_HEADER, secret: args.secret }
  }
  const report = await loadOrExplain(deps, files)
  if (report === undefined) return undefined
  const { receiver } = report.settings
  const header = args.header ?? receiver.secretHeader
  const secret = args.secret ?? (await deps.bevySecret(report.settings))
  return { url: url ?? urlOf(receiver), header, secret }
}

function urlOf({ host, port, path, tls }: ReceiverSettings): URL {
  const near = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host
  return new URL(`${tls === undefined ? 'http' : 'https'}://${near.includes(':') ? `[${near}]` : near}:${port}${path}`)
}

function toUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    throw usageError(`--to needs an http or https URL, not "${text}"`)
  return url
}

/** This machine itself, whatever a name server says. */
export function isLocal(hostname: string): boolean {
  const host = hostname.toLowerCase().replace(/^\[|\]$/g, '')
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
