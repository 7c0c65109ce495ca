import type { IncomingMessage } from 'node:http'
import type { Clock } from '../core/ports.ts'
import type { Ticket } from './admission.ts'
import type { Refusal } from './reasons.ts'

/** Room asked for first for a body of unknown length; later steps double what it holds. */
export const FIRST_STEP = 65_536
const SMALL = 8192

/** What became of a body. */
export type BodyOutcome =
  | { readonly state: 'whole'; readonly bytes: Uint8Array }
  | { readonly state: 'refused'; readonly refusal: Refusal }

/** How a body is read. Times in milliseconds. */
export interface BodyOptions {
  /** From Content-Length; undefined for chunked bodies. */
  readonly declared: number | undefined
  readonly maxBody: number
  readonly ticket: Ticket
  /** Aborted with a `Refusal` as its reason when the request ends otherwise. */
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly idle: number
  readonly total: number
}

/**
 * The body, when all of it came together with the head, as most do; else undefined, and nothing was read. As in `readBody`, it holds
 * no larger network buffer.
 */
export async function takeWhole(req: IncomingMessage, declared: number | undefined): Promise<Uint8Array | undefined> {
  // The parser tells of the head before it goes on to the body.
  await undefined
  if (declared === undefined || declared === 0 || req.readableLength !== declared) return undefined
  const read = req.read() as Buffer
  // What the network read at once is in most cases this request alone.
  const bytes = read.buffer.byteLength <= 2 * declared + SMALL ? read : Buffer.from(read)
  // On to its end, which has nothing more to bring.
  req.resume()
  return bytes
}

/**
 * Reads a body as raw bytes into room of its own, so that no small piece holds a larger network buffer. Never rejects, and
 * leaves the connection open: closing it is the caller's.
 */
export function readBody(req: IncomingMessage, options: BodyOptions): Promise<BodyOutcome> {
  const { declared, maxBody, ticket, signal, clock } = options
  const segments: Buffer[] = [Buffer.allocUnsafeSlow(declared ?? ticket.held())]
  let filled = 0
  let length = 0
  const started = clock.monotonic()
  let progress = started
  let busy = false
  let ended = false

  return new Promise((resolve) => {
    let cancelTimer: () => void = () => {}

    function arm(): () => void {
      const now = clock.monotonic()
      const due = Math.min(busy ? Infinity : progress + options.idle, started + options.total)
      if (due <= now) {
        finish({ state: 'refused', refusal: 'slow-body' })
        return () => {}
      }
      return clock.timer(Math.min(due - now, options.idle), () => {
        cancelTimer = arm()
      })
    }

    function finish(outcome: BodyOutcome): void {
      if (ended) return
      ended = true
      cancelTimer()
      req.off('data', onData).off('end', onEnd).off('close', giveUp)
      signal.removeEventListener('abort', giveUp)
      ticket.settle()
      resolve(outcome)
    }

    function onData(chunk: Buffer): void {
      progress = clock.monotonic()
      if (length + chunk.length > maxBody) return finish({ state: 'refused', refusal: 'too-large' })
      const rest = put(chunk)
      if (rest.length === 0) return
      req.pause()
      busy = true
      void makeRoom(rest).then((granted) => {
        busy = false
        progress = clock.monotonic()
        if (granted) req.resume()
        else finish({ state: 'refused', refusal: refusalOf(signal) ?? 'not-admitted' })
      })
    }

    function put(chunk: Buffer): Buffer {
      const room = segments.at(-1)
      if (room === undefined) return chunk
      const copied = chunk.copy(room, filled)
      filled += copied
      length += copied
      return chunk.subarray(copied)
    }

    async function makeRoom(rest: Buffer): Promise<boolean> {
      while (rest.length > 0) {
        const step = Math.min(Math.max(FIRST_STEP, ticket.held()), maxBody - length)
        const granted = await ticket.grow(step, signal)
        if (granted.state !== 'granted' || ended) return false
        segments.push(Buffer.allocUnsafeSlow(step))
        filled = 0
        rest = put(rest)
      }
      return true
    }

    function onEnd(): void {
      if (!req.complete) return giveUp()
      const only = segments.length === 1 ? segments[0] : undefined
      finish({ state: 'whole', bytes: only?.subarray(0, length) ?? Buffer.concat(segments, length) })
    }

    function giveUp(): void {
      finish({ state: 'refused', refusal: refusalOf(signal) ?? 'sender-gone' })
    }

    signal.addEventListener('abort', giveUp)
    if (signal.aborted) return giveUp()
    cancelTimer = arm()
    req.on('end', onEnd).on('close', giveUp).on('data', onData)
    // A sender that went away while it waited has said so already.
    if (req.destroyed) giveUp()
  })
}

function refusalOf(signal: AbortSignal): Refusal | undefined {
  return signal.aborted ? (signal.reason as Refusal) : undefined
}
