import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { gzipSync } from 'node:zlib'
import type { Answer } from '../core/bevy/sending.ts'
import { coerceError } from '../core/errors.ts'

/** How bodies are posted. */
export interface PosterOptions {
  readonly url: URL
  /** Header that carries the secret; without a secret it is left out. */
  readonly header: string
  readonly secret: string | undefined
  readonly gzip: boolean
  /** Connections at once. */
  readonly concurrency: number
}

/** Posts as Bevy does. Never rejects: whatever goes wrong is an answer. */
export interface Poster {
  post(body: Uint8Array, signal: AbortSignal): Promise<Answer>
  close(): void
}

const REFUSED =
  /^(?:ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ERR_TLS|CERT_|DEPTH_ZERO|UNABLE_TO|SELF_SIGNED)/
const RESET = /^(?:ECONNRESET|EPIPE|ECONNABORTED|ERR_STREAM|HPE_|UND_)|Connection(?:Closed|Reset)/i

/** Keeps connections open between POSTs. */
export function createPoster({ url, header, secret, gzip, concurrency }: PosterOptions): Poster {
  const secure = url.protocol === 'https:'
  const agent = new (secure ? HttpsAgent : HttpAgent)({ keepAlive: true, maxSockets: concurrency })
  const send = secure ? httpsRequest : httpRequest
  return {
    post: (plain, signal) =>
      new Promise((resolve) => {
        const body = gzip ? gzipSync(plain) : plain
        const options: RequestOptions = {
          method: 'POST',
          agent,
          signal,
          headers: {
            'content-type': 'application/json',
            'content-length': body.byteLength,
            'user-agent': 'bevy-bridge simulate',
            ...(gzip && { 'content-encoding': 'gzip' }),
            ...(secret !== undefined && { [header]: secret }),
          },
        }
        const request = send(url, options, (response) => {
          resolve({ status: response.statusCode ?? 0 })
          // Once the status is there, trouble with the rest of the answer changes nothing.
          response.on('error', () => {}).resume()
        })
        request.on('error', (error) => resolve({ failed: signal.aborted ? 'timeout' : reasonOf(error) }))
        request.end(body)
      }),
    close: () => agent.destroy(),
  }
}

function reasonOf(error: Error): 'reset' | 'connect' | 'other' {
  const { code } = error as { code?: unknown }
  const text = typeof code === 'string' ? code : coerceError(error).message
  if (REFUSED.test(text)) return 'connect'
  return RESET.test(text) || /socket hang up|closed/i.test(error.message) ? 'reset' : 'other'
}
