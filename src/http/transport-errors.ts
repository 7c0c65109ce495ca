import { TransportError } from '../core/errors.ts'

/** How far a request had come when it ended. */
export interface Progress {
  /** A request over https. */
  readonly secure: boolean
  /** The connection (TCP) stood. */
  readonly connected: boolean
  /** A byte of the request can have reached the other side: the connection stood, TLS included. */
  readonly sent: boolean
}

const DNS_CODES = /^(?:ENOTFOUND|ENODATA|ESERVFAIL|EAI_)/

/**
 * Turns what undici, `node:net` and `node:tls` report into a TransportError.
 *
 * @param what the request in words that hold no secret: `POST https://host:port`
 */
export function toTransportError(error: Error, progress: Progress, what: string): TransportError {
  const { code = '' } = error as { code?: string }
  const [stable, words] = classify(error, code, progress)
  // The parser's error carries bytes of the answer.
  if ('data' in error) delete error.data
  const detail = code === '' || code.startsWith('UND_') ? '' : ` (${code})`
  return new TransportError(stable, `${what}: ${words}${detail}`, { sent: progress.sent, cause: error })
}

function classify({ name }: Error, code: string, { secure, connected, sent }: Progress): [string, string] {
  if (!connected) {
    if (DNS_CODES.test(code)) return ['ERR_HTTP_DNS', 'the name could not be looked up']
    if (code === 'ECONNREFUSED') return ['ERR_HTTP_REFUSED', 'the connection was refused']
    return ['ERR_HTTP_CONNECT', 'no connection']
  }
  if (secure && !sent) return ['ERR_HTTP_TLS', 'the TLS handshake failed']
  if (name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW')
    return ['ERR_HTTP_ANSWER', 'what came back is not HTTP']
  return ['ERR_HTTP_RESET', 'the connection ended before the answer was whole']
}
