import type { Position } from './types.ts'

/** Negative, zero or positive, as `a` stands before, at or after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.seq - b.seq || a.n - b.n
}

/** `seq.n`, as people and logs see it. */
export function formatPosition(position: Position): string {
  return `${position.seq}.${position.n}`
}

/** The start of a delivery: before its first record. */
export function startOf(seq: number): Position {
  return { seq, n: 0 }
}
