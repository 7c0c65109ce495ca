import { describe, expect, it } from 'vitest'
import {
  DEFAULT_HEALTH,
  HEALTHY,
  isProbed,
  nextHealth,
  probeDelay,
  type HealthEvent,
  type HealthState,
} from '../../src/core/dispatch/health.ts'

const MINUTE = 60_000
const fails = (count: number, { every = 1, of = (n: number) => `user:${n}` } = {}): HealthEvent[] =>
  Array.from({ length: count }, (_, n) => ({ what: 'failed', at: n * every, only: of(n) }))
const answered: HealthEvent = { what: 'answered' }
const refused: HealthEvent = { what: 'refused' }
const probe: HealthEvent = { what: 'probe' }
const resume: HealthEvent = { what: 'resume' }
const byHand: HealthEvent = { what: 'pause', by: 'hand' }
const aside: HealthEvent = { what: 'pause', by: 'aside' }
const one = () => 'user:1'

function after(events: readonly HealthEvent[]): HealthState {
  return events.reduce((health, event) => nextHealth(health, event, DEFAULT_HEALTH), HEALTHY)
}

describe('the health of a destination', () => {
  it.each<[string, readonly HealthEvent[], object]>([
    ['four failures in a row', fails(4), { state: 'healthy', failures: 4 }],
    ['five', fails(5), { state: 'degraded', failures: 5 }],
    ['an answer between them', [...fails(4), answered, ...fails(4)], { state: 'healthy', failures: 4 }],
    ['an answer after five', [...fails(5), answered], HEALTHY],
    ['19 in a row', fails(19), { state: 'degraded', failures: 19 }],
    ['20 in a row', fails(20), { state: 'paused', by: 'failures', probing: false, probes: 0 }],
    ['20 in a row of one record', fails(20, { of: one }), { state: 'paused', by: 'failures' }],
    ['15 minutes without an answer', fails(6, { every: 3 * MINUTE }), { state: 'paused', by: 'failures' }],
    ['15 minutes, but too few to be degraded', fails(4, { every: 5 * MINUTE }), { state: 'healthy' }],
    ['hours, all of one bad record', fails(10, { every: 30 * MINUTE, of: one }), { state: 'degraded' }],
    ['a DestinationError', [refused], { state: 'paused', by: 'refused' }],
    ['an answer to what was sent before the pause', [refused, answered], { state: 'paused', probes: 0 }],
    ['a failure of what was sent before the pause', [refused, ...fails(1)], { state: 'paused', probes: 0 }],
    ['the time of a probe', [refused, probe], { state: 'paused', probing: true }],
    ['a probe that fails', [refused, probe, ...fails(1)], { state: 'paused', probing: false, probes: 1 }],
    ['two probes refused', [refused, probe, refused, probe, refused], { by: 'refused', probing: false, probes: 2 }],
    ['a probe that is answered', [refused, probe, answered], HEALTHY],
    ['a pause by hand', [byHand], { state: 'paused', by: 'hand' }],
    ['by hand, when it was down already', [refused, probe, byHand], { by: 'hand', probing: false, probes: 0 }],
    ['by hand: it is not probed', [byHand, probe], { by: 'hand', probing: false }],
    ['by hand: what was under way changes nothing', [byHand, answered, refused, ...fails(30)], { by: 'hand' }],
    ['set aside: it is not probed', [aside, probe], { by: 'aside', probing: false }],
    ['resumed by a person', [byHand, resume], HEALTHY],
    ['resumed by a person, failures forgotten', [...fails(20), resume, ...fails(4)], { state: 'healthy' }],
  ])('after %s', (_name, events, expected) => {
    expect(after(events)).toMatchObject(expected)
  })

  it('is probed only where it can come back by itself', () => {
    const states = [[], [refused], fails(20), [byHand], [aside]].map(after)
    expect(states.map(isProbed)).toEqual([false, true, true, false, false])
  })

  it('probes at growing intervals, never sooner than it was asked', () => {
    const { probe: policy } = DEFAULT_HEALTH
    expect([0, 1, 2, 3, 4, 5, 500].map((probes) => probeDelay(policy, probes) / 1000)).toEqual([
      30, 60, 120, 240, 480, 900, 900,
    ])
    expect(probeDelay(policy, 0, 120_000)).toBe(120_000)
    expect(probeDelay({ delay: MINUTE, maxDelay: 1000 }, 3)).toBe(MINUTE)
  })
})
