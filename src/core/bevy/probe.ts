/**
 * A guided probe of a test instance of Bevy: one record's deliveries are answered otherwise than by 200, in a fixed order, to see which
 * come again. What is answered so is stored all the same. Pure; ends by itself.
 */

import {
  lawsFitting,
  noEvidence,
  noteRefused,
  noteSilence,
  noteTaken,
  type Answered,
  type SeenRecord,
} from './evidence.ts'
import { inferRule, type RuleReport } from './infer.ts'
import { DELAY_LAWS, retryDelay } from './sending.ts'

/** What a probed delivery is answered with in place of 200: a closed connection, or a status. */
export type ProbeAnswer = 'close' | 503 | 204

/**
 * The answers of a plan, one for each attempt; the one after is taken. `answers` tells the reading, and the law where all of it comes
 * again; `delays` tells the law whatever the reading.
 */
export const PROBE_PLANS = {
  answers: ['close', 503, 204],
  delays: ['close', 'close', 'close'],
} as const satisfies Readonly<Record<string, readonly ProbeAnswer[]>>

export type ProbePlan = keyof typeof PROBE_PLANS

/** How it ended: with a delivery taken; one that did not come again; none at all; another change; by hand. */
export type ProbeEnd = 'through' | 'silence' | 'nothing' | 'changed' | 'cancelled'

/** How a probe stands. Times are milliseconds since 1970. */
export interface ProbeReport {
  readonly plan: ProbePlan
  readonly state: 'waiting' | 'running' | 'done'
  readonly started: number
  /** It ends then, unless something comes. */
  readonly until: number
  /** `type:id` of the record. */
  readonly key?: string
  /** `gap`: since the answer before, as Bevy's clock counts. */
  readonly attempts: readonly { readonly answer: ProbeAnswer | 200; readonly at: number; readonly gap?: number }[]
  readonly end?: ProbeEnd
  /** What this probe alone says. */
  readonly rule: RuleReport
}

/** A probe that is on. */
export interface Probe {
  /** What to answer a delivery with, now that it is stored; undefined: it is not what is probed. */
  answer(records: readonly (SeenRecord & { readonly name: string })[], now: number): ProbeAnswer | 200 | undefined
  /** Looks whether its time is over. */
  look(now: number): void
  cancel(): void
  /** The hashed key it has chosen. */
  readonly key: string | undefined
  report(): ProbeReport
}

const MINUTE = 60_000
/** How long the first delivery is waited for. */
const FIRST = 15 * MINUTE

/** Begins one. `speed` divides Bevy's waits: of a simulation. */
export function createProbe(options: {
  readonly plan: ProbePlan
  readonly now: number
  readonly speed: number
}): Probe {
  const { plan, now: started, speed } = options
  const answers: readonly ProbeAnswer[] = PROBE_PLANS[plan]
  const scaled = (now: number): number => (now - started) * speed
  const seen = noEvidence(0)
  const attempts: { answer: ProbeAnswer | 200; at: number; gap?: number }[] = []
  let chosen: { readonly key: string; readonly content: string; readonly name: string } | undefined
  let end: ProbeEnd | undefined
  let until = started + FIRST

  /** Somewhat longer than any law that still fits waits for the next. */
  function patience(): number {
    const gaps = attempts.flatMap(({ gap }) => (gap === undefined ? [] : [gap]))
    const laws = lawsFitting(gaps)
    const waits = (laws.length > 0 ? laws : DELAY_LAWS).map((law) => retryDelay(law, attempts.length))
    return (Math.max(...waits) * 1.25 + 5 * MINUTE) / speed
  }

  return {
    get key() {
      return chosen?.key
    },
    answer(records, now) {
      if (end !== undefined) return undefined
      chosen ??= records[0]
      const record = records.find(({ key }) => key === chosen?.key)
      if (record === undefined) return undefined
      const last = attempts.at(-1)
      const gap = last === undefined ? {} : { gap: Math.round(scaled(now) - scaled(last.at)) }
      const changed = record.content !== chosen?.content
      const answer = changed ? undefined : answers[attempts.length]
      if (answer === undefined) {
        end = changed ? 'changed' : 'through'
        attempts.push({ answer: 200, at: now, ...gap })
        noteTaken(seen, [record], scaled(now))
        return 200
      }
      attempts.push({ answer, at: now, ...gap })
      noteRefused(seen, { records: [record], ...answered(answer), came: scaled(now), at: scaled(now), probe: true })
      until = now + patience()
      return answer
    },
    look(now) {
      if (end !== undefined || now < until) return
      end = chosen === undefined ? 'nothing' : 'silence'
      if (chosen !== undefined) noteSilence(seen, chosen.key, scaled(now))
    },
    cancel() {
      end ??= 'cancelled'
    },
    report: () => ({
      plan,
      state: end !== undefined ? 'done' : chosen === undefined ? 'waiting' : 'running',
      started,
      until,
      ...(chosen === undefined ? {} : { key: chosen.name }),
      attempts: [...attempts],
      ...(end === undefined ? {} : { end }),
      rule: inferRule(seen),
    }),
  }
}

/** The kind of an answer. */
export function answered(answer: number | 'close'): { readonly answered: Answered } {
  return { answered: answer === 'close' ? 'closed' : answer >= 400 ? 'from400' : 'below400' }
}
