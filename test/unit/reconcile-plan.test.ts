import { describe, expect, it } from 'vitest'
import { afterHappening, LAST_RETRY, newlyLost, type Happening, type Times } from '../../src/core/reconcile/outages.ts'
import {
  afterStep,
  nextStep,
  RUN_TYPES,
  START,
  type RunType,
  type Step,
  type Todo,
} from '../../src/core/reconcile/plan.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 2, 1)
const span = { since: NOW - DAY, until: NOW }
const iso = (ms: number): string => new Date(ms).toISOString()

describe('the way of a run', () => {
  const events = [
    { id: 1, chapter: { id: 7 }, created_ts: iso(NOW - 9 * DAY), end_date: iso(NOW + 9 * DAY) },
    { id: 2, chapter: 8, created_ts: iso(NOW - 99 * DAY), end_date: iso(NOW - 60 * DAY) },
    {
      id: 3,
      chapter: { id: 7 },
      created_ts: iso(NOW - 99 * DAY),
      end_date: iso(NOW - 60 * DAY),
      updated_ts: iso(NOW - 1000),
    },
    { id: 4, created_ts: iso(NOW + DAY) },
    { id: 'x/../y' },
  ]
  const walk = (types: readonly RunType[]): string[] => {
    const seen: string[] = []
    let todo: Todo = START
    for (let step: Step | undefined; (step = nextStep(todo)) !== undefined && seen.length < 50;) {
      const { state, ...facts } = step
      const { query, ...rest } = facts as { query?: Record<string, string> }
      seen.push([state, ...Object.values(rest), ...Object.values(query ?? {})].join(' '))
      const isFirst = query !== undefined && Object.keys(query).length === 0
      const records = state === 'events' && isFirst ? events : []
      // JSON, since it lies on disk between two steps.
      todo = JSON.parse(
        JSON.stringify(afterStep(todo, step, { records, ...(isFirst && { next: { page: '2' } }) }, { types, span })),
      )
    }
    return seen
  }

  it('goes event page by event page, attendees of what was open, each chapter once', () => {
    expect(walk(RUN_TYPES)).toEqual([
      'events',
      'attendees 1',
      'attendees 1 2',
      'chapter 7',
      'members 7',
      'members 7 2',
      'chapter 8',
      'members 8',
      'members 8 2',
      'attendees 3',
      'attendees 3 2',
      'events 2',
    ])
  })

  it('asks only for what was asked for', () => {
    expect(walk(['event'])).toEqual(['events', 'events 2'])
    expect(walk(['chapter'])).toEqual(['events', 'chapter 7', 'chapter 8', 'events 2'])
  })

  it('passes over what gives nothing', () => {
    const step: Step = { state: 'events', query: {} }
    expect(nextStep(afterStep(START, step, undefined, { types: RUN_TYPES, span }))).toBeUndefined()
  })
})

describe('outages', () => {
  const HOUR = 3_600_000
  const BEAT = 600_000
  /** Runs through happenings at hours; tells after which of them people are told. */
  const toldAfter = (...happenings: [number, Happening][]): number[] => {
    let times: Times | undefined
    const told: number[] = []
    for (const [hour, happening] of happenings) {
      times = afterHappening(times, happening, hour * HOUR, BEAT)
      const lost = newlyLost(times)
      if (lost === undefined) continue
      told.push(hour)
      times = { ...times, outage: { ...lost, told: true }, lost: { ...lost, told: true } }
    }
    return told
  }
  /** Alive each hour in between. */
  const runs = (from: number, to: number): [number, Happening][] =>
    Array.from({ length: Math.round((to - from) * 10) }, (_, at) => [from + at / 10, 'alive'])

  it.each<[string, [number, Happening][], number[]]>([
    [
      'down for two days',
      [
        [0, 'begun'],
        [48, 'begun'],
        [49, 'alive'],
      ],
      [48],
    ],
    [
      'down for less than the last retry',
      [
        [0, 'begun'],
        [42, 'begun'],
        [43, 'taken'],
      ],
      [],
    ],
    [
      'down, then refused at the next tries: one outage',
      [[0, 'begun'], [30, 'begun'], ...runs(30, 43), [43, 'refused'], [44, 'refused']],
      [43],
    ],
    [
      'a wrong secret for three days',
      [[0, 'begun'], ...Array.from({ length: 72 }, (_, hour): [number, Happening] => [hour + 1, 'refused'])],
      [44],
    ],
    [
      'something was taken in between',
      [
        [0, 'begun'],
        [30, 'begun'],
        [31, 'taken'],
        [44, 'refused'],
        [60, 'refused'],
      ],
      [],
    ],
    [
      'two short downtimes with a quiet week between',
      [[0, 'begun'], [1, 'begun'], ...runs(1, 170), [171, 'begun']],
      [],
    ],
    [
      'the clock goes back',
      [
        [100, 'begun'],
        [0, 'begun'],
        [1, 'alive'],
      ],
      [],
    ],
  ])('%s', (_name, happenings, expected) => {
    expect(toldAfter(...happenings)).toEqual(expected)
  })

  it('the limit is where Bevy ends by its shortest reading: 10·2^(n−1) minutes, eight times', () => {
    const waits = Array.from({ length: 8 }, (_, n) => 10 * 2 ** n)
    expect(LAST_RETRY).toBe(waits.reduce((sum, minutes) => sum + minutes, 0) * 60_000)
  })
})
