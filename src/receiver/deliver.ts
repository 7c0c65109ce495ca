import type { IncomingMessage } from 'node:http'
import { coerceError } from '../core/errors.ts'
import type { NewDelivery } from '../core/ports.ts'
import type { ReceiverSettings } from '../core/settings.ts'
import type { Facts } from '../core/types.ts'
import type { Admission, Ask, Entry } from './admission.ts'
import { adviceFor, printable } from './advice.ts'
import { FIRST_STEP, readBody, takeWhole } from './body.ts'
import type { Exchange } from './exchange.ts'
import { pathOf, samePath } from './path.ts'
import type { Refusal } from './reasons.ts'
import { findSecret } from './secret.ts'
import type { PostBody, ReceiverDeps, Tuning } from './types.ts'

/** What was decided about one POST. `alert` is for people: what happened and what to change. */
export type Decision =
  | {
      readonly state: 'stored'
      readonly seq: number
      readonly bytes: number
      /** What it is answered with in place of 200. */
      readonly instead?: 'close' | 204 | 503
    }
  | {
      readonly state: 'refused'
      readonly refusal: Refusal
      readonly alert?: { readonly cause: string; readonly message: string }
      readonly facts?: Facts
      readonly error?: Error
      /** Its sender showed the right secret; with the body, where it is at hand. */
      readonly proven?: { readonly body?: Uint8Array | undefined }
    }

/** What the decision needs besides the request. */
export interface DeliverOptions {
  readonly settings: ReceiverSettings
  readonly admission: Admission
  readonly deps: ReceiverDeps
  readonly tuning: Tuning
}

/** Takes one POST: secret, room, body, journal. The life of a delivery up to its answer. */
export async function deliver(exchange: Exchange, options: DeliverOptions): Promise<Decision> {
  const { settings, admission, deps, tuning } = options
  const { req } = exchange
  const declared = declaredLength(req)
  const stranger = checkSender(req, settings, deps)
  if (stranger !== undefined) return stranger.proven ? withBody(stranger.decision, req, declared) : stranger.decision

  if (declared !== undefined && declared > settings.maxBody) return tooLarge(settings, declared)
  const storable = deps.storable()
  if (!storable.ok) {
    return withBody(refused('not-storable', `Deliveries cannot be stored now: ${storable.reason}`), req, declared)
  }

  const ask = { bytes: declared ?? Math.min(FIRST_STEP, settings.maxBody), grows: declared === undefined }
  const now = admission.enterNow(ask)
  const entry =
    now === undefined ? await waitForRoom(exchange, admission, ask) : ({ state: 'granted', ticket: now } as const)
  if (entry.state === 'aborted') return { state: 'refused', refusal: exchange.signal().reason as Refusal }
  if (entry.state === 'timeout') return notAdmitted(settings)
  const { ticket } = entry
  try {
    const whole = await takeWhole(req, declared)
    if (whole !== undefined) {
      exchange.committing = true
      return await store(req, whole, deps)
    }
    const signal = exchange.signal()
    if (exchange.expects && !signal.aborted) exchange.res.writeContinue()
    const limits = { maxBody: settings.maxBody, idle: tuning.bodyIdle, total: tuning.bodyTotal }
    const body = await readBody(req, { ...limits, declared, ticket, signal, clock: deps.clock })
    if (body.state === 'refused') {
      if (body.refusal === 'too-large') return tooLarge(settings)
      return body.refusal === 'not-admitted' ? notAdmitted(settings) : { ...body, proven: {} }
    }
    exchange.committing = true
    return await store(req, body.bytes, deps)
  } finally {
    ticket.release()
  }
}

async function waitForRoom(exchange: Exchange, admission: Admission, ask: Ask): Promise<Entry> {
  const { req } = exchange
  const signal = exchange.signal()
  // Whoever ends its side while it waits is taken as gone. (Bun tells only once the body is read: it is stored if whole.)
  const leave = () => exchange.end('sender-gone')
  req.socket.once('end', leave)
  const entry = await admission.enter(ask, signal)
  req.socket.off('end', leave)
  return entry
}

async function store(req: IncomingMessage, bytes: Uint8Array, deps: ReceiverDeps): Promise<Decision> {
  const encoding = encodingOf(req)
  const contentType = req.headers['content-type']
  const delivery: NewDelivery = {
    bytes,
    receivedAt: deps.clock.now(),
    ...(encoding !== undefined && { encoding }),
    ...(contentType !== undefined && { contentType }),
  }
  try {
    const { seq } = await deps.append(delivery)
    const instead = deps.instead?.(() => toBody(req, bytes))
    return { state: 'stored', seq, bytes: bytes.byteLength, ...(instead !== undefined && { instead }) }
  } catch (thrown) {
    const message =
      'A delivery could not be stored and was not acknowledged; Bevy tries again. See the log for the error.'
    const error = coerceError(thrown)
    return { ...refused('append-failed', message, { bytes: bytes.byteLength }), error, proven: { body: bytes } }
  }
}

/** A body that came with the head is kept with the refusal, to be known again; no other is waited for. */
async function withBody(
  decision: Decision & { state: 'refused' },
  req: IncomingMessage,
  declared: number | undefined,
): Promise<Decision> {
  return { ...decision, proven: { body: await takeWhole(req, declared) } }
}

/** A body as it came. */
export function toBody(req: IncomingMessage, bytes: Uint8Array): PostBody {
  const simulated = req.headers['user-agent']?.startsWith('bevy-bridge') === true
  return { bytes, encoding: encodingOf(req), simulated }
}

function encodingOf(req: IncomingMessage): string | undefined {
  const encoding = (req.headers['content-encoding'] ?? '').trim().toLowerCase()
  return encoding === '' || encoding === 'identity' ? undefined : encoding
}

interface Stranger {
  readonly decision: Decision & { state: 'refused' }
  /** The right secret stood somewhere: it is the sender we wait for, with a mistake in its settings. */
  readonly proven: boolean
}

/** Undefined when the sender is who we wait for, on the right path. */
function checkSender(req: IncomingMessage, settings: ReceiverSettings, deps: ReceiverDeps): Stranger | undefined {
  const secrets = deps.secrets()
  const finding = findSecret(req.rawHeaders, settings.secretHeader, secrets)
  if (finding.state === 'right') deps.used?.(finding.place)
  const path = pathOf(req.url)
  const rightPath = samePath(path, settings.path)
  if (rightPath && finding.state === 'right') return undefined
  const advice = adviceFor(settings)
  if (!rightPath) {
    const shown = printable(path, secrets)
    // A stranger's scan must not use up the alert that helps with Bevy's own mistake, so the two have causes of their own.
    const known = finding.state === 'right' || finding.state === 'elsewhere'
    const message = known ? advice.wrongPath(shown) : advice.unknownPost(shown)
    const alert = { cause: known ? 'refused:wrong-path' : 'refused:unknown-post', message }
    const facts = { path: shown, secret: finding.state }
    return { decision: { state: 'refused', refusal: 'wrong-path', alert, facts }, proven: known }
  }
  switch (finding.state) {
    case 'right':
      return undefined
    case 'none':
      return { decision: refused('no-secret', advice.noSecret()), proven: false }
    case 'wrong':
      return { decision: refused('wrong-secret', advice.wrongSecret()), proven: false }
    case 'elsewhere':
      return {
        decision: refused('wrong-header', advice.wrongHeader(finding.header, finding.prefixed), {
          header: finding.header,
        }),
        proven: true,
      }
  }
}

function refused(refusal: Refusal, message: string, facts?: Facts): Decision & { state: 'refused' } {
  return { state: 'refused', refusal, alert: { cause: `refused:${refusal}`, message }, ...(facts && { facts }) }
}

function tooLarge(settings: ReceiverSettings, declared?: number): Decision {
  const facts = declared === undefined ? undefined : { declared }
  return { ...refused('too-large', adviceFor(settings).tooLarge(), facts), proven: {} }
}

function notAdmitted(settings: ReceiverSettings): Decision {
  const message =
    `A delivery waited ${settings.admissionTimeout / 1000} s for room in memory and was not taken; Bevy tries again. If this ` +
    'lasts, look at the speed of the disk, or raise receiver.maxInFlight.'
  return { ...refused('not-admitted', message), proven: {} }
}

function declaredLength(req: IncomingMessage): number | undefined {
  if (req.headers['transfer-encoding'] !== undefined) return undefined
  return Number(req.headers['content-length'] ?? 0)
}
