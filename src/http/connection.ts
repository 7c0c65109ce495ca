import net, { type LookupFunction } from 'node:net'
import tls from 'node:tls'
import { coerceError, isBridgeError } from '../core/errors.ts'
import type { Clock } from '../core/ports.ts'
import type { Target } from './target.ts'
import { toTransportError } from './transport-errors.ts'

/** What opening a connection needs besides its target. */
export interface ConnectionOptions {
  readonly lookup: LookupFunction
  readonly clock: Clock
  /** Milliseconds. */
  readonly timeout: number
  readonly signal: AbortSignal
  readonly ca?: string | undefined
}

/** Opens a connection, TLS included, and closes it without sending anything. Rejects as `exchange` does, `sent` always false. */
export function openConnection(target: Target, options: ConnectionOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const { what, place } = target
    const { secure, hostname, port } = place
    const { lookup, clock, timeout, signal, ca } = options
    const address = { host: hostname, port, lookup }
    const servername = net.isIP(hostname) === 0 ? { servername: hostname } : {}
    const socket = secure
      ? tls.connect({ ...address, ...servername, ...(ca === undefined ? {} : { ca }) })
      : net.connect(address)
    let connected = false
    const stopWaiting = (): void => {
      cancelTimer()
      signal.removeEventListener('abort', onAbort)
    }
    const fail = (error: Error): void => {
      stopWaiting()
      socket.destroy()
      reject(isBridgeError(error) ? error : toTransportError(error, { secure, connected, sent: false }, what))
    }
    const onAbort = (): void => fail(coerceError(signal.reason))
    const cancelTimer = clock.timer(timeout, () => fail(new Error(`no connection within ${timeout} ms`)))
    signal.addEventListener('abort', onAbort, { once: true })
    socket.once('connect', () => (connected = true))
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      stopWaiting()
      // Ended, not only destroyed: the other side sees a handshake that was finished.
      socket.end(() => socket.destroy())
      resolve()
    })
    socket.on('error', (error) => fail(coerceError(error)))
    if (signal.aborted) onAbort()
  })
}
