import type { IncomingHttpHeaders } from 'node:http'
import { isBridgeError, TransportError } from '../core/errors.ts'
import type { Clock, HttpResponse } from '../core/ports.ts'
import type { Pool } from './pool.ts'
import type { Target } from './target.ts'
import { toTransportError } from './transport-errors.ts'

/** What one exchange needs besides its target. */
export interface ExchangeOptions {
  readonly pool: Pool
  readonly clock: Clock
  /** Milliseconds. */
  readonly timeout: number
  readonly maxBytes: number
  /** Ends it; the reason becomes the cause. */
  readonly signal: AbortSignal | undefined
  /** Aborted when the client is closed, which ends it too. */
  readonly closing: AbortSignal
}

/**
 * Sends one request and reads its answer. Rejects with a TransportError, or with the DestinationError of the address guard.
 *
 * `sent` is true from the moment the request is written to a connection that stands (TLS included): a server that closes an idle
 * connection while a request is on its way answers with a reset, and whether it has read the request cannot be told from here.
 *
 * An answer cut short (reset, deadline) is no answer, whatever its status line said.
 */
export function exchange(target: Target, options: ExchangeOptions): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { pool, clock, timeout, maxBytes, signal, closing } = options
    const { what, place } = target
    const chunks: Buffer[] = []
    let size = 0
    let status = 0
    let headers: IncomingHttpHeaders = {}
    let sent = false
    let over = false
    let breakOff: (() => void) | undefined

    const end = (): void => {
      over = true
      cancelTimer()
      signal?.removeEventListener('abort', onAbort)
    }
    const finish = (truncated: boolean): void => {
      end()
      const whole = chunks.length === 1 && !truncated ? (chunks[0] as Buffer) : Buffer.concat(chunks)
      resolve(toResponse(status, headers, whole.subarray(0, maxBytes), truncated, clock.now()))
    }
    const fail = (error: Error): void => {
      if (over) return
      end()
      breakOff?.()
      reject(error)
    }
    const stop = (code: string, words: string, cause?: unknown): void => {
      fail(new TransportError(code, `${what}: ${words}`, { sent, cause }))
    }
    const onAbort = (): void => {
      const reason: unknown = signal?.reason
      const timedOut = (reason as { name?: unknown } | undefined)?.name === 'TimeoutError'
      if (timedOut) stop('ERR_HTTP_TIMEOUT', 'no whole answer in time', reason)
      else stop('ERR_HTTP_ABORTED', 'stopped before the answer', reason)
    }
    const cancelTimer = clock.timer(timeout, () => stop('ERR_HTTP_TIMEOUT', `no whole answer within ${timeout} ms`))
    if (signal?.aborted === true) return onAbort()
    signal?.addEventListener('abort', onAbort, { once: true })

    pool.dispatch(target.request, {
      onRequestStart(controller) {
        // It waited for a connection and was given up meanwhile: nothing is written.
        if (over) throw new Error('given up')
        breakOff = () => controller.abort(new Error('given up'))
        sent = true
      },
      onResponseStart(_controller, code, found) {
        status = code
        headers = found
      },
      onResponseData(_controller, chunk) {
        if (over) return
        chunks.push(chunk)
        size += chunk.byteLength
        if (size <= maxBytes) return
        finish(true)
        breakOff?.()
      },
      onResponseEnd() {
        if (!over) finish(false)
      },
      onResponseError(_controller, thrown) {
        if (over) return
        if (closing.aborted) return stop('ERR_HTTP_ABORTED', 'stopped before the answer', closing.reason)
        // The guard's refusal comes as it is.
        const progress = { secure: place.secure, connected: sent || pool.stood(thrown), sent }
        fail(isBridgeError(thrown) ? thrown : toTransportError(thrown, progress, what))
      },
    })
  })
}

/** Of these a second one is not part of a list: the first counts. */
const ONCE = new Set(['content-length', 'content-type', 'date', 'etag', 'location', 'retry-after', 'server'])

function toResponse(
  status: number,
  given: IncomingHttpHeaders,
  body: Buffer,
  truncated: boolean,
  receivedAt: number,
): HttpResponse {
  const headers: Record<string, string> = {}
  for (const name in given) {
    const value = given[name]
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : join(name, value)
  }
  return {
    status,
    headers,
    body,
    truncated,
    receivedAt,
    text: () => body.toString('utf8'),
    json() {
      try {
        return JSON.parse(body.toString('utf8')) as unknown
      } catch {
        return undefined
      }
    },
  }
}

function join(name: string, values: readonly string[]): string {
  return ONCE.has(name) ? (values[0] ?? '') : values.join(', ')
}
