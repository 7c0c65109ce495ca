import type { LookupFunction } from 'node:net'
import { isBridgeError, TransportError } from '../core/errors.ts'
import type { Clock, HttpClient, HttpRequest, HttpResponse, Log, Pace } from '../core/ports.ts'
import { redact } from '../core/redact.ts'
import { createAddressGuard } from './address-guard.ts'
import { openConnection } from './connection.ts'
import { exchange } from './exchange.ts'
import { createPool } from './pool.ts'
import { createPlaceReader, type Target, toTarget } from './target.ts'

/** How a client behaves. One per destination: its connections and rate are its own. */
export interface HttpClientOptions {
  /** Lets requests reach private and other special networks. */
  readonly allowPrivateNetworks: boolean
  /** Lets `http:` URLs through; else only `https:`. */
  readonly allowHttp: boolean
  /** Networks allowed in spite of the guard: `10.1.0.0/16`. */
  readonly allowedCidrs?: readonly string[]
  /** The pace of the account; shared by the clients of one account. */
  readonly pace?: Pace | undefined
  /** Milliseconds a request may take once the rate lets it through. Default 30 s. */
  readonly timeout?: number
  /** Milliseconds an unused connection is kept. Default 4 s, below the 5 s after which Node servers close theirs. */
  readonly idleTimeout?: number
  /** `name/version` */
  readonly userAgent: string
  /** Values that must not appear in messages. */
  secrets(): readonly string[]
  readonly clock: Clock
  readonly log: Log
  /** Extra roots to trust, PEM. For tests and private authorities. */
  readonly ca?: string
  /** In place of `dns.lookup`, for tests. */
  readonly lookup?: LookupFunction
}

const MAX_BYTES = 65_536

/**
 * The one HTTP client of all plugins, over undici on both runtimes. Follows no redirect, uses no proxy of the
 * environment, retries nothing.
 *
 * @throws BridgeError `ERR_HTTP_CIDR` when one of `allowedCidrs` cannot be read
 */
export function createHttpClient(options: HttpClientOptions): HttpClient & { close(): Promise<void> } {
  const { clock, log, pace, timeout = 30_000, idleTimeout = 4_000 } = options
  const guard = createAddressGuard(options)
  const pool = createPool({ lookup: guard.lookup, ca: options.ca, connectTimeout: timeout, idleTimeout })
  const placeOf = createPlaceReader(options.allowHttp)
  const closing = new AbortController()

  const checked = (request: HttpRequest): Target => {
    const target = toTarget(request, { userAgent: options.userAgent, placeOf })
    guard.checkHost(target.place.hostname)
    if (closing.signal.aborted) throw new TransportError('ERR_HTTP_CLOSED', 'the client is closed', { sent: false })
    return target
  }

  const paced = async (by: Pace, { bucket, signal }: HttpRequest, target: Target): Promise<void> => {
    try {
      // A composed signal costs more than all else here, and the client's own would remember it: only for those that wait.
      await by.acquire(bucket, by.wait(bucket) > 0 ? anyOf(signal, closing.signal) : signal)
    } catch (cause) {
      const words = 'stopped while it waited for its turn under the rate'
      throw new TransportError('ERR_HTTP_RATE_WAIT', `${target.what}: ${words}`, { sent: false, cause })
    }
  }

  const request = async (given: HttpRequest): Promise<HttpResponse> => {
    const target = checked(given)
    if (pace !== undefined) await paced(pace, given, target)
    const started = clock.monotonic()
    const answer = await exchange(target, {
      pool,
      clock,
      signal: given.signal,
      closing: closing.signal,
      timeout: given.timeout ?? timeout,
      maxBytes: given.maxBytes ?? MAX_BYTES,
    })
    const ms = Math.round(clock.monotonic() - started)
    log.debug('http request', { request: target.what, status: answer.status, bytes: answer.body.byteLength, ms })
    return answer
  }

  const connect = async (url: string, signal?: AbortSignal): Promise<void> => {
    const target = checked({ method: 'CONNECT', url })
    const ended = anyOf(signal, closing.signal)
    await openConnection(target, { lookup: guard.lookup, clock, timeout, signal: ended, ca: options.ca })
  }

  const clean = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work
    } catch (error) {
      if (isBridgeError(error)) {
        error.message = redact(error.message, options.secrets())
        error.stack = redact(error.stack ?? '', options.secrets())
      }
      throw error
    }
  }

  return {
    request: (given) => clean(request(given)),
    connect: (url, signal) => clean(connect(url, signal)),
    async close() {
      closing.abort(new TransportError('ERR_HTTP_CLOSED', 'the client is closed', { sent: false }))
      await pool.close(closing.signal.reason as Error)
    },
  }
}

function anyOf(given: AbortSignal | undefined, own: AbortSignal): AbortSignal {
  return given === undefined ? own : AbortSignal.any([given, own])
}
