/** The books of a destination, read for people: while it runs, and from a store in which nothing runs. */

import type { InspectedRecord } from '../core/dispatch/reports.ts'
import type { Alerts, Clock, Log, Store } from '../core/ports.ts'
import type { Cursor, Json, Position } from '../core/types.ts'
import { recordId, type Counts, type Dead } from './documents.ts'
import { openLedger, type Ledger } from './ledger.ts'
import { readRegistry } from './names.ts'

/** One record, seen from a destination, and how far that has come. */
export interface RecordAtDestination extends Omit<InspectedRecord['destinations'][number], 'name' | 'passed'> {
  readonly cursor: Cursor
}

const WAITS_FOR = {
  retry: 'its next attempt',
  batch: 'its schedule',
  join: 'a joined record',
  held: 'an earlier state of its record',
}

/** What a destination holds of a record. */
export async function inspectRecord(ledger: Ledger, key: string): Promise<RecordAtDestination> {
  const sent = await ledger.sent(key)
  const [exception] = [...ledger.exceptions.values()]
    .filter((one) => one.key === key)
    .sort((a, b) => Number(a.kind === 'held') - Number(b.kind === 'held'))
  const dead = await findDead(ledger, key)
  return {
    cursor: ledger.window.cursor(),
    ...(sent === undefined
      ? {}
      : {
          sent: { position: sent.position, at: sent.at, ...(sent.ref === undefined ? {} : { ref: sent.ref as Json }) },
        }),
    ...(exception === undefined
      ? {}
      : {
          exception: {
            position: exception.position,
            waitsFor: WAITS_FOR[exception.kind],
            attempts: exception.attempts,
            ...(exception.kind === 'held' ? {} : { due: exception.dueAt }),
            reason: exception.reason,
          },
        }),
    ...(dead === undefined
      ? {}
      : { dead: { position: dead.position, at: dead.at, attempts: dead.attempts, reason: dead.reason } }),
  }
}

async function findDead(ledger: Ledger, key: string): Promise<Dead | undefined> {
  const own = await ledger.readDead(recordId(key))
  if (own !== undefined) return own
  for (const id of ledger.dead) {
    const letter = await ledger.readDead(id)
    if (letter?.key === key) return letter
  }
  return undefined
}

/** A destination's books at rest. */
export interface Books {
  readonly name: string
  readonly slot: string
  readonly plugin: string
  readonly cursor: Cursor
  readonly counts: Counts
  readonly exceptions: { readonly waiting: number; readonly unknown: number }
  readonly dead: number
  inspect(key: string): Promise<RecordAtDestination>
  /** All jobs that did not settle: exceptions, and dead letters. */
  open(): Promise<{ readonly waiting: readonly OpenJob[]; readonly dead: readonly OpenJob[] }>
}

/** A job that did not settle. */
export interface OpenJob {
  readonly key: string
  readonly position: Position
}

/** Reads the books of all destinations the store knows; writes nothing. */
export async function readBooks(deps: { store: Store; clock: Clock; log: Log; alerts: Alerts }): Promise<Books[]> {
  const registry = await readRegistry(deps.store)
  return Promise.all(
    [...registry].map(async ([name, { slot, plugin }]) => {
      const ledger = await openLedger({ ...deps, slot, name, onRecovered: () => {} })
      return {
        name,
        slot,
        plugin,
        cursor: ledger.window.cursor(),
        counts: ledger.counts,
        exceptions: {
          waiting: ledger.exceptions.size,
          unknown: [...ledger.exceptions.values()].filter(({ unknown }) => unknown).length,
        },
        dead: ledger.dead.size,
        inspect: (key: string) => inspectRecord(ledger, key),
        async open() {
          const letters = await Promise.all([...ledger.dead].map((id) => ledger.readDead(id)))
          return {
            waiting: [...ledger.exceptions.values()].map(({ key, position }) => ({ key, position })),
            dead: letters.flatMap((letter) =>
              letter === undefined ? [] : [{ key: letter.key, position: letter.position }],
            ),
          }
        },
      }
    }),
  )
}
