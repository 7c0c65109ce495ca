import type { Attempted } from './documents.ts'

/** Attempts remembered of a job: this many of the first, and of the newest. */
const FIRST = 2
const NEWEST = 8
const MOST_CHARACTERS = 200

/** The attempts of a job with one more; of a long row the middle is left out. */
export function withAttempt(
  history: readonly Attempted[] | undefined,
  { at, reason }: Attempted,
): readonly Attempted[] {
  const all = [...(history ?? []), { at, reason: reason.slice(0, MOST_CHARACTERS) }]
  return all.length <= FIRST + NEWEST ? all : [...all.slice(0, FIRST), ...all.slice(-NEWEST)]
}
