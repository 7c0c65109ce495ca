/** What is inferred of Bevy's rule from what was seen of it, against Bevy played under each reading and law. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  beginAgain,
  lawsFitting,
  noEvidence,
  noteRefused,
  noteSilence,
  noteTaken,
  settle,
  type Answered,
  type Evidence,
} from '../../src/core/bevy/evidence.ts'
import { inferRule, type RuleReport } from '../../src/core/bevy/infer.ts'
import type { Change } from '../../src/core/bevy/play.ts'
import { createPlayer } from '../../src/core/bevy/player.ts'
import { DELAY_LAWS, READINGS, type Answer, type DelayLaw, type Reading } from '../../src/core/bevy/sending.ts'
import { createSeededRandom } from '../../src/core/seeded-random.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

interface World {
  readonly reading: Reading
  readonly delays: DelayLaw
  readonly seed: number
  readonly bulk: boolean
  /** Probability that an attempt never reaches the bridge. */
  readonly lost: number
  /** Of each answer that is not 200, by turns of a few hours. */
  readonly refuse: number
  /** Answers other than none are given. */
  readonly statuses: boolean
  /** No change is made while another of its record can be on its way. */
  readonly calm?: boolean
  /** Milliseconds between two restarts, on average; undefined: none. */
  readonly restarts: number | undefined
}

/** Bevy sends for four days to a bridge that refuses now and then. */
function watch(world: World): Evidence {
  const random = createSeededRandom(world.seed)
  const changes: Change[] = []
  for (let id = 0; id < 40; id++) {
    let at = random.int(0, 4 * DAY)
    for (let rev = 0; rev < (world.calm ? 1 : 4); rev++) {
      // Some changes are not in the fields Bevy sends.
      changes.push({ at, type: 'event', key: `event:${id}`, data: { id, rev: random.chance(0.3) ? 0 : rev } })
      at += random.pick([8 * MINUTE, 25 * MINUTE, 3 * HOUR, DAY])
    }
  }
  changes.sort((a, b) => a.at - b.at)
  const { reading, delays, bulk } = world
  const player = createPlayer({ changes, reading, delays, bulk, concurrency: bulk ? 1 : 4, seed: world.seed })
  const seen = noEvidence(0)
  let refusing = 0
  let turn = 0
  let restart = world.restarts === undefined ? Infinity : random.int(0, 2 * world.restarts)
  for (let now = 0; now < 9 * DAY;) {
    const step = player.next(now)
    for (const send of step.sends) {
      if (now >= restart) {
        beginAgain(seen, now)
        restart = now + random.int(0, 2 * (world.restarts as number))
      }
      if (random.chance(world.lost)) {
        player.answered(send.id, { failed: 'connect' }, now)
        continue
      }
      if (now >= turn) {
        refusing = random.chance(0.5) ? world.refuse : 0
        turn = now + random.int(HOUR, 12 * HOUR)
      }
      const records = (JSON.parse(send.body) as { data: { id: number }[] }[]).flatMap(({ data }) =>
        data.map((record) => ({ key: `event:${record.id}`, content: JSON.stringify(record) })),
      )
      if (!random.chance(refusing)) {
        player.answered(send.id, { status: 200 }, now)
        noteTaken(seen, records, now)
        continue
      }
      const answer: Answer = world.statuses
        ? random.pick([{ failed: 'reset' }, { status: 503 }, { status: 401 }, { status: 204 }] as const)
        : { failed: 'reset' }
      player.answered(send.id, answer, now)
      noteRefused(seen, { records, answered: kindOf(answer), came: now, at: now })
    }
    if (step.sends.length === 0 && step.wakeAt === undefined) break
    // What waits for others comes late, if not much.
    now = Math.max(now + 1, (step.wakeAt ?? now) + random.int(0, 90_000))
  }
  settle(seen, 12 * DAY)
  return seen
}

function kindOf(answer: Answer): Answered {
  return !('status' in answer) ? 'closed' : answer.status >= 400 ? 'from400' : 'below400'
}

const COMBINATIONS = READINGS.flatMap((reading) => DELAY_LAWS.map((delays) => [reading, delays] as const))

describe.each(COMBINATIONS)('Bevy as %s, delays %s', (reading, delays) => {
  it('never names another, whatever is lost on the way, restarted, changed meanwhile or sent in bulk', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer({ min: 1, max: 1e6 }),
          bulk: fc.boolean(),
          lost: fc.constantFrom(0, 0.05, 0.4),
          refuse: fc.constantFrom(0.3, 0.8, 1),
          statuses: fc.boolean(),
          restarts: fc.constantFrom(undefined, 5 * HOUR, 3 * DAY),
        }),
        (world) => {
          const found = inferRule(watch({ reading, delays, ...world }))
          if (found.reading.state !== 'open') expect(found.reading.value).toBe(reading)
          if (found.delays.state !== 'open') expect(found.delays.value).toBe(delays)
          // While every answer is 200 or none, the readings differ in nothing.
          if (!world.statuses) expect(found.reading.state).toBe('open')
        },
      ),
      { numRuns: 60 },
    )
  })

  it('names both when enough is seen', () => {
    const calm = { calm: true, bulk: false, lost: 0, refuse: 0.8, statuses: true, restarts: undefined }
    const reports = Array.from({ length: 20 }, (_, at) => inferRule(watch({ reading, delays, seed: at + 1, ...calm })))
    const named = (pick: (report: RuleReport) => { readonly state: string }) =>
      reports.filter((report) => pick(report).state !== 'open').length
    expect(named((report) => report.delays)).toBeGreaterThan(8)
    expect(named((report) => report.reading)).toBeGreaterThan(3)
  })
})

describe('waits', () => {
  it.each([
    [[], ['exponential', 'linear', 'literal']],
    [[10], ['exponential', 'linear']],
    [
      [13, 20],
      ['exponential', 'linear'],
    ],
    [[10, 20, 40], ['exponential']],
    [[10, 20, 30], ['linear']],
    [[0], ['literal']],
    [[0, 20, 40], ['literal']],
    // One was missed, or it was not the first.
    [[30], []],
    [[20, 40], []],
    [[10, 60], []],
  ] as const)('%j minutes fit %j', (gaps, laws) => {
    expect(lawsFitting(gaps.map((gap) => gap * MINUTE))).toEqual(laws)
  })
})

describe('evidence', () => {
  const record = { key: 'k', content: 'c' }
  const refuse = (seen: Evidence, answered: Answered, at: number, content = 'c') =>
    noteRefused(seen, { records: [{ key: 'k', content }], answered, came: at, at })

  it('of a repeat at once names no law before the next one', () => {
    const seen = noEvidence(0)
    for (const start of [0, DAY]) {
      refuse(seen, 'closed', start)
      refuse(seen, 'closed', start + 1000)
      expect(inferRule(seen).laws.literal).toBe(start / DAY)
      noteTaken(seen, [record], start + 20 * MINUTE)
    }
    expect(inferRule(seen).delays).toEqual({ state: 'likely', value: 'literal', seen: 2 })
  })

  it('of another content says nothing', () => {
    const seen = noEvidence(0)
    refuse(seen, 'from400', 0)
    refuse(seen, 'from400', 10 * MINUTE, 'other')
    expect(inferRule(seen).answers.from400).toEqual({ repeated: 0, silent: 0 })
  })

  it('of silence counts only after a first attempt, while others come, and with nothing in between', () => {
    const silent = (change: (seen: Evidence) => void, start = 2 * DAY): number => {
      const seen = noEvidence(0)
      refuse(seen, 'from400', start)
      change(seen)
      settle(seen, start + DAY)
      return inferRule(seen).answers.from400.silent
    }
    const other = (seen: Evidence) => noteTaken(seen, [{ key: 'o', content: '' }], 2 * DAY + HOUR)
    expect(silent(other)).toBe(1)
    expect(silent(() => {})).toBe(0)
    expect(silent(other, HOUR)).toBe(0)
    expect(
      silent((seen) => {
        other(seen)
        beginAgain(seen, 2 * DAY + HOUR)
      }),
    ).toBe(0)
  })

  it('of a probe is taken back when the repeat comes after all', () => {
    const seen = noEvidence(0)
    noteRefused(seen, { records: [record], answered: 'closed', came: 0, at: 0, probe: true })
    noteRefused(seen, { records: [record], answered: 'from400', came: 10 * MINUTE, at: 10 * MINUTE, probe: true })
    noteSilence(seen, 'k', 40 * MINUTE)
    expect(inferRule(seen).reading).toEqual({ state: 'likely', value: 'R3', seen: 1 })
    noteTaken(seen, [record], 32 * MINUTE)
    expect(inferRule(seen).answers.from400).toEqual({ repeated: 1, silent: 0 })
    expect(inferRule(seen).reading.state).toBe('open')
  })

  it('stays small, whatever is refused', () => {
    const seen = noEvidence(0)
    for (let n = 0; n < 5000; n++) {
      const records = Array.from({ length: 1 + (n % 3) }, (_, at) => ({ key: `${n}-${at}`, content: 'c' }))
      noteRefused(seen, { records, answered: 'closed', came: n * MINUTE, at: n * MINUTE })
    }
    expect(seen.trails.length).toBeLessThanOrEqual(64)
    expect(seen.outcomes.length).toBeLessThanOrEqual(200)
  })
})
