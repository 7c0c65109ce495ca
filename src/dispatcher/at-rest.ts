/** What may be done to the state of a destination while nothing of it runs. Each change is one commit, `forget` aside. */

import { BridgeError } from '../core/errors.ts'
import { comparePositions, formatPosition, startOf } from '../core/positions.ts'
import type { Alerts, Clock, Log, Store, StoreOp } from '../core/ports.ts'
import type { Position } from '../core/types.ts'
import { cursorDocument, exceptionDocument, keys, parseDocument, pauseDocument } from './documents.ts'
import type { Counts, Pause, Replay } from './documents.ts'
import { openLedger } from './ledger.ts'
import { readLedger } from './ledger-read.ts'
import { createLetters, redriveLetter, type Letters } from './letters.ts'

/** What a destination keeps in the store. */
export interface Holdings {
  /** Absent when its cursor cannot be read. */
  readonly position?: Position
  readonly counts?: Counts
  readonly waiting: number
  readonly dead: number
  /** First delivery that is kept for it. */
  readonly holds?: number
}

/** Reads what a destination keeps. */
export async function readHoldings(store: Store, slot: string): Promise<Holdings> {
  const cursor = cursorDocument.safeParse(await store.get(keys.cursor(slot)))
  const waiting = await store.getMany(await store.keys(keys.exceptions(slot)))
  const dead = await store.keys(keys.dead(slot))
  if (!cursor.success) return { waiting: waiting.length, dead: dead.length }
  const { position, counts } = cursor.data
  const oldest = waiting.reduce<number>((least, document) => {
    const parsed = exceptionDocument.safeParse(document)
    return parsed.success ? Math.min(least, parsed.data.position.seq) : least
  }, position.seq)
  return { position, counts, waiting: waiting.length, dead: dead.length, holds: oldest }
}

/** The pause a person has made. */
export async function readPause(store: Store, slot: string): Promise<Pause | undefined> {
  const found = await store.get(keys.pause(slot))
  return found === undefined ? undefined : parseDocument(pauseDocument, keys.pause(slot), found)
}

/** Makes a pause, or ends it. */
export async function writePause(store: Store, slot: string, pause: Pause | undefined): Promise<void> {
  const key = keys.pause(slot)
  await store.commit([pause === undefined ? { op: 'remove', key } : { op: 'set', key, value: pause }])
}

/** What giving up all before `to` comes to, and the commit that does it. Throws ERR_SKIP_BACK. */
export async function planSkip(store: Store, slot: string, to: Position) {
  const { cursor, exceptions } = await readLedger(store, slot)
  const from = cursor.position
  if (comparePositions(to, from) < 0) {
    throw new BridgeError(
      'config',
      'ERR_SKIP_BACK',
      `it has come to ${formatPosition(from)} already; \`replay\` sends again what lies before`,
    )
  }
  // Replays have an end of their own.
  const given = [...exceptions].filter(
    ([, { position, replay }]) => replay === undefined && comparePositions(position, to) < 0,
  )
  const { skipped } = cursor.counts
  const counts = { ...cursor.counts, skipped: { ...skipped, 'by hand': (skipped['by hand'] ?? 0) + given.length } }
  const done = cursor.done.filter((position) => comparePositions(position, to) >= 0)
  const ops: StoreOp[] = [
    ...given.map(([id]): StoreOp => ({ op: 'remove', key: `${keys.exceptions(slot)}:${id}` })),
    { op: 'set', key: keys.cursor(slot), value: { ...cursor, position: to, done, counts } },
  ]
  const deliveries = Math.max(0, to.seq - from.seq + (to.n > 0 ? 1 : 0))
  return { report: { from, to, deliveries, waiting: given.length }, ops }
}

const PAGE = 2000

/** Deletes all a destination keeps, its name last, so that one ended half-way can be repeated. Resolves with the number of documents. */
export async function forgetAll(store: Store, name: string, slot: string): Promise<number> {
  let removed = 0
  const prefixes = [keys.exceptions, keys.dead, keys.awaiting, keys.discarded, keys.replays, keys.state]
  for (const prefix of [...prefixes.map((of) => of(slot)), `sent:${slot}`]) {
    for (;;) {
      const found = await store.keys(prefix, { limit: PAGE })
      if (found.length === 0) break
      await store.commit(found.map((key) => ({ op: 'remove', key })))
      removed += found.length
    }
  }
  const last = [keys.pause(slot), keys.down(slot), keys.cursor(slot), keys.registry(name)]
  const there = (await store.getMany(last)).filter((document) => document !== undefined).length
  await store.commit(last.map((key) => ({ op: 'remove', key })))
  return removed + there
}

/** Keeps a replay that begins with the next start of the destination. */
export async function writeReplay(
  store: Store,
  slot: string,
  { from, ...replay }: Pick<Replay, 'to' | 'startedAt' | 'only'> & { readonly from: number },
): Promise<string> {
  const id = `r${replay.startedAt.toString(36)}`
  const value = { position: startOf(from), done: [], ...replay }
  await store.commit([{ op: 'set', key: `${keys.replays(slot)}:${id}`, value }])
  return id
}

/** Ends all replays and drops what of them waits. */
export async function dropReplays(store: Store, slot: string): Promise<{ ended: number; dropped: number }> {
  const { replays, exceptions } = await readLedger(store, slot)
  const dropped = [...exceptions].filter(([, { replay }]) => replay !== undefined)
  const gone = [
    ...[...replays.keys()].map((id) => `${keys.replays(slot)}:${id}`),
    ...dropped.map(([id]) => `${keys.exceptions(slot)}:${id}`),
  ]
  if (gone.length > 0) await store.commit(gone.map((key): StoreOp => ({ op: 'remove', key })))
  return { ended: replays.size, dropped: dropped.length }
}

/** Dead letters of a destination that does not run. What is redriven is sent with its next start. */
export async function openLetters(
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Log },
  name: string,
  slot: string,
): Promise<Letters> {
  const alerts: Alerts = { raise() {} }
  const ledger = await openLedger({ store, slot, name, clock, log, alerts, onRecovered: () => {} })
  const redrive = async (id: string): Promise<boolean> => (await redriveLetter(ledger, id, clock.now())) !== 'none'
  return createLetters({ store, slot, ledger, clock, redrive })
}
