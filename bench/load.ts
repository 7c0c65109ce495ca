/**
 * The load generator, a process of its own: raw sockets with keep-alive, request bytes made beforehand, answers only counted.
 * Takes one order at a time over the channel to its parent.
 */

import net from 'node:net'
import { makeRequest, type Request } from './bodies.ts'

/** What is to be sent. */
export interface LoadOrder {
  readonly port: number
  readonly path: string
  readonly secret: string
  readonly connections: number
  /** Records in a body. */
  readonly records: number
  readonly population: number
  /** Number of the first delivery: no state is sent twice. */
  readonly firstTurn: number
  /** Ends after so many milliseconds, or after so many requests. */
  readonly until: { readonly ms: number } | { readonly requests: number }
  /** Requests a second, spread evenly; as fast as answers come where absent. */
  readonly pace?: number | undefined
}

/** What came of it. Times in milliseconds. */
export interface LoadResult {
  readonly answered: number
  readonly elapsed: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** CPU time of the generator itself: near `elapsed`, it was the bottleneck. */
  readonly cpu: number
  readonly nextTurn: number
}

interface Connection {
  readonly socket: net.Socket
  readonly request: Request
  /** When the request under way was due; 0 when idle. */
  since: number
}

const OK = Buffer.from('HTTP/1.1 200')
const END_OF_HEAD = Buffer.from('\r\n\r\n')

process.on('message', (order: LoadOrder) => {
  run(order).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})
process.on('disconnect', () => process.exit())

async function run(order: LoadOrder): Promise<LoadResult> {
  const sockets = await Promise.all(Array.from({ length: order.connections }, () => connect(order.port)))
  const cpuBefore = process.cpuUsage()
  const began = performance.now()
  const latencies: number[] = []
  let turn = order.firstTurn
  let left = 'requests' in order.until ? order.until.requests : Infinity
  const deadline = 'ms' in order.until ? began + order.until.ms : Infinity

  await new Promise<void>((resolve, reject) => {
    const idle: Connection[] = []
    const due: number[] = []
    let open = sockets.length
    let pacer: NodeJS.Timeout | undefined

    const finish = (connection: Connection): void => {
      connection.socket.end()
      if (--open > 0) return
      clearInterval(pacer)
      resolve()
    }
    const send = (connection: Connection, since: number): void => {
      left -= 1
      connection.since = since
      connection.request.turnTo(turn++)
      connection.socket.write(connection.request.bytes)
    }
    const next = (connection: Connection): void => {
      if (left <= 0 || performance.now() >= deadline) return finish(connection)
      if (order.pace === undefined) return send(connection, performance.now())
      const since = due.shift()
      if (since === undefined) idle.push(connection)
      else send(connection, since)
    }

    for (const socket of sockets) {
      const connection: Connection = { socket, request: makeRequest(order), since: 0 }
      socket.on('error', reject)
      readAnswers(socket, (ok) => {
        if (!ok) return reject(new Error('an answer was not 200'))
        latencies.push(performance.now() - connection.since)
        next(connection)
      })
      socket.on('close', () => {
        if (connection.since !== 0 && open > 0 && !socket.writableEnded) reject(new Error('a connection was closed'))
      })
      next(connection)
    }

    if (order.pace !== undefined) {
      const { pace } = order
      let scheduled = 0
      pacer = setInterval(() => {
        const now = performance.now()
        if (now >= deadline) {
          for (const connection of idle.splice(0)) finish(connection)
          return
        }
        for (; scheduled < ((now - began) * pace) / 1000; scheduled++) {
          const connection = idle.pop()
          const at = began + (scheduled * 1000) / pace
          if (connection === undefined) due.push(at)
          else send(connection, at)
        }
      }, 1)
    }
  })

  const elapsed = performance.now() - began
  const { user, system } = process.cpuUsage(cpuBefore)
  const sorted = Float64Array.from(latencies).sort()
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
  return {
    answered: sorted.length,
    elapsed,
    p50: at(0.5),
    p99: at(0.99),
    p999: at(0.999),
    cpu: (user + system) / 1000,
    nextTurn: turn,
  }
}

function connect(port: number): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket))
    socket.once('error', reject)
  })
}

/** Calls `onAnswer` for each whole answer. An answer has a Content-Length, or is chunked and ends with an empty chunk. */
function readAnswers(socket: net.Socket, onAnswer: (ok: boolean) => void): void {
  let held: Buffer | undefined
  socket.on('data', (chunk: Buffer) => {
    const bytes = held === undefined ? chunk : Buffer.concat([held, chunk])
    held = undefined
    const head = bytes.indexOf(END_OF_HEAD)
    const end = head === -1 ? -1 : endOf(bytes, head)
    // One request is under way at a time, so nothing can stand behind the answer.
    if (end === -1 || bytes.length < end) held = bytes
    else onAnswer(bytes.subarray(0, OK.length).equals(OK))
  })
}

function endOf(bytes: Buffer, head: number): number {
  const length = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, head))?.[1]
  if (length !== undefined) return head + END_OF_HEAD.length + Number(length)
  return bytes.subarray(-5).equals(Buffer.from('0\r\n\r\n')) ? bytes.length : -1
}
