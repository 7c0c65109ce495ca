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
  /**
   * Aborted with the refusal when it ends before its body is whole. A function: V8 gives each object with a getter of its own a
   * layout of its own, which is old from the start and keeps what it points at from the young collector.
   */
  signal(): AbortSignal
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

interface Link extends Exchange {
  older: Link | undefined
  newer: Link | undefined
}

const EXCHANGE = Symbol('exchange')
type Carrier = (IncomingMessage | Socket) & { [EXCHANGE]?: Link | undefined }

/**
 * Makes an empty one. The requests carry their exchange, and those under way are a chain: a Map that many pass through leaves a
 * trail of old tables, and each keeps what stood in it out of reach of the young collector, measured as a third of its work.
 */
export function createExchanges(): Exchanges {
  let oldest: Link | undefined
  let newest: Link | undefined
  let size = 0
  let waiting: (() => void)[] = []

  function finish(exchange: Link): void {
    exchange.end('sender-gone')
    const { older, newer } = exchange
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
    exchange.older = exchange.newer = undefined
    const socket: Carrier = exchange.req.socket
    ;(exchange.req as Carrier)[EXCHANGE] = undefined
    if (socket[EXCHANGE] === exchange) socket[EXCHANGE] = undefined
    size -= 1
    if (size > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  return {
    begin(req, res, facts) {
      // Made only for those that have to wait for something: most have their whole body at once.
      let controller: AbortController | undefined
      let ended: Refusal | undefined
      const exchange: Link = {
        req,
        res,
        ...facts,
        signal() {
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
        older: newest,
        newer: undefined,
      }
      if (newest === undefined) oldest = exchange
      else newest.newer = exchange
      newest = exchange
      size += 1
      ;(req as Carrier)[EXCHANGE] = exchange
      ;(req.socket as Carrier)[EXCHANGE] = exchange
      // Whatever goes wrong with either shows as `close`; an unheard `error` would end the process.
      req.on('error', ignore)
      res.on('error', ignore)
      res.once('close', () => finish(exchange))
      return exchange
    },
    of: (req) => (req as Carrier)[EXCHANGE],
    on: (socket) => (socket as Carrier)[EXCHANGE],
    *all() {
      for (let exchange = oldest; exchange !== undefined;) {
        const { newer } = exchange
        yield exchange
        exchange = newer
      }
    },
    get size() {
      return size
    },
    empty() {
      if (size === 0) return Promise.resolve()
      return new Promise((resolve) => waiting.push(resolve))
    },
  }
}

function ignore(): void {}
