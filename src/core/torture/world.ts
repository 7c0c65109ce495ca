/** What happens at Bevy during a torture run. */

import type { Change } from '../bevy/play.ts'
import { inventChanges } from '../bevy/script.ts'
import { createSeededRandom } from '../seeded-random.ts'
import { MARK } from './facts.ts'
import type { Round } from './plan.ts'

/** Bevy's minutes are so much shorter: ten become an eighth of a second, its 48 hours 36 seconds. */
export const SPEED = 4_800

const MARKS_A_ROUND = 10_000_000

/**
 * The changes of a round, in order of time, spread over its length; every state bears a mark of its own. `at` is on Bevy's scale: a player at
 * speed `SPEED` brings it back.
 *
 * @param start wall clock of the round's begin, milliseconds since 1970
 */
export function inventRound(
  { number, seed, length, records }: Round,
  start: number,
): { single: Change[]; bulk: Change[] } {
  let mark = number * MARKS_A_ROUND
  const invent = (count: number, offset: number): Change[] => {
    if (count === 0) return []
    const random = createSeededRandom(seed + offset)
    const changes = inventChanges({
      seed: seed + offset,
      type: 'all',
      count,
      start,
      changes: 1.5,
      within: length / 2,
      shuffled: true,
    })
    const begins = new Map<string, number>()
    return changes
      .map((change): Change => {
        const begin = begins.get(change.key) ?? Math.floor(random.next() * length)
        begins.set(change.key, begin)
        return { ...change, at: (change.at + begin) * SPEED, data: { ...change.data, [MARK]: ++mark } }
      })
      .sort((a, b) => a.at - b.at)
  }
  // Another half of the seeds: other ids.
  return { single: invent(records.single, 0), bulk: invent(records.bulk, 45_000) }
}
