import http from 'node:http'
import https from 'node:https'
import type { IncomingMessage } from 'node:http'
import { coerceError, isBridgeError, TransportError } from '../core/errors.ts'
import type { Clock, HttpResponse } from '../core/ports.ts'
import type { Target } from './target.ts'
import { toTransportError } from './transport-errors.ts'

/** What one exchange needs besides its target. */
export interface ExchangeOptions {
  readonly agent: http.Agent | https.Agent
  readonly clock: Clock
  /** Milliseconds. */
  readonly timeout: number
  readonly maxBytes: number
  /** Each ends it; the reason becomes the cause. Not `AbortSignal.any`: one that lives long would remember every request. */
  readonly signals: readonly AbortSignal[]
}

/**
 * Sends one request and reads its answer. Rejects with a TransportError, or with the DestinationError of the address guard.
 *
 * `sent` is true from the moment the connection stands (TLS included). On a connection used before it is true at once: a
 * server that closes an idle connection while a request is on its way answers with a reset, and whether it has read the
 * request cannot be told from here.
 *
 * An answer cut short (reset, deadline) is no answer, whatever its status line said.
 */
export function exchange(target: Target, options: ExchangeOptions): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { agent, clock, timeout, maxBytes, signals } = options
    const { hostname, port, path, method, headers, secure } = target
    let connected = false
    let sent = false
    let over = false
    const request = (secure ? https : http).request({ hostname, port, path, method, headers, agent, setHost: false })

    const end = (settle: () => void): void => {
      if (over) return
      over = true
      cancelTimer()
      for (const signal of signals) signal.removeEventListener('abort', onAbort)
      settle()
    }
    const fail = (error: Error): void => {
      end(() => {
        request.destroy()
        // The guard's refusal comes through the agent as it is.
        reject(isBridgeError(error) ? error : toTransportError(error, { secure, connected, sent }, target.what))
      })
    }
    const stop = (code: string, words: string, cause?: unknown): void => {
      fail(new TransportError(code, `${target.what}: ${words}`, { sent, cause }))
    }
    const onAbort = (): void => {
      const reason: unknown = signals.find((signal) => signal.aborted)?.reason
      const timedOut = (reason as { name?: unknown } | undefined)?.name === 'TimeoutError'
      if (timedOut) stop('ERR_HTTP_TIMEOUT', 'no whole answer in time', reason)
      else stop('ERR_HTTP_ABORTED', 'stopped before the answer', reason)
    }
    const cancelTimer = clock.timer(timeout, () => stop('ERR_HTTP_TIMEOUT', `no whole answer within ${timeout} ms`))
    for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true })

    request.on('socket', (socket) => {
      if (!socket.connecting) {
        connected = sent = !socket.destroyed
        return
      }
      socket.once('connect', () => (connected = true))
      socket.once(secure ? 'secureConnect' : 'connect', () => (sent = true))
    })
    request.on('error', (error) => fail(coerceError(error)))
    request.on('response', (answer) => {
      const chunks: Uint8Array[] = []
      let size = 0
      const finish = (truncated: boolean): void => {
        end(() => {
          if (truncated) request.destroy()
          resolve(toResponse(answer, Buffer.concat(chunks).subarray(0, maxBytes), truncated, clock.now()))
        })
      }
      answer.on('data', (chunk: Uint8Array) => {
        chunks.push(chunk)
        size += chunk.byteLength
        if (size > maxBytes) finish(true)
      })
      answer.on('end', () => (answer.complete ? finish(false) : answer.destroy()))
      answer.on('error', (error) => fail(coerceError(error)))
      answer.on('close', () => {
        // Every answer closes: an Error with its stack only for those that were not whole.
        if (!over) fail(new Error('the connection closed inside the answer'))
      })
    })
    request.end(target.body)
    if (signals.some((signal) => signal.aborted)) onAbort()
  })
}

function toResponse(answer: IncomingMessage, body: Buffer, truncated: boolean, receivedAt: number): HttpResponse {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return {
    status: answer.statusCode ?? 0,
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
