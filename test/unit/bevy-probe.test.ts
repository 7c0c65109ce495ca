/** The guided probe against Bevy played under each reading and law, in hours that cost nothing. */

import { describe, expect, it } from 'vitest'
import { createPlayer } from '../../src/core/bevy/player.ts'
import { createProbe, type Probe, type ProbePlan, type ProbeReport } from '../../src/core/bevy/probe.ts'
import { DELAY_LAWS, READINGS, type DelayLaw, type Reading } from '../../src/core/bevy/sending.ts'

const MINUTE = 60_000

/** One record changes at Bevy once (or again after `again`), and a probe is on. */
function play(
  reading: Reading,
  delays: DelayLaw,
  plan: ProbePlan,
  again?: number,
): { report: ProbeReport; lost: boolean } {
  const change = (at: number, rev: number) => ({ at, type: 'event', key: 'event:7', data: { id: 7, rev } })
  const changes = [change(MINUTE, 1), ...(again === undefined ? [] : [change(again, 2)])]
  const player = createPlayer({ changes, reading, delays })
  const probe: Probe = createProbe({ plan, now: 0, speed: 1 })
  let newest = ''
  for (let now = 0; now < 3 * 86_400_000; now += 15_000) {
    probe.look(now)
    for (const { id, keys, body } of player.next(now).sends) {
      newest = body
      const answer = probe.answer(
        [{ name: keys[0] as string, key: 'k', content: body.replace(/.*("rev":\d).*/, '$1') }],
        now,
      )
      player.answered(id, answer === 'close' ? { failed: 'reset' } : { status: answer ?? 200 }, now)
    }
  }
  return { report: probe.report(), lost: !newest.includes(`"rev":${changes.length}`) }
}

describe.each(READINGS.flatMap((reading) => DELAY_LAWS.map((delays) => [reading, delays] as const)))(
  'Bevy as %s, delays %s',
  (reading, delays) => {
    it('is found out by the two plans', () => {
      const { report: answers, lost } = play(reading, delays, 'answers')
      expect(lost).toBe(false)
      expect(answers.rule.reading).toEqual({ state: 'likely', value: reading, seen: 1 })
      expect(answers).toMatchObject({ state: 'done', key: 'event:7', end: reading === 'R1' ? 'through' : 'silence' })
      const { report: waits } = play(reading, delays, 'delays')
      expect(waits).toMatchObject({ end: 'through', attempts: [{}, {}, {}, { answer: 200 }] })
      expect(waits.rule.delays).toEqual({ state: 'likely', value: delays, seen: 1 })
    })

    it('says nothing wrong when the record is changed meanwhile', () => {
      for (const again of [5, 10.5, 12, 25, 31].map((minutes) => minutes * MINUTE)) {
        const { report, lost } = play(reading, delays, 'answers', again)
        const found = report.rule
        expect([again, lost]).toEqual([again, false])
        if (found.reading.state !== 'open') expect([again, found.reading.value]).toEqual([again, reading])
        if (found.delays.state !== 'open') expect([again, found.delays.value]).toEqual([again, delays])
      }
    })
  },
)

describe('a probe', () => {
  const record = { name: 'event:7', key: 'k', content: 'c' }

  it('ends by itself when nothing comes, and answers nothing more', () => {
    const probe = createProbe({ plan: 'answers', now: 0, speed: 1 })
    probe.look(15 * MINUTE - 1)
    expect(probe.report().state).toBe('waiting')
    probe.look(15 * MINUTE)
    expect(probe.report()).toMatchObject({ state: 'done', end: 'nothing' })
    expect(probe.answer([record], 16 * MINUTE)).toBeUndefined()
  })

  it('touches no other record', () => {
    const probe = createProbe({ plan: 'answers', now: 0, speed: 1 })
    expect(probe.answer([record], 0)).toBe('close')
    expect(probe.answer([{ ...record, key: 'other' }], 1000)).toBeUndefined()
    expect(probe.answer([{ ...record, key: 'other' }, record], 10 * MINUTE)).toBe(503)
  })

  it('ends by hand at once', () => {
    const probe = createProbe({ plan: 'delays', now: 0, speed: 1 })
    expect(probe.answer([record], 0)).toBe('close')
    probe.cancel()
    expect(probe.answer([record], 10 * MINUTE)).toBeUndefined()
    expect(probe.report()).toMatchObject({ state: 'done', end: 'cancelled' })
  })
})
