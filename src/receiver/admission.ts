import type { Clock } from '../core/ports.ts'

/** Bounds of the admission. `capacity` below `maxBody` counts as `maxBody`: one body of the largest size always fits. */
export interface AdmissionLimits {
  /** Bytes of bodies held at once. */
  readonly capacity: number
  /** Bytes of one body. */
  readonly maxBody: number
  /** Milliseconds one body may wait for room, all its waits together. */
  readonly timeout: number
}

/** Room promised to one body. */
export interface Ticket {
  held(): number
  /** Asks for more room for a body of unknown length. */
  grow(bytes: number, signal: AbortSignal): Promise<Granted>
  /** The body is whole and asks for nothing more. */
  settle(): void
  /** Gives all back; a second call does nothing. */
  release(): void
}

/** How a wait for room ended. */
export type Granted = { readonly state: 'granted' } | { readonly state: 'timeout' } | { readonly state: 'aborted' }

/** First come, first served room for bodies in memory. */
export interface Admission {
  /** Asks for room for a body. */
  enter(ask: Ask, signal: AbortSignal): Promise<Entry>
  /** The same where there is room at once and nobody waits; else undefined. */
  enterNow(ask: Ask): Ticket | undefined
  configure(limits: AdmissionLimits): void
  /** Bytes promised now. */
  readonly inFlight: number
  /** Bodies that wait for room now. */
  readonly waiting: number
}

/** Room wanted for a body: all of it where its length is declared, else a first step that may `grow`. */
export interface Ask {
  readonly bytes: number
  readonly grows: boolean
}

/** What came of `enter`. */
export type Entry = { readonly state: 'granted'; readonly ticket: Ticket } | Exclude<Granted, { state: 'granted' }>

interface Slot {
  held: number
  grows: boolean
  /** Milliseconds it may still wait. */
  patience: number
}

interface Waiter {
  readonly slot: Slot
  readonly bytes: number
  readonly wake: (granted: Granted) => void
}

/**
 * Makes one. Bodies of declared length hold all they need and so always finish. Bodies of unknown length grow in steps, and
 * could all hold a part and wait for each other for ever; so room is given to them only as long as the largest of them could
 * still reach `maxBody`: all growing bodies but the largest together hold at most `capacity - maxBody`.
 */
export function createAdmission(initial: AdmissionLimits & { readonly clock: Clock }): Admission {
  const { clock } = initial
  let limits: AdmissionLimits = initial
  const growers = new Set<Slot>()
  const entering: Waiter[] = []
  const growing: Waiter[] = []
  let inFlight = 0

  const capacity = () => Math.max(limits.capacity, limits.maxBody)

  function fits(slot: Slot, bytes: number): boolean {
    if (inFlight + bytes > capacity()) return false
    if (!slot.grows) return true
    let sum = slot.held + bytes
    let largest = sum
    for (const other of growers) {
      if (other === slot) continue
      sum += other.held
      largest = Math.max(largest, other.held)
    }
    return sum - largest <= capacity() - limits.maxBody
  }

  function give(slot: Slot, bytes: number): void {
    if (slot.grows) growers.add(slot)
    slot.held += bytes
    inFlight += bytes
  }

  function pump(): void {
    for (const waiter of growing.slice()) {
      if (fits(waiter.slot, waiter.bytes)) take(growing, waiter)
    }
    // Bodies that came later must not eat what those already begun wait for.
    while (growing.length === 0) {
      const next = entering[0]
      if (next === undefined || !fits(next.slot, next.bytes)) return
      take(entering, next)
    }
  }

  function take(queue: Waiter[], waiter: Waiter): void {
    queue.splice(queue.indexOf(waiter), 1)
    give(waiter.slot, waiter.bytes)
    waiter.wake({ state: 'granted' })
  }

  function wait(queue: Waiter[], slot: Slot, bytes: number, signal: AbortSignal): Promise<Granted> {
    if (signal.aborted) return Promise.resolve({ state: 'aborted' })
    return new Promise((resolve) => {
      const since = clock.monotonic()
      const leave = (granted: Granted) => {
        const at = queue.indexOf(waiter)
        if (at !== -1) queue.splice(at, 1)
        waiter.wake(granted)
        pump()
      }
      const onAbort = () => leave({ state: 'aborted' })
      const cancel = clock.timer(Math.max(0, slot.patience), () => leave({ state: 'timeout' }))
      const waiter: Waiter = {
        slot,
        bytes,
        wake(granted) {
          cancel()
          signal.removeEventListener('abort', onAbort)
          slot.patience -= clock.monotonic() - since
          resolve(granted)
        },
      }
      signal.addEventListener('abort', onAbort)
      queue.push(waiter)
      pump()
    })
  }

  function ticketOf(slot: Slot): Ticket {
    return {
      held: () => slot.held,
      grow: (bytes, signal) => wait(growing, slot, bytes, signal),
      settle() {
        slot.grows = false
        growers.delete(slot)
        pump()
      },
      release() {
        if (slot.held === 0) return
        growers.delete(slot)
        inFlight -= slot.held
        slot.held = 0
        pump()
      },
    }
  }

  return {
    async enter(ask, signal) {
      const slot: Slot = { held: 0, grows: ask.grows, patience: limits.timeout }
      const granted = await wait(entering, slot, ask.bytes, signal)
      return granted.state === 'granted' ? { state: 'granted', ticket: ticketOf(slot) } : granted
    },
    enterNow(ask) {
      const slot: Slot = { held: 0, grows: ask.grows, patience: limits.timeout }
      if (entering.length > 0 || growing.length > 0 || !fits(slot, ask.bytes)) return undefined
      give(slot, ask.bytes)
      return ticketOf(slot)
    },
    configure(changed) {
      limits = changed
      pump()
    },
    get inFlight() {
      return inFlight
    },
    get waiting() {
      return entering.length + growing.length
    },
  }
}
