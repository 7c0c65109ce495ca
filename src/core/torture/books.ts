/** What the books of a destination say of a state. */

import { comparePositions, formatPosition } from '../positions.ts'
import type { LedgerBooks } from './facts.ts'
import type { Mode, Position } from '../types.ts'

/** Tells whether the books hold a state as waiting or dead. In mode `latest` they hold a record, not a state. */
export function openIn(
  { cursor, waiting, dead }: LedgerBooks,
  mode: Mode,
): (key: string, position: Position) => 'waiting' | 'dead' | undefined {
  const idOf = (key: string, position: Position): string => (mode === 'latest' ? key : formatPosition(position))
  const waits = new Set(waiting.map(({ key, position }) => idOf(key, position)))
  const died = new Set(dead.map(({ key, position }) => idOf(key, position)))
  const done = new Set(cursor.done.map(formatPosition))
  return (key, position) => {
    const id = idOf(key, position)
    if (waits.has(id)) return 'waiting'
    if (died.has(id)) return 'dead'
    const settled = comparePositions(position, cursor.position) < 0 || done.has(formatPosition(position))
    return settled ? undefined : 'waiting'
  }
}
