/** What a torture run does and when: decided by the seed alone, so that the same seed makes the same run. */

import { createSeededRandom } from '../seeded-random.ts'

/** How a life of the bridge ends. */
export type End =
  /** The process is killed after so many milliseconds. */
  | { readonly how: 'kill' }
  /** It kills itself around its n-th commit; after the round's length it is killed like any other. */
  | { readonly how: 'commit'; readonly commit: number; readonly when: 'before' | 'after' }
  /** It is told to stop and drains. */
  | { readonly how: 'stop' }

/** A span inside a round, milliseconds after its bridge took deliveries. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** What a destination is like for a while. */
export type Outage = Span & {
  /** Which destination: of n, the one at `which % n`. */
  readonly which: number
  /** All requests get this: a status, or no answer at all. */
  readonly answer: 503 | 401 | 'drop'
}

/** One life of the bridge. */
export interface Round {
  /** From 1. */
  readonly number: number
  /** Milliseconds after it took deliveries. */
  readonly length: number
  readonly end: End
  readonly diskFull?: Span
  readonly outage?: Outage
  /** When the config changes. */
  readonly reload?: number
  /** Of the records Bevy has in this round; other seeds, other records. */
  readonly seed: number
  /** Records sent one by one, and records sent in bulk. */
  readonly records: { readonly single: number; readonly bulk: number }
}

/** What is asked for. */
export interface PlanOptions {
  readonly seed: number
  /** Milliseconds of all rounds together. */
  readonly duration: number
  /** Lives that end by a kill, roughly. */
  readonly kills: number
}

/** New records for each second of a round. */
const RECORDS_A_SECOND = 15
const FEWEST_RECORDS = 3
const MOST_RECORDS = 2_000
/** Credentials that are refused pause a destination until it is probed or restarted, so not in a run of seconds. */
const PAUSES_FROM = 60_000

/** The rounds of a run, about `kills` of them, as long together as asked for. */
export function planRounds({ seed, duration, kills }: PlanOptions): Round[] {
  const random = createSeededRandom(seed)
  const mean = duration / Math.max(1, kills)
  const rounds: Round[] = []
  for (let left = duration; left > 0;) {
    const number = rounds.length + 1
    // Some lives are too short to do anything but recover.
    const drawn = random.chance(0.2) ? mean * 0.1 : mean * (0.5 + random.next() * 1.3)
    const length = Math.max(20, Math.round(Math.min(drawn, left)))
    const span = (most: number): Span => {
      const from = random.int(0, length)
      return { from, to: from + random.int(1, Math.max(1, Math.round(most))) }
    }
    const end = planEnd(random.next(), random.int(1, 60), random.chance(0.5))
    const diskFull = random.chance(0.15) ? span(Math.min(length, 5_000)) : undefined
    const which = random.int(0, 1_000_000)
    const answer = random.pick(duration >= PAUSES_FROM ? ([503, 'drop', 401] as const) : ([503, 'drop'] as const))
    const outage = random.chance(0.25) ? { ...span(Math.min(length, 10_000)), which, answer } : undefined
    const reload = random.chance(0.15) ? random.int(0, length) : undefined
    const wanted = Math.ceil((length / 1000) * RECORDS_A_SECOND)
    const amount = Math.min(MOST_RECORDS, Math.max(FEWEST_RECORDS, wanted))
    rounds.push({
      number,
      length,
      end,
      seed: random.int(1, 89_999),
      records: { single: amount, bulk: random.chance(0.5) ? amount * 2 : 0 },
      ...(diskFull === undefined ? {} : { diskFull }),
      ...(outage === undefined ? {} : { outage }),
      ...(reload === undefined ? {} : { reload }),
    })
    left -= length
  }
  return rounds
}

function planEnd(drawn: number, commit: number, before: boolean): End {
  // Every clean stop lets the bridge be careless for two lives; after that it does one thing at a time.
  if (drawn < 0.25) return { how: 'stop' }
  return drawn < 0.6 ? { how: 'kill' } : { how: 'commit', commit, when: before ? 'before' : 'after' }
}

/** What a destination does with a request. */
export type SinkAnswer =
  /** With this status, after so many milliseconds. */
  | { readonly state: 'answer'; readonly status: number; readonly delay: number }
  /** Closes the connection; `taken`: after it has read and used the request. */
  | { readonly state: 'drop'; readonly taken: boolean }

/**
 * What a destination does with the n-th request of an id (from 1): mostly 200, now and then slow, failing, or cut off. The same for the
 * same seed, in whatever order requests come.
 */
export function answerTo(seed: number, destination: string, id: string, nth: number): SinkAnswer {
  const random = createSeededRandom(seed ^ hash(`${destination} ${id} ${nth}`))
  const drawn = random.next()
  const delay = random.chance(0.1) ? random.int(1, 300) : 0
  if (drawn < 0.04) return { state: 'answer', status: 503, delay }
  if (drawn < 0.05) return { state: 'answer', status: 429, delay }
  if (drawn < 0.07) return { state: 'drop', taken: true }
  if (drawn < 0.08) return { state: 'drop', taken: false }
  return { state: 'answer', status: 200, delay }
}

/** Whether a destination refuses a record for good, whatever state it is in; one in a hundred. */
export function isRefused(seed: number, destination: string, key: string): boolean {
  return createSeededRandom(seed ^ hash(`${destination} refuses ${key}`)).chance(0.01)
}

/** When the body of the n-th POST comes once more by itself, milliseconds after its answer: a retry that got lost on the way. Mostly never. */
export function strayOf(seed: number, nth: number): number | undefined {
  const random = createSeededRandom(seed ^ hash(`stray ${nth}`))
  return random.chance(0.05) ? random.int(0, 2_000) : undefined
}

/** FNV-1a, https://datatracker.ietf.org/doc/html/draft-eastlake-fnv */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}
