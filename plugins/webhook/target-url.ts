import { BridgeError, isPrivateHost, template, z, type Scope, type Template } from '../../src/plugin.ts'

/** Where to send: the start is fixed, the rest may be made from the record. */
export interface TargetUrl {
  /** Scheme, user and password if any, host and port. */
  readonly base: string
  /** Path and query. */
  readonly rest: Template
  readonly isSecure: boolean
  /** Certain without a look-up. */
  readonly isPrivate: boolean
  /** The whole URL, where it is the same for every record. */
  readonly fixed: string | undefined
  /** The rest is made from the record, so a 404 may be about the record. */
  readonly isTemplated: boolean
}

const encode = (text: string): string => encodeURIComponent(text.toWellFormed())
const rest = template({ escape: encode })
const EXPRESSION = /\{\{|\{%/

/** The schema of `url`. */
export const targetUrl = z.string().transform((text, context): TargetUrl => {
  const wrong = (message: string): never => {
    context.issues.push({ code: 'custom', message, input: text })
    return z.NEVER
  }
  const [, base, tail = ''] = /^(https?:\/\/[^/?#]+)([^]*)$/i.exec(text.trim()) ?? []
  if (base === undefined) return wrong('must be a URL such as https://example.org/hooks/bevy')
  if (EXPRESSION.test(base))
    return wrong('may be made from the record in its path and query only, not in scheme, host or port')
  const url = URL.parse(base)
  if (url === null || url.hostname === '') return wrong('has a host or port that cannot be read')
  const isTemplated = EXPRESSION.test(tail)
  const whole = isTemplated ? null : URL.parse(base + tail)
  const compiled = rest.safeParse(whole === null ? tail.replace(/^(?!\/)/, '/') : whole.pathname + whole.search)
  if (!compiled.success) return wrong(compiled.error.issues.map(({ message }) => message).join('; '))
  return {
    base,
    rest: compiled.data,
    isSecure: url.protocol === 'https:',
    isPrivate: isPrivateHost(url.hostname),
    fixed: whole === null ? undefined : new URL(base + whole.pathname + whole.search).href,
    isTemplated,
  }
})

/**
 * The URL for a record. What it takes from the record is percent-encoded, so it can be nothing but a part of path or query.
 *
 * @throws BridgeError of kind `record`, `ERR_WEBHOOK_URL`: a part of the path is `.` or `..`, which would lead elsewhere
 */
export function renderUrl(target: TargetUrl, scope: Scope): string {
  if (target.fixed !== undefined) return target.fixed
  const text = target.rest.render(scope)
  // Tabs and line breaks are what URLs leave out.
  const path = (/^[^?#]*/.exec(text)?.[0] ?? '').replace(/[\t\r\n]/g, '')
  const url = URL.parse(target.base + text)
  if (url === null || path.split(/[/\\]/).some((part) => /^(?:\.|%2e){1,2}$/i.test(part))) {
    throw new BridgeError(
      'record',
      'ERR_WEBHOOK_URL',
      'the URL made from the record leads elsewhere: a part of its path is . or ..',
    )
  }
  url.hash = ''
  return url.href
}

/** A URL as it may be shown: without user and password, and without the values of what looks like a secret in its query. */
export function shownUrl(text: string): string {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  for (const name of url.searchParams.keys()) {
    if (/token|secret|key|sig|pass|auth|code/i.test(name)) url.searchParams.set(name, 'secret')
  }
  return url.href
}
