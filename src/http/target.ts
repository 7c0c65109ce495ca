import { BridgeError, DestinationError } from '../core/errors.ts'
import type { HttpRequest } from '../core/ports.ts'

/** A request that may be sent, in the parts `node:http` takes. */
export interface Target {
  readonly secure: boolean
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
  /** Path and query. */
  readonly path: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  /** Text, where it may go out in one piece with the head: one write to the network instead of two. */
  readonly body: Uint8Array | string | undefined
  /** What error messages and log lines call it: method, scheme, host and port, nothing that could hold a secret. */
  readonly what: string
}

/** Headers the client itself decides. */
const OWN_HEADERS = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  'te',
])
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
// What a field value may hold (https://www.rfc-editor.org/rfc/rfc9110#section-5.5), one byte per character.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/
const ASCII = /^[\t\x20-\x7e]*$/

/**
 * Takes a request apart and checks it.
 *
 * @throws BridgeError of kind `record`, `ERR_HTTP_REQUEST`: URL, method or a header cannot be sent
 * @throws DestinationError `ERR_HTTP_SCHEME`: plain http where only https is allowed, or neither
 */
export function toTarget(
  request: HttpRequest,
  { userAgent, urlOf }: { userAgent: string; urlOf: (text: string) => URL },
): Target {
  const url = urlOf(request.url)
  const secure = url.protocol === 'https:'
  const method = request.method ?? 'GET'
  if (!TOKEN.test(method)) throw cannotSend('the method is not one word')
  const { body } = request
  const headers: Record<string, string> = { 'user-agent': userAgent }
  if (url.username !== '' || url.password !== '') headers['authorization'] = basic(url)
  for (const [name, value] of Object.entries(request.headers ?? {})) headers[checkHeader(name, value)] = value
  headers['host'] = url.host
  if (body !== undefined) headers['content-length'] = String(Buffer.byteLength(body))
  // Node writes head and text as one text in UTF-8: no header may have a byte that is more than one in it.
  const isPlain = Object.values(headers).every((value) => ASCII.test(value))
  return {
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    path: url.pathname + url.search,
    method,
    headers,
    body: typeof body === 'string' && !isPlain ? Buffer.from(body) : body,
    what: `${method} ${url.protocol}//${url.host}`,
  }
}

/** Reads URLs for one client. Most destinations have one: the last is read once, and the same object given again. */
export function createUrlReader(allowHttp: boolean): (text: string) => URL {
  let last: { readonly text: string; readonly url: URL } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, url: toUrl(text, allowHttp) }
    return last.url
  }
}

function toUrl(text: string, allowHttp: boolean): URL {
  const url = URL.parse(text)
  if (url === null) throw cannotSend('the URL cannot be read')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowHttp)) {
    const hint = url.protocol === 'http:' ? '; allowHttp: true would allow plain http' : ''
    throw new DestinationError(`${url.protocol}//${url.host} is not https${hint}`, { code: 'ERR_HTTP_SCHEME' })
  }
  return url
}

function checkHeader(name: string, value: string): string {
  const lower = name.toLowerCase()
  if (!TOKEN.test(name)) throw cannotSend('a header name has characters it may not have')
  if (OWN_HEADERS.has(lower)) throw cannotSend(`the header ${lower} is the client's own`)
  if (!FIELD_VALUE.test(value))
    throw cannotSend(`the value of the header ${lower} has characters a header cannot carry`)
  return lower
}

function basic(url: URL): string {
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
  return `Basic ${Buffer.from(credentials, 'utf8').toString('base64')}`
}

function cannotSend(why: string): BridgeError {
  return new BridgeError('record', 'ERR_HTTP_REQUEST', `the request cannot be sent: ${why}`)
}
