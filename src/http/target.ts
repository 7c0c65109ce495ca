import type { Dispatcher } from 'undici'
import { BridgeError, DestinationError } from '../core/errors.ts'
import type { HttpRequest } from '../core/ports.ts'

/** A request that may be sent, as undici takes it, and what is said of it. */
export interface Target {
  readonly place: Place
  readonly request: Dispatcher.DispatchOptions
  /** What error messages and log lines call it: method, scheme, host and port, nothing that could hold a secret. */
  readonly what: string
}

/** A URL, taken apart. */
export interface Place {
  readonly secure: boolean
  /** Without brackets. */
  readonly hostname: string
  readonly port: number
  readonly origin: string
  /** Path and query. */
  readonly path: string
  /** Value of the header `authorization`, where the URL holds user and password. */
  readonly authorization: string | undefined
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
  'expect',
])
const TOKEN = /^[\w!#$%&'*+.^`|~-]+$/
// What a field value may hold (https://www.rfc-editor.org/rfc/rfc9110#section-5.5), one byte per character.
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/**
 * Takes a request apart and checks it.
 *
 * @throws BridgeError of kind `record`, `ERR_HTTP_REQUEST`: URL, method or a header cannot be sent
 * @throws DestinationError `ERR_HTTP_SCHEME`: plain http where only https is allowed, or neither
 */
export function toTarget(
  given: HttpRequest,
  { userAgent, placeOf }: { userAgent: string; placeOf: (url: string) => Place },
): Target {
  const place = placeOf(given.url)
  const { origin, path, authorization } = place
  const { method = 'GET', body } = given
  if (!TOKEN.test(method)) throw cannotSend('the method is not one word')
  const headers: Record<string, string> = { 'user-agent': userAgent }
  if (authorization !== undefined) headers['authorization'] = authorization
  for (const name in given.headers) {
    const value = given.headers[name] as string
    headers[checkHeader(name, value)] = value
  }
  return { place, request: { origin, path, method, headers, body: body ?? null }, what: `${method} ${origin}` }
}

/** Reads URLs for one client. Most destinations have one: the last is read once. */
export function createPlaceReader(allowHttp: boolean): (url: string) => Place {
  let last: { readonly text: string; readonly place: Place } | undefined
  return (text) => {
    if (last?.text !== text) last = { text, place: toPlace(text, allowHttp) }
    return last.place
  }
}

function toPlace(text: string, allowHttp: boolean): Place {
  const url = URL.parse(text)
  if (url === null) throw cannotSend('the URL cannot be read')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowHttp)) {
    const hint = url.protocol === 'http:' ? '; allowHttp: true would allow plain http' : ''
    throw new DestinationError(`${url.protocol}//${url.host} is not https${hint}`, { code: 'ERR_HTTP_SCHEME' })
  }
  const secure = url.protocol === 'https:'
  return {
    secure,
    hostname: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (secure ? 443 : 80) : Number(url.port),
    origin: url.origin,
    path: url.pathname + url.search,
    authorization: url.username === '' && url.password === '' ? undefined : basic(url),
  }
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
