/**
 * How the lives of this process ended, and what to do about a row of bad ends. A clean stop starts the count anew, and so does a
 * minute of life. After two unclean ends in a row the next life is careful: one suspect at a time, each noted in the store before
 * it is touched. A suspect whose note three lives left behind is set aside: a body is never opened again, a destination is not
 * sent to until a person resumes it, reloads the config, or stops and starts the bridge.
 */

import { z } from 'zod'
import { parseSuspect, type Careful, type Suspect } from '../core/dispatch/careful.ts'
import { coerceError } from '../core/errors.ts'
import { formatPosition } from '../core/positions.ts'
import type { Alerts, Clock, Log, Store, StoreOp } from '../core/ports.ts'
import { asideKey } from '../indexer/documents.ts'
import { createTurns, readNotes } from './turns.ts'

/** The life of this process. */
export interface Life {
  readonly careful: Careful
  /** Why a destination is not sent to in this life; by its slot. */
  asideReason(slot: string): string | undefined
  /** A person has looked at it: it may be sent to again. */
  forgive(slot: string): void
  /** A clean end: nothing of it counts. */
  end(): Promise<void>
  /** It never really began: the next life counts as this one. */
  undo(): Promise<void>
}

/** Unclean ends in a row after which the next life is careful. */
const UNCLEAN = 2
/** Lives that must have left the note of a suspect behind. */
const DEATHS = 3
/** Suspects remembered from one life to the next. */
const MOST_SUSPECTS = 100
/** Milliseconds of life after which the ends before count no more. */
const CALM = 60_000

const KEY = 'meta:starts'

const startsDocument = z.object({
  v: z.literal(1),
  running: z.boolean(),
  /** Unclean ends in a row. */
  unclean: z.number().int().nonnegative(),
  /** Lives that ended while this suspect was under way, by its name. */
  deaths: z.record(z.string(), z.number().int().positive()),
})

type Starts = z.infer<typeof startsDocument>

const FIRST: Starts = { v: 1, running: false, unclean: 0, deaths: {} }

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly alerts: Alerts
}

/** Begins a life: looks at how the last ones ended and notes that this one runs. Rejects only when the store cannot be read. */
export async function beginLife(deps: Deps): Promise<Life> {
  const { store, clock, log } = deps
  const before = await readStarts(deps)
  const unclean = before.unclean + (before.running ? 1 : 0)
  const { noted, keys } = await readNotes(store)
  // Kept within bounds: a process that is killed for days must not fill the document.
  const deaths = Object.fromEntries(Object.entries(before.deaths).slice(-MOST_SUSPECTS))
  // What a clean end cut off was no death.
  if (before.running) for (const id of noted) deaths[id] = (deaths[id] ?? 0) + 1
  const starts: Starts = { v: 1, running: true, unclean, deaths }
  const aside = setAside(deps, starts)
  let on = unclean >= UNCLEAN

  /** A full disk must not keep the bridge from starting: then this life does not count. */
  const write = (ops: readonly StoreOp[] = []): Promise<void> =>
    store
      .commit([...ops, { op: 'set', key: KEY, value: starts }])
      .catch((error: unknown) => log.warn('this start could not be noted', { reason: coerceError(error).message }))
  await write([...keys.map((key): StoreOp => ({ op: 'remove', key })), ...aside.ops])

  if (on) announce(deps, unclean)
  const cancelCalm = clock.timer(CALM, () => {
    if (starts.unclean === 0) return
    if (on) log.info('careful no more', { afterMs: CALM })
    on = false
    starts.unclean = 0
    // A destination set aside stays so, however often the process is killed meanwhile.
    starts.deaths = Object.fromEntries(Object.entries(starts.deaths).filter(([, count]) => count >= DEATHS))
    void write()
  })

  return {
    careful: createTurns(deps, () => on),
    asideReason: (slot) => aside.slots.get(slot),
    forgive(slot) {
      if (!aside.slots.delete(slot)) return
      for (const id of Object.keys(starts.deaths)) if (slotOf(id) === slot) delete starts.deaths[id]
      void write()
    },
    async end() {
      cancelCalm()
      Object.assign(starts, { ...FIRST, deaths: {} })
      await write()
    },
    async undo() {
      cancelCalm()
      starts.running = false
      await write()
    },
  }
}

/** Takes out what has proved deadly; its bodies need not be counted any longer. */
function setAside(deps: Deps, starts: Starts): { readonly ops: StoreOp[]; readonly slots: Map<string, string> } {
  const ops: StoreOp[] = []
  const slots = new Map<string, string>()
  for (const [id, deaths] of Object.entries(starts.deaths)) {
    const suspect = deaths < DEATHS ? undefined : parseSuspect(id)
    if (suspect === undefined) continue
    if (suspect.state === 'body') {
      ops.push({ op: 'set', key: asideKey(suspect.seq), value: { v: 1, seq: suspect.seq, deaths } })
      delete starts.deaths[id]
    } else slots.set(suspect.slot, reasonOf(suspect, deaths))
    tell(deps, suspect, deaths)
  }
  return { ops, slots }
}

function reasonOf({ position }: Suspect & { state: 'send' }, deaths: number): string {
  return (
    `sending record ${formatPosition(position)} has ended the process ${deaths} times; ` +
    'nothing is sent until a person resumes it, reloads the config, or stops and starts the bridge'
  )
}

function tell({ log, alerts }: Deps, suspect: Suspect, deaths: number): void {
  if (suspect.state === 'body') {
    const { seq } = suspect
    log.error('body set aside', { seq, deaths })
    const message = `Indexing delivery ${seq} has ended the process ${deaths} times. It goes to quarantine unopened; nothing of it is lost.`
    alerts.raise({ cause: 'set-aside', subject: `body ${seq}`, message, facts: { seq, deaths } })
    return
  }
  const { slot, position } = suspect
  log.error('destination set aside', { destination: slot, position: formatPosition(position), deaths })
  const message = `${slot} starts paused: ${reasonOf(suspect, deaths)}. Nothing is lost: its backlog waits`
  alerts.raise({ cause: 'set-aside', subject: slot, message, facts: { seq: position.seq, deaths } })
}

function announce({ log, alerts }: Deps, unclean: number): void {
  log.warn('careful mode', { uncleanEnds: unclean, forMs: CALM })
  const message =
    `The bridge has ended ${unclean} times in a row without a clean stop. Until it has run for a minute it does one thing at a ` +
    'time, to find out what is to blame. Look at the log before each end, and at the memory of the machine'
  alerts.raise({ cause: 'unclean-ends', subject: 'bridge', message, facts: { uncleanEnds: unclean } })
}

async function readStarts({ store, log }: Deps): Promise<Starts> {
  const found = await store.get(KEY)
  if (found === undefined) return FIRST
  const parsed = startsDocument.safeParse(found)
  if (parsed.success) return parsed.data
  // Only a count of bad ends: not worth refusing a start.
  log.warn('the count of starts cannot be read and begins anew', { key: KEY })
  return FIRST
}

function slotOf(id: string): string | undefined {
  const suspect = parseSuspect(id)
  return suspect?.state === 'send' ? suspect.slot : undefined
}
