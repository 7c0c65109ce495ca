/** Connections of one client: kept alive, guarded, bounded per origin. */

import type { LookupFunction, Socket } from 'node:net'
import type { Dispatcher } from 'undici'
import Agent from 'undici/lib/dispatcher/agent.js'
import buildConnector from 'undici/lib/core/connect.js'

/** How connections are made and kept. Times in milliseconds. */
export interface PoolOptions {
  readonly lookup: LookupFunction
  readonly ca?: string | undefined
  /** A connection that does not stand by then, TLS included, is given up. */
  readonly connectTimeout: number
  /** An unused connection is kept so long; less where the server asks for less. */
  readonly idleTimeout: number
}

/** Takes requests, one at a time per connection. */
export interface Pool {
  readonly dispatch: (request: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler) => void
  /** True for the error of a connection that stood (TCP) when it failed, which leaves TLS. */
  stood(error: Error): boolean
  /** Ends all connections; what is under way fails with this reason. Resolves when all are closed. */
  close(reason: Error): Promise<void>
}

const MAX_CONNECTIONS = 64

/** Makes it. */
export function createPool({ lookup, ca, connectTimeout, idleTimeout }: PoolOptions): Pool {
  const tls = ca === undefined ? {} : { ca }
  const open = buildConnector({
    ...tls,
    lookup,
    timeout: connectTimeout,
    allowH2: false,
  } as buildConnector.BuildOptions)
  const failed = new WeakSet<Error>()
  const opening = new Set<Socket>()

  const connect: buildConnector.connector = (options, callback) => {
    let stood = false
    const socket = open(options, (...result) => {
      opening.delete(socket)
      const [error] = result
      if (error !== null && stood) failed.add(error)
      callback(...result)
    }) as unknown as Socket
    opening.add(socket)
    socket.once('connect', () => (stood = true))
  }

  // The deadline is the exchange's own.
  const agent = new Agent({
    connect,
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    keepAliveTimeout: idleTimeout,
    keepAliveMaxTimeout: idleTimeout,
    headersTimeout: 0,
    bodyTimeout: 0,
  })

  return {
    dispatch: (request, handler) => void agent.dispatch(request, handler),
    stood: (error) => failed.has(error),
    async close(reason) {
      const ended = agent.destroy(reason)
      for (const socket of opening) socket.destroy()
      await ended
    },
  }
}
