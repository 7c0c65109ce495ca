import type { Change } from './play.ts'
import { nextState } from './stories.ts'
import { inventRecord, type World } from './world.ts'
import { createSeededRandom } from '../seeded-random.ts'

/** What changes are invented. */
export interface ScriptOptions {
  readonly seed: number
  /** A type, known or not, or `all`: a community of all five. */
  readonly type: string
  /** Records altogether. */
  readonly count: number
  /** Wall clock of the first change, milliseconds since 1970. */
  readonly start: number
  /** Changes of each record after the first, on average. Default 0. */
  readonly changes?: number
  /** Later changes come within this time after the change before, milliseconds. Default 20 minutes. */
  readonly within?: number
  /** Types mixed up from the beginning, attendees before their events. Default: in the order a community grows. */
  readonly shuffled?: boolean
}

/** Parts of `all`, in order. Whatever rounding leaves goes to the attendees. */
const SHARES = [
  ['chapter', 0.03],
  ['user', 0.3],
  ['chaptermember', 0.1],
  ['event', 0.07],
] as const

/** Changes of invented records shaped as Bevy sends them, in order of time. The same options give the same changes. */
export function inventChanges(options: ScriptOptions): Change[] {
  const { seed, type, count, start, changes = 0, within = 20 * 60_000 } = options
  const random = createSeededRandom(seed)
  const parts = type === 'all' ? divide(count) : [[type, count] as const]
  // Another seed has other ids: its records are new ones to a bridge that has seen the first.
  const idBase = (Math.abs(Math.trunc(seed)) % 90_000) * 1_000_000
  const known = { chapter: 3, user: 400, event: 5, ...(type === 'all' && Object.fromEntries(parts)) }
  const world: World = { random, idBase, known, start }
  const first = parts.flatMap(([name, amount]) =>
    Array.from({ length: amount }, (_, index): Change => {
      const data = inventRecord(world, name, index)
      return { at: 0, type: name, key: `${name}:${String(data['id'])}`, data }
    }),
  )
  const later: Change[] = []
  for (const record of first) {
    let last = record
    for (let n = random.int(0, 2 * changes); n > 0; n--) {
      const at = last.at + random.int(1, within)
      last = { ...last, at, data: nextState(world, last.type, last.data, start + at) }
      later.push(last)
    }
  }
  return [...(options.shuffled ? random.shuffle(first) : first), ...later.sort((a, b) => a.at - b.at)]
}

function divide(count: number): (readonly [string, number])[] {
  const parts = SHARES.map(([type, share]) => [type, Math.min(count, Math.max(1, Math.floor(count * share)))] as const)
  let rest = count
  const fitted = parts.map(([type, amount]) => {
    const taken = Math.min(rest, amount)
    rest -= taken
    return [type, taken] as const
  })
  return [...fitted, ['attendee', rest]]
}
