import net from 'node:net'
import tls from 'node:tls'
import { TEST_CERT, TEST_KEY } from './tls.ts'

/** A TCP server that lets a test see and say every byte. Only on loopback. */
export interface RawServer extends AsyncDisposable {
  readonly port: number
  /** Connections taken so far. */
  readonly connections: number
  /** Everything read so far, all connections together. */
  received(): string
  /** Resolves when `text` was read. */
  reads(text: string): Promise<void>
  /** Resolves when so many connections have closed. */
  closed(count: number): Promise<void>
}

/** An answer with a length. */
export const ok = (body = 'ok', head = ''): string =>
  `HTTP/1.1 200 OK\r\n${head}content-length: ${body.length}\r\n\r\n${body}`

/** Starts one; `onData` is called with each chunk read, and how many have been read on that connection. */
export async function startRawServer(
  onData: (socket: net.Socket, chunk: string, count: number) => void,
  { secure = false, onConnection }: { secure?: boolean; onConnection?: (socket: net.Socket) => void } = {},
): Promise<RawServer> {
  let text = ''
  let connections = 0
  let closed = 0
  const sockets = new Set<net.Socket>()
  const waiting = new Set<() => void>()
  const changed = (): void => waiting.forEach((look) => look())
  const until = (done: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!done()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const take = (socket: net.Socket): void => {
    let count = 0
    connections += 1
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      sockets.delete(socket)
      closed += 1
      changed()
    })
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      count += 1
      onData(socket, chunk.toString('latin1'), count)
      changed()
    })
    onConnection?.(socket)
    changed()
  }
  const server = secure ? tls.createServer({ key: TEST_KEY, cert: TEST_CERT }, take) : net.createServer(take)
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as net.AddressInfo).port,
    get connections() {
      return connections
    },
    received: () => text,
    reads: (wanted) => until(() => text.includes(wanted)),
    closed: (count) => until(() => closed >= count),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
