import net from 'node:net'
import tls from 'node:tls'

/** A connection that says and reads raw bytes. */
export interface RawClient {
  readonly socket: net.Socket
  /** All bytes read so far, as latin1. */
  readonly got: string
  readonly closed: boolean
  write(bytes: string | Uint8Array): void
  /** Resolves with all bytes read once the other side has closed or reset the connection. */
  end(): Promise<string>
  /** Resolves once the bytes read match. Rejects when the connection closes before. */
  reads(pattern: RegExp): Promise<string>
}

/** Connects to 127.0.0.1; `secure` for TLS with any certificate, `halfOpen` to keep reading after the other side ends. */
export async function dial(
  port: number,
  { secure = false, halfOpen = false }: { secure?: boolean; halfOpen?: boolean } = {},
): Promise<RawClient> {
  const target = { port, host: '127.0.0.1', allowHalfOpen: halfOpen }
  const socket = secure ? tls.connect({ ...target, rejectUnauthorized: false }) : net.connect(target)
  let got = ''
  let closed = false
  const waiting = new Set<() => void>()
  const changed = (): void => waiting.forEach((look) => look())
  socket.on('data', (chunk: Buffer) => {
    got += chunk.toString('latin1')
    changed()
  })
  // A reset is a closed connection too.
  socket.on('error', () => {})
  socket.on('close', () => {
    closed = true
    changed()
  })
  await new Promise<void>((resolve, reject) => {
    socket.once(secure ? 'secureConnect' : 'connect', () => resolve())
    socket.once('error', reject)
  })
  const until = (done: () => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!done() && !closed) return
        waiting.delete(look)
        if (done()) resolve(got)
        else reject(new Error(`the connection closed after ${JSON.stringify(got)}`))
      }
      waiting.add(look)
      look()
    })
  return {
    socket,
    get got() {
      return got
    },
    get closed() {
      return closed
    },
    write: (bytes) => void socket.write(bytes),
    end: () => until(() => closed),
    reads: (pattern) => until(() => pattern.test(got)),
  }
}

/** The head of a request; `undefined` leaves a header out. */
export function head(request: string, headers: Readonly<Record<string, string | number | undefined>> = {}): string {
  const lines = Object.entries({ Host: 'localhost', ...headers }).filter(([, value]) => value !== undefined)
  return `${request} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Sends bytes and reads until the connection closes. */
export async function exchange(port: number, bytes: string | Uint8Array, secure = false): Promise<string> {
  const client = await dial(port, { secure })
  client.write(bytes)
  return client.end()
}
