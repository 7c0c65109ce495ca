import { STATUS_CODES, type IncomingMessage } from 'node:http'
import { H3, type H3Event } from 'h3'
import type { Exchange } from './exchange.ts'
import type { Decision } from './deliver.ts'
import { pathOf, samePath } from './path.ts'
import { isUnproven, statusOf, type Reason } from './reasons.ts'
import type { Report } from './report.ts'
import type { Answer } from './types.ts'
import type { Facts } from '../core/types.ts'

/** What the handler works with. Functions, because a reload changes what they give. */
export interface HandlerOptions {
  exchangeOf(event: H3Event): Exchange | undefined
  decide(exchange: Exchange): Promise<Decision>
  path(): string
  refuse(): 'close' | 'status'
  ready(): boolean
  draining(): boolean
  deliveryId(seq: number): string
  linger(exchange: Exchange): void
  monotonic(): number
  /** A sender with the right secret was not answered 200. */
  refused?(exchange: Exchange, answer: 'close' | number, body: Uint8Array | undefined): void
  readonly report: Report
}

type Status = Exclude<Answer, 'closed'>

/** The h3 app: routes, and how each decision is answered. A POST gets `200` or nothing, except where `refuse` is `status`. */
export function createHandler(options: HandlerOptions): H3 {
  const { report } = options

  // h3 must neither print nor answer by itself: malformed paths come here too, and what goes wrong goes to `fail`.
  const app = new H3({ silent: true, allowMalformedURL: true, onError: fail })
  const alive = (event: H3Event) => health(event, true)
  const ready = (event: H3Event) => health(event, options.ready() && !options.draining())
  app.get('/healthz', alive).on('HEAD', '/healthz', alive)
  app.get('/readyz', ready).on('HEAD', '/readyz', ready)
  app.post('/**', async (event) => {
    const exchange = options.exchangeOf(event)
    if (exchange === undefined) return lost(event)
    return answer(event, exchange, await options.decide(exchange))
  })
  app.all('/**', other)
  return app

  function answer(event: H3Event, exchange: Exchange, decision: Decision): unknown {
    if (decision.state === 'stored') {
      const { seq, bytes } = decision
      const gone = exchange.res.destroyed || exchange.req.socket.destroyed
      if (gone) {
        write(exchange, 'closed', 'stored-sender-gone', { bytes, seq })
        return close(exchange)
      }
      if (decision.instead !== undefined) return probed(event, exchange, decision.instead, { bytes, seq })
      write(exchange, '200', 'stored', { bytes, seq })
      return acknowledge(exchange, options.deliveryId(seq))
    }
    const { refusal, alert, facts, error, proven } = decision
    const status = options.refuse() === 'status' && !exchange.req.socket.destroyed ? statusOf(refusal) : undefined
    const line = {
      answer: status === undefined ? 'closed' : (`${status}` as Status),
      reason: refusal,
      address: exchange.address,
      facts: { ms: elapsed(exchange), ...facts },
      ...(error && { error }),
    } as const
    const heard = isUnproven(refusal) ? report.stranger(line) : (report.request(line), true)
    if (heard && alert !== undefined) report.alert(alert.cause, alert.message)
    // An address that keeps failing gets no status either.
    const closes = status === undefined || !heard
    if (proven !== undefined) options.refused?.(exchange, closes ? 'close' : status, proven.body)
    if (closes) return close(exchange)
    return reply(event, exchange, status, { error: refusal })
  }

  /** Stored, and answered otherwise on purpose: somebody wants to know what Bevy does then. */
  function probed(event: H3Event, exchange: Exchange, given: 'close' | 204 | 503, facts: Facts): unknown {
    write(exchange, given === 'close' ? 'closed' : `${given}`, 'probe', facts)
    if (given === 'close') return close(exchange)
    if (given !== 204) return reply(event, exchange, given, { error: 'probe' })
    event.res.status = given
    return null
  }

  function health(event: H3Event, well: boolean): unknown {
    const exchange = options.exchangeOf(event)
    if (exchange === undefined) return lost(event)
    write(exchange, well ? '200' : '503', 'health')
    return reply(event, exchange, well ? 200 : 503, { ok: well })
  }

  function other(event: H3Event): unknown {
    const exchange = options.exchangeOf(event)
    if (exchange === undefined) return lost(event)
    const known = samePath(pathOf(exchange.req.url), options.path())
    write(exchange, known ? '405' : '404', known ? 'method' : 'not-found', { method: exchange.req.method })
    if (known) event.res.headers.set('allow', 'POST')
    return reply(event, exchange, known ? 405 : 404, { error: known ? 'method' : 'not-found' })
  }

  function fail(thrown: unknown, event: H3Event): unknown {
    const exchange = options.exchangeOf(event)
    if (exchange === undefined) return lost(event)
    const post = exchange.req.method === 'POST'
    const error = thrown instanceof Error ? thrown : new Error('the handler failed', { cause: thrown })
    const facts = { ms: elapsed(exchange) }
    const said = { reason: 'internal', address: exchange.address, facts, error } as const
    report.request({ ...said, answer: post ? 'closed' : '500' })
    return post ? close(exchange) : reply(event, exchange, 500, { error: 'internal' })
  }

  function write(exchange: Exchange, given: Answer, reason: Reason, facts?: Facts): void {
    report.request({ answer: given, reason, address: exchange.address, facts: { ms: elapsed(exchange), ...facts } })
  }

  function reply(event: H3Event, exchange: Exchange, status: number, body: Readonly<Record<string, unknown>>): unknown {
    event.res.status = status
    event.res.statusText = STATUS_CODES[status] ?? ''
    const text = JSON.stringify(body)
    event.res.headers.set('content-type', 'application/json')
    event.res.headers.set('content-length', String(Buffer.byteLength(text)))
    event.res.headers.set('cache-control', 'no-store')
    // A sender that was not told to go on may still send its body or not: the connection cannot be used again.
    const unread = !exchange.req.complete
    if (options.draining() || (unread && exchange.expects)) event.res.headers.set('connection', 'close')
    if (unread) options.linger(exchange)
    return text
  }

  /** Straight to the connection: the answer of every delivery is worth the shorter way. */
  function acknowledge({ res }: Exchange, id: string): Promise<never> {
    const text = JSON.stringify({ id })
    const length = ['content-length', String(Buffer.byteLength(text))]
    res.writeHead(200, [...ACKNOWLEDGED, ...length, ...(options.draining() ? ['connection', 'close'] : [])])
    res.end(text)
    return new Promise(() => {})
  }

  function elapsed(exchange: Exchange): number {
    return Math.round(options.monotonic() - exchange.started)
  }
}

const ACKNOWLEDGED = ['content-type', 'application/json', 'cache-control', 'no-store']

/** Closes without a byte. h3 waits for an answer that never comes, and writes none. */
function close(exchange: Exchange): Promise<never> {
  exchange.req.socket.destroy()
  return new Promise(() => {})
}

/** A request whose connection has closed meanwhile. */
function lost(event: H3Event): Promise<never> {
  ;(event.runtime?.node?.req as IncomingMessage | undefined)?.socket.destroy()
  return new Promise(() => {})
}
