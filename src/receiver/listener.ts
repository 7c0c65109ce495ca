import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { BridgeError } from '../core/errors.ts'
import { createConnections, type Connections } from './connections.ts'
import type { Pair } from './tls.ts'
import type { Tuning } from './types.ts'

/** What the server tells. Nothing is ever written to a connection here: `fault` ones are closed without a byte. */
export interface ServerEvents {
  /** `expects`: the sender waits for `100 Continue` before it sends the body. */
  request(req: IncomingMessage, res: ServerResponse, expects: boolean): void
  /** The connection cannot go on: broken or slow HTTP, or a lost connection. It is closed after this. */
  fault(code: string | undefined, socket: Socket): void
  /** An `Expect` other than `100-continue`. The connection is closed after this. */
  expectation(req: IncomingMessage): void
  /** A request is under way on this connection. */
  busy(socket: Socket): boolean
  /** A connection was closed because of the limit. */
  dropped(address: string | undefined): void
}

/** A listening server. */
export interface Listener {
  readonly address: string
  readonly port: number
  /** A delivery came over this connection: others make room before it. */
  prove(socket: Socket): void
  /** New connections get this certificate; those open go on with theirs. */
  swap(pair: Pair): Promise<void>
  /** Accepts no more, and closes idle connections. */
  stopAccepting(): void
  /** Closes every connection at once, and resolves when all are closed. */
  closeAll(): Promise<void>
}

/** Where and how to listen; with `pair`, TLS. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly pair: Pair | undefined
  readonly tuning: Tuning
  readonly events: ServerEvents
}

/** Connections whose TLS handshake is not done are in nobody's book on Bun; the runtime itself stops at this many times the limit. */
const HARD_LIMIT = 4
const RELISTEN_TRIES = 50
const RELISTEN_WAIT = 20
const CLOSE_WAIT = 250

/** Starts to listen. Rejects with `ERR_RECEIVER_LISTEN`. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const { tuning, events } = options
  const connections = createConnections({ ...events, limit: tuning.maxConnections })
  let server = makeServer(options, options.pair, connections)
  const older = new Set<Server>()
  const bound = await bind(server, options.host, options.port)
  let accepting = true
  let swapping: Promise<void> = Promise.resolve()

  async function swap(pair: Pair): Promise<void> {
    if ('setSecureContext' in server && typeof server.setSecureContext === 'function') {
      server.setSecureContext({ cert: pair.cert, key: pair.key })
      return
    }
    // Bun has no setSecureContext: listen anew on the same port. Open connections go on with the old server.
    if (!accepting) return
    const old = server
    older.add(old)
    old.close(() => older.delete(old))
    server = makeServer(options, pair, connections)
    await bindAgain(server, options.host, bound.port)
    if (!accepting) server.close()
  }

  return {
    address: bound.address,
    port: bound.port,
    prove: connections.prove,
    swap(pair) {
      // One after the other: two at once would fight for the port.
      swapping = swapping.catch(() => {}).then(() => swap(pair))
      return swapping
    },
    stopAccepting() {
      accepting = false
      for (const each of [server, ...older]) {
        each.close()
        each.closeIdleConnections()
      }
    },
    closeAll() {
      accepting = false
      return Promise.all([server, ...older].map(closeServer)).then(() => {})
    },
  }
}

function makeServer({ tuning, events }: ListenOptions, pair: Pair | undefined, connections: Connections): Server {
  // Not in the types of https, but passed on to net: as it is for http.
  const halfOpen = { allowHalfOpen: true }
  const common = {
    requireHostHeader: false,
    headersTimeout: tuning.headTimeout,
    // The body has its own limits: waiting for room must not count.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(5_000, tuning.headTimeout),
    keepAliveTimeout: tuning.keepAlive,
    noDelay: true,
  }
  const server =
    pair === undefined
      ? createServer(common)
      : createSecureServer({
          ...common,
          cert: pair.cert,
          key: pair.key,
          ALPNProtocols: ['http/1.1'],
          handshakeTimeout: tuning.headTimeout,
          ...halfOpen,
        })
  // A sender may close its half after the body and still wait for the answer. Known to Node and Bun, not to the types.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.maxConnections = HARD_LIMIT * tuning.maxConnections
  server.on('connection', connections.add)
  server.on('secureConnection', connections.add)
  server.on('request', (req, res) => events.request(req, res, false))
  server.on('checkContinue', (req, res) => events.request(req, res, true))
  server.on('checkExpectation', (req) => {
    events.expectation(req)
    req.socket.destroy()
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    events.fault(error.code, socket as Socket)
    socket.destroy()
  })
  server.on('connect', (_req, socket) => {
    events.fault('CONNECT', socket as Socket)
    socket.destroy()
  })
  server.on('tlsClientError', (_error: Error, socket?: Socket) => socket?.destroy())
  server.on('drop', (data) => events.dropped(data?.remoteAddress))
  return server
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
    // A server closed twice need not say so again.
    setTimeout(resolve, CLOSE_WAIT).unref()
  })
}

function bind(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => {
      const why = WHY[error.code ?? ''] ?? error.code ?? error.message
      const message = `cannot listen on ${host}:${port}: ${why}`
      reject(new BridgeError('receiver', 'ERR_RECEIVER_LISTEN', message, { cause: error }))
    }
    server.once('error', onError)
    server.listen({ host, port }, () => {
      server.off('error', onError)
      resolve(server.address() as AddressInfo)
    })
  })
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there',
  EACCES: 'not allowed to this user (ports below 1024 often are not)',
  EADDRNOTAVAIL: 'this machine has no such address',
}

async function bindAgain(server: Server, host: string, port: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await bind(server, host, port)
      return
    } catch (error) {
      if (attempt === RELISTEN_TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, RELISTEN_WAIT))
    }
  }
}
