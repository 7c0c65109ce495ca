/** After a row of unclean ends: whatever could be to blame is done one at a time, and written down before it is touched. */

import { formatPosition } from '../positions.ts'
import type { Position } from '../types.ts'

/** What may end the process: the opening of a delivery, or the sending of a record to a destination. */
export type Suspect =
  | { readonly state: 'body'; readonly seq: number }
  | { readonly state: 'send'; readonly slot: string; readonly position: Position }

/** Careful mode, as the parts that do the work see it. */
export interface Careful {
  /** False in ordinary life; then `turn` just runs `fn`, and nothing is written. */
  readonly on: boolean
  /**
   * Waits for its turn, notes the suspect in the store, runs `fn`, and takes the note back. `fn` must end only when what it did is
   * on disk. Rejects with what `fn` rejects, and with a StoreError when the suspect could not be noted: then `fn` did not run.
   */
  turn<T>(suspect: Suspect, fn: () => Promise<T>): Promise<T>
}

/** Ordinary life. */
export const CAREFREE: Careful = { on: false, turn: (_suspect, fn) => fn() }

/** One name per suspect: `body:12`, `send:crm:12.3`. */
export function suspectId(suspect: Suspect): string {
  return suspect.state === 'body' ? `body:${suspect.seq}` : `send:${suspect.slot}:${formatPosition(suspect.position)}`
}

/** The suspect of a name; undefined for any other text. */
export function parseSuspect(id: string): Suspect | undefined {
  const body = /^body:(\d+)$/.exec(id)
  if (body !== null) return { state: 'body', seq: Number(body[1]) }
  const send = /^send:(.+):(\d+)\.(\d+)$/.exec(id)
  if (send === null) return undefined
  return { state: 'send', slot: String(send[1]), position: { seq: Number(send[2]), n: Number(send[3]) } }
}
