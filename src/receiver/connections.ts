import type { Socket } from 'node:net'

/** The open connections, at most so many. */
export interface Connections {
  /** A new one; after its TLS handshake the same one again. When that is one too many, another is closed for it. */
  add(socket: Socket): void
  /** A delivery came over it: it is closed for others last. */
  prove(socket: Socket): void
}

/** How the connections are bounded. */
export interface ConnectionsOptions {
  readonly limit: number
  /** A request is under way on it. */
  busy(socket: Socket): boolean
  /** Told before one is closed because of the limit. */
  dropped(address: string | undefined): void
}

/**
 * Makes the book of connections. Over the limit the oldest one without a request has to go, one that never brought a delivery first;
 * only when all are busy it is the new one. So nobody is kept out by strangers who hold connections and say nothing.
 */
export function createConnections({ limit, busy, dropped }: ConnectionsOptions): Connections {
  // By peer, because TLS puts another socket over the same connection. In order of arrival.
  const open = new Map<string, Socket>()
  const proven = new WeakSet<Socket>()

  function makeRoom(newest: Socket): void {
    let candidate: Socket | undefined
    for (const socket of open.values()) {
      if (socket === newest || busy(socket)) continue
      if (!proven.has(socket)) {
        candidate = socket
        break
      }
      candidate ??= socket
    }
    const socket = candidate ?? newest
    dropped(socket.remoteAddress)
    open.delete(peerOf(socket))
    socket.destroy()
  }

  return {
    add(socket) {
      const peer = peerOf(socket)
      open.set(peer, socket)
      socket.once('close', () => {
        if (open.get(peer) === socket) open.delete(peer)
      })
      if (open.size > limit) makeRoom(socket)
    },
    prove: (socket) => void proven.add(socket),
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}`
}
