import { toNodeHandler } from 'h3/node'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { coerceError } from '../core/errors.ts'
import type { ReceiverSettings } from '../core/settings.ts'
import { addressOf, compileProxies } from './address.ts'
import { createAdmission } from './admission.ts'
import { deliver, toBody, type Decision } from './deliver.ts'
import { createExchanges, type Exchange } from './exchange.ts'
import { createHandler } from './handler.ts'
import { reasonOfFault } from './reasons.ts'
import { createReport } from './report.ts'
import { listen, type ServerEvents } from './listener.ts'
import { createPressure } from './pressure.ts'
import { loadPair, watchPair, type Pair } from './tls.ts'
import { DEFAULT_TUNING, type Receiver, type ReceiverDeps, type Tuning } from './types.ts'

export type { Receiver, ReceiverDeps, ReceiverStats } from './types.ts'

/**
 * Starts the receiver. Rejects with `ERR_RECEIVER_LISTEN`, `ERR_RECEIVER_TLS` or `ERR_RECEIVER_PROXIES`.
 * `tuning` is for tests.
 */
export async function createReceiver(
  initial: ReceiverSettings,
  deps: ReceiverDeps,
  tuning: Tuning = DEFAULT_TUNING,
): Promise<Receiver> {
  const { clock, log } = deps
  let settings = initial
  let isTrusted = compileProxies(initial.trustedProxies)
  const pair = initial.tls && (await loadPair(initial.tls))
  const report = createReport(deps)
  const exchanges = createExchanges()
  const pressure = createPressure(clock.monotonic)
  const admission = createAdmission({ ...admissionLimits(initial), clock })
  let draining: Promise<void> | undefined
  let endDrain = () => {}

  const app = createHandler({
    exchangeOf: (event) => exchanges.of(event.runtime?.node?.req as IncomingMessage),
    decide,
    path: () => settings.path,
    refuse: () => settings.refuse,
    ready: () => deps.ready().ok,
    draining: () => draining !== undefined,
    deliveryId: deps.deliveryId,
    linger,
    monotonic: clock.monotonic,
    refused({ req, started }, answer, body) {
      const took = clock.monotonic() - started
      deps.refused?.({ answer, took, ...(body !== undefined && { body: toBody(req, body) }) })
    },
    report,
  })
  const handle = toNodeHandler(app) as (req: IncomingMessage, res: ServerResponse) => unknown

  async function decide(exchange: Exchange): Promise<Decision> {
    if (draining !== undefined) return { state: 'refused', refusal: 'draining' }
    const decision = await deliver(exchange, { settings, admission, deps, tuning })
    if (decision.state === 'stored') listener.prove(exchange.req.socket)
    return decision
  }

  /** Throws away what is left of a body that was answered already, for a while, so that the sender reads the answer. */
  function linger({ req, res }: Exchange): void {
    res.once('close', () => {
      if (req.complete || req.socket.destroyed) return
      req.resume()
      const cancel = clock.timer(tuning.linger, () => {
        if (!req.complete) req.socket.destroy()
      })
      req.once('close', cancel)
    })
  }

  function origin(req: IncomingMessage): string {
    return addressOf(req.socket.remoteAddress, req.headers['x-forwarded-for']?.toString(), isTrusted)
  }

  const events: ServerEvents = {
    request(req, res, expects) {
      pressure.note()
      const exchange = exchanges.begin(req, res, { address: origin(req), started: clock.monotonic(), expects })
      const failed = (thrown: unknown) => {
        const error = coerceError(thrown)
        report.request({ answer: 'closed', reason: 'internal', address: exchange.address, error })
        req.socket.destroy()
      }
      try {
        Promise.resolve(handle(req, res)).catch(failed)
      } catch (thrown) {
        failed(thrown)
      }
    },
    fault(code, socket) {
      const refusal = reasonOfFault(code)
      const exchange = exchanges.on(socket)
      if (exchange !== undefined) exchange.end(refusal ?? 'sender-gone')
      else if (refusal !== undefined) {
        const address = addressOf(socket.remoteAddress, undefined, isTrusted)
        report.stranger({ answer: 'closed', reason: refusal, address, facts: { code } })
      }
    },
    expectation: (req) => {
      report.stranger({ answer: 'closed', reason: 'expectation', address: origin(req) })
    },
    busy: (socket) => exchanges.on(socket) !== undefined,
    dropped: (peer) => {
      const address = addressOf(peer, undefined, isTrusted)
      report.stranger({ answer: 'closed', reason: 'too-many-connections', address })
    },
  }

  const { host, port } = initial
  const listener = await listen({ host, port, pair, tuning, events })
  const scheme = pair === undefined ? 'http' : 'https'
  const shown = listener.address.includes(':') ? `[${listener.address}]` : listener.address
  let stopWatching = watch(pair)

  function watch(current: Pair | undefined): () => void {
    const files = settings.tls
    if (files === undefined || current === undefined) return () => {}
    const onError = (error: unknown) => {
      log.error('certificate not taken over; the old one stays', { cert: files.cert }, error)
      deps.alerts.raise({ cause: 'receiver:tls', subject: 'receiver', message: coerceError(error).message })
    }
    const onPair = (changed: Pair) => {
      listener.swap(changed).then(() => log.info('certificate taken over', { cert: files.cert }), onError)
    }
    return watchPair(files, current, { clock, interval: tuning.tlsPoll, onPair, onError })
  }

  async function end(): Promise<void> {
    stopWatching()
    for (const exchange of exchanges.all()) exchange.end('draining')
    await listener.closeAll()
  }

  async function drain(deadlineMs: number): Promise<void> {
    listener.stopAccepting()
    for (const exchange of exchanges.all()) exchange.end('draining')
    log.info('receiver draining', { underWay: exchanges.size })
    const cut = new Promise<void>((resolve) => {
      const cancel = clock.timer(deadlineMs, resolve)
      endDrain = () => {
        cancel()
        resolve()
      }
    })
    await Promise.race([exchanges.empty(), cut])
    if (exchanges.size > 0) log.warn('receiver closed with requests under way', { underWay: exchanges.size })
    endDrain()
    await end()
  }

  return {
    get url() {
      return `${scheme}://${shown}:${listener.port}${settings.path}`
    },
    address: listener.address,
    port: listener.port,
    async reload(changed) {
      const trusted = compileProxies(changed.trustedProxies)
      const fresh = changed.tls && (await loadPair(changed.tls))
      const fixed =
        changed.host !== initial.host || changed.port !== initial.port || (fresh === undefined) !== (pair === undefined)
      if (fixed) log.warn('host, port, and TLS on or off change only with a restart', {})
      if (fresh !== undefined && pair !== undefined) await listener.swap(fresh)
      settings = changed
      isTrusted = trusted
      admission.configure(admissionLimits(changed))
      stopWatching()
      stopWatching = watch(pair && fresh)
    },
    drain: (deadlineMs) => (draining ??= drain(deadlineMs)),
    async stop() {
      draining ??= Promise.resolve()
      endDrain()
      await end()
    },
    get busy() {
      return pressure.high
    },
    stats: () => ({
      requests: report.counts(),
      bytesInFlight: admission.inFlight,
      waiting: admission.waiting,
      underWay: exchanges.size,
    }),
  }
}

function admissionLimits(settings: ReceiverSettings) {
  return { capacity: settings.maxInFlight, maxBody: settings.maxBody, timeout: settings.admissionTimeout }
}
