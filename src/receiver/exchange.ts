import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Refusal } from './reasons.ts'

/** One request under way, from its head to the end of its answer. */
export interface Exchange {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Where it came from, behind trusted proxies. */
  readonly address: string
  /** Monotonic milliseconds. */
  readonly started: number
  /** The sender waits for `100 Continue` before it sends the body. */
  readonly expects: boolean
  readonly signal: AbortSignal
  /** The body is whole and on its way into the journal: from here on it is answered whatever happens. */
  committing: boolean
  /** Ends it before its body is whole; later, and a second time, this does nothing. */
  end(refusal: Refusal): void
}

/** The requests under way. */
export interface Exchanges {
  begin(req: IncomingMessage, res: ServerResponse, facts: Pick<Exchange, 'address' | 'started' | 'expects'>): Exchange
  of(req: IncomingMessage): Exchange | undefined
  /** The newest on this connection that is still under way. */
  on(socket: Socket): Exchange | undefined
  all(): Iterable<Exchange>
  readonly size: number
  /** Resolves when none is under way. */
  empty(): Promise<void>
}

/** Makes an empty one. */
export function createExchanges(): Exchanges {
  const byRequest = new Map<IncomingMessage, Exchange>()
  const bySocket = new WeakMap<Socket, Exchange>()
  let waiting: (() => void)[] = []

  function finish(exchange: Exchange): void {
    exchange.end('sender-gone')
    byRequest.delete(exchange.req)
    if (byRequest.size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  return {
    begin(req, res, facts) {
      // Made only for those that have to wait for something: most have their whole body at once.
      let controller: AbortController | undefined
      let ended: Refusal | undefined
      const exchange: Exchange = {
        req,
        res,
        ...facts,
        get signal() {
          if (controller === undefined) {
            controller = new AbortController()
            if (ended !== undefined) controller.abort(ended)
          }
          return controller.signal
        },
        committing: false,
        end(refusal) {
          if (exchange.committing || ended !== undefined) return
          ended = refusal
          controller?.abort(refusal)
        },
      }
      byRequest.set(req, exchange)
      bySocket.set(req.socket, exchange)
      // Whatever goes wrong with either shows as `close`; an unheard `error` would end the process.
      req.on('error', () => {})
      res.on('error', () => {})
      res.once('close', () => finish(exchange))
      return exchange
    },
    of: (req) => byRequest.get(req),
    on(socket) {
      const exchange = bySocket.get(socket)
      return exchange !== undefined && byRequest.has(exchange.req) ? exchange : undefined
    },
    all: () => byRequest.values(),
    get size() {
      return byRequest.size
    },
    empty() {
      if (byRequest.size === 0) return Promise.resolve()
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}
