import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conditionsOf, type Observation } from '../../src/core/alerts/conditions.ts'
import { subjectLine } from '../../src/core/alerts/text.ts'
import { alertKey, NO_ALERTS, track, type AlertRules, type TrackerInput } from '../../src/core/alerts/tracker.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const START = Date.UTC(2026, 2, 1, 10)
const RULES: AlertRules = { interval: HOUR, perHour: 20, grace: MINUTE, remind: DAY }

/** A tracker with a clock in the test's hand; starts after the grace. */
function tracker(rules: Partial<AlertRules> = {}, start = START) {
  let state = NO_ALERTS
  let now = start
  let quietUntil = -Infinity
  const take = (input: TrackerInput): string[] => {
    const step = track(state, input, now, quietUntil, { ...RULES, ...rules })
    state = step.state
    return step.messages.map((message) => `${message.state} ${message.cause} ${message.subject}: ${message.text}`)
  }
  return {
    take,
    raise: (cause: string, subject = 'crm', message = 'it is so') => take({ kind: 'raise', cause, subject, message }),
    recover: (cause: string, subject = 'crm') => take({ kind: 'recover', cause, subject }),
    tick: () => take({ kind: 'tick' }),
    look: (destinations: Observation['destinations'], more: Partial<Observation> = {}) =>
      take(
        conditionsOf(
          { destinations, disk: { free: 100, minFree: 1 }, silent: 0, ...more },
          { late: HOUR, silence: 2 * HOUR },
        ),
      ),
    pass(ms: number) {
      now += ms
    },
    /** The same memory in a new life. */
    restart(grace = MINUTE) {
      state = structuredClone(state)
      quietUntil = now + grace
    },
    state: () => state,
  }
}

describe('events', () => {
  it('are told once, and their repeats counted in the next message after the interval', () => {
    const alerts = tracker()
    expect(alerts.raise('quarantine', 'ERR_X')).toEqual([])
    alerts.pass(10 * SECOND)
    expect(alerts.tick()).toEqual(['raised quarantine ERR_X: it is so.'])
    for (let i = 0; i < 41; i++) {
      alerts.pass(MINUTE)
      expect(alerts.raise('quarantine', 'ERR_X')).toEqual([])
    }
    alerts.pass(30 * MINUTE)
    expect(alerts.tick()).toEqual([
      'repeated quarantine ERR_X: it is so. It happened 41 more times, 42 since 2026-03-01 10:00Z.',
    ])
    alerts.pass(2 * HOUR)
    expect(alerts.tick()).toEqual([])
    expect(alerts.state().episodes.size).toBe(0)
    expect(alerts.raise('quarantine', 'ERR_X')).toEqual([])
  })

  it('dead letters: a wave of them is one message', () => {
    const alerts = tracker()
    for (let i = 0; i < 500; i++) expect(alerts.raise('dead', 'crm', `crm gave up a job (answered 422)`)).toEqual([])
    expect(alerts.raise('dead', 'relay')).toEqual([])
    alerts.pass(MINUTE)
    expect(alerts.tick()).toEqual([
      'raised dead crm: crm gave up a job (answered 422). It happened 500 times since 2026-03-01 10:00Z.',
      'raised dead relay: it is so.',
    ])
  })

  it('what anybody on the internet can cause is told only in numbers, and daily', () => {
    const alerts = tracker()
    for (let i = 0; i < 19; i++) expect(alerts.raise('refused:unknown-post', 'receiver')).toEqual([])
    expect(alerts.raise('refused:unknown-post', 'receiver')).toHaveLength(1)
    for (let i = 0; i < 23; i++) {
      alerts.pass(HOUR)
      expect(alerts.raise('refused:unknown-post', 'receiver')).toEqual([])
    }
    alerts.pass(HOUR)
    expect(alerts.tick()).toHaveLength(1)
  })
})

describe('states', () => {
  it('are told when they begin, reminded of daily, and told to be over with duration and counts', () => {
    const alerts = tracker()
    expect(alerts.raise('destination:paused')).toEqual(['raised destination:paused crm: it is so.'])
    const crm = { name: 'crm', state: 'paused', age: 5 * HOUR } as const
    expect(alerts.look([{ ...crm, figures: { delivered: 100, dead: 1 } }])).toEqual([])
    alerts.pass(DAY)
    expect(alerts.look([crm])).toEqual([
      'repeated destination:paused crm: Still so after 1d, since 2026-03-01 10:00Z. it is so.',
    ])
    alerts.pass(2 * HOUR + 14 * MINUTE)
    expect(alerts.look([{ ...crm, state: 'running', age: null, figures: { delivered: 160, dead: 3 } }])).toEqual([
      'recovered destination:paused crm: It lasted 1d2h14m, since 2026-03-01 10:00Z. Jobs delivered since then: 60, given up: 2.',
    ])
    expect(alerts.look([{ ...crm, state: 'running', age: null }])).toEqual([])
  })

  it('the end of what nobody was told of is not told', () => {
    const alerts = tracker()
    alerts.restart()
    expect(alerts.raise('destination:paused')).toEqual([])
    expect(alerts.recover('destination:paused')).toEqual([])
    alerts.pass(HOUR)
    expect(alerts.tick()).toEqual([])
    expect(alerts.recover('store', 'indexer')).toEqual([])
  })

  it('flapping is told once an hour', () => {
    const alerts = tracker()
    const told: string[] = []
    for (let i = 0; i < 60; i++) {
      told.push(...alerts.raise('destination:paused'), ...alerts.recover('destination:paused'))
      alerts.pass(MINUTE)
    }
    expect(told.map((line) => line.split(' ')[0])).toEqual(['raised', 'recovered'])
    told.push(...alerts.raise('destination:paused'))
    expect(told.map((line) => line.split(' ')[0])).toEqual(['raised', 'recovered', 'raised'])
  })

  it('one that comes again within the hour and lasts is told when the hour is over', () => {
    const alerts = tracker()
    alerts.raise('destination:paused')
    alerts.pass(10 * MINUTE)
    expect(alerts.recover('destination:paused')).toHaveLength(1)
    alerts.pass(MINUTE)
    expect(alerts.raise('destination:paused')).toEqual([])
    alerts.pass(49 * MINUTE)
    expect(alerts.tick()).toHaveLength(1)
  })

  it('a pause takes the place of the failures before it', () => {
    const alerts = tracker()
    expect(alerts.raise('destination:degraded')).toEqual([])
    alerts.pass(15 * MINUTE)
    expect(alerts.look([{ name: 'crm', state: 'degraded', age: null }])).toEqual([])
    expect(alerts.raise('destination:paused')).toHaveLength(1)
    expect(alerts.look([{ name: 'crm', state: 'paused', age: 3 * HOUR }])).toEqual([])
    alerts.pass(HOUR)
    expect(alerts.look([{ name: 'crm', state: 'running', age: null }]).map((line) => line.split(':')[1])).toEqual([
      'paused crm',
    ])
  })

  it('failures that do not end in a pause are told when they last', () => {
    const alerts = tracker()
    const degraded = [{ name: 'crm', state: 'degraded', age: HOUR }] as const
    alerts.raise('destination:degraded')
    alerts.pass(29 * MINUTE)
    expect(alerts.look(degraded)).toEqual([])
    alerts.pass(MINUTE)
    expect(alerts.look(degraded)).toEqual(['raised destination:degraded crm: it is so.'])
    expect(alerts.look([{ name: 'crm', state: 'running', age: null }])).toEqual([
      'recovered destination:degraded crm: It lasted 30m, since 2026-03-01 10:00Z.',
    ])
  })

  it('one that was opened anew, or resumed, is not well before it has answered', () => {
    const alerts = tracker()
    const crm = { name: 'crm', state: 'running', age: 5 * MINUTE } as const
    expect(alerts.raise('destination:paused')).toHaveLength(1)
    expect(alerts.look([{ ...crm, unsure: true }])).toEqual([])
    // It fails as before, slowly: nothing of it is news.
    alerts.raise('destination:degraded')
    alerts.pass(40 * MINUTE)
    expect(alerts.look([{ ...crm, state: 'degraded', unsure: true, age: DAY }])).toEqual([])
    alerts.pass(40 * MINUTE)
    expect(alerts.look([{ ...crm, state: 'degraded', unsure: true, age: DAY }])).toEqual([])
    expect(alerts.raise('destination:paused')).toEqual([])
    expect(alerts.look([{ ...crm, state: 'paused' }])).toEqual([])
    expect(alerts.look([{ ...crm, unsure: false }])).toHaveLength(1)
  })

  it('a pause by hand is no news, and ends one that was told', () => {
    const alerts = tracker()
    const byHand = [{ name: 'crm', state: 'paused', byHand: true, age: 3 * HOUR }] as const
    expect(alerts.look(byHand)).toEqual([])
    expect(alerts.raise('destination:paused')).toHaveLength(1)
    expect(alerts.look(byHand)).toEqual([])
    expect(alerts.look([{ name: 'crm', state: 'running', age: null }])).toEqual([])
  })
})

describe('what a look finds', () => {
  const running = { name: 'crm', state: 'running', age: null } as const

  it('an old backlog, once, and its end', () => {
    const alerts = tracker()
    expect(alerts.look([{ ...running, age: HOUR }])).toEqual([])
    expect(alerts.look([{ ...running, age: HOUR + 1 }])).toEqual([])
    alerts.pass(30 * MINUTE)
    expect(alerts.look([{ ...running, age: HOUR + 30 * MINUTE }])).toEqual([
      'raised destination:late crm: The oldest job of crm has waited 1h30m; it is sent as fast as crm takes it.',
    ])
    expect(alerts.look([{ ...running, age: 3 * HOUR }])).toEqual([])
    expect(alerts.look([running])).toEqual(['recovered destination:late crm: It lasted 30m, since 2026-03-01 10:00Z.'])
  })

  it('a backlog that is sent within minutes after an outage: nobody is told', () => {
    const alerts = tracker()
    expect(alerts.look([{ ...running, age: 47 * HOUR }])).toEqual([])
    alerts.pass(5 * MINUTE)
    expect(alerts.look([running])).toEqual([])
    alerts.pass(HOUR)
    expect(alerts.tick()).toEqual([])
  })

  it('a disk that fills up, before it is full', () => {
    const alerts = tracker()
    const disk = (free: number) => alerts.look([], { disk: { free, minFree: 256e6 } })
    expect(disk(512e6)).toEqual([])
    expect(disk(511e6)).toEqual([
      'raised disk:low storage: 511MB are free in the data folder; below 256MB (storage.minFree) nothing is received. Make room.',
    ])
    expect(disk(100e6)[0]).toMatch(/^raised disk:full storage: 100MB are free.*Bevy tries again/)
    expect(disk(300e6).map((line) => line.split(':')[1])).toEqual(['full storage'])
    expect(disk(900e6).map((line) => line.split(' ')[0])).toEqual(['recovered'])
  })

  it('a full disk at once is one message', () => {
    expect(tracker().look([], { disk: { free: 1, minFree: 2 } })).toHaveLength(1)
  })

  it('a full disk is why the store fails: told once, and what still fails after it', () => {
    const alerts = tracker()
    const disk = (free: number) => alerts.look([running], { disk: { free, minFree: 256e6 } })
    alerts.raise('store:flush')
    alerts.raise('store', 'indexer')
    expect(disk(1)).toHaveLength(1)
    for (let n = 0; n < 10; n++) {
      alerts.pass(30 * SECOND)
      expect([...alerts.raise('store:flush'), ...disk(1)]).toEqual([])
    }
    expect(disk(900e6)).toHaveLength(1)
    expect(alerts.raise('store:flush')).toEqual([])
    alerts.pass(HOUR)
    expect(disk(900e6)).toEqual(['raised store:flush crm: it is so.'])
  })

  it('silence, where it is asked for', () => {
    const alerts = tracker()
    expect(alerts.look([], { silent: 3 * HOUR })).toEqual([
      expect.stringContaining('Nothing has come from Bevy for 3h.'),
    ])
    const off = conditionsOf(
      { destinations: [], disk: { free: 9, minFree: 1 }, silent: 99 * DAY },
      { late: undefined, silence: undefined },
    )
    expect(off.raised).toEqual([])
  })
})

describe('a start', () => {
  it('says nothing before its grace is over, then what is still so', () => {
    const alerts = tracker()
    alerts.restart()
    expect(alerts.raise('destination:paused')).toEqual([])
    expect(alerts.raise('destination:orphaned', 'old')).toEqual([])
    expect(alerts.recover('destination:paused')).toEqual([])
    alerts.pass(MINUTE)
    expect(alerts.tick()).toEqual(['raised destination:orphaned old: it is so.'])
  })

  it('repeats nothing that was told in the life before', () => {
    const alerts = tracker()
    expect(alerts.raise('destination:orphaned', 'old')).toHaveLength(1)
    for (let life = 0; life < 5; life++) {
      alerts.pass(10 * MINUTE)
      alerts.restart()
      expect(alerts.raise('destination:orphaned', 'old')).toEqual([])
      alerts.pass(2 * MINUTE)
      expect(alerts.look([{ name: 'old', state: 'orphaned', age: null }])).toEqual([])
    }
  })

  it('that ends again and again is told even so', () => {
    const alerts = tracker()
    alerts.restart()
    expect(alerts.raise('unclean-ends', 'bridge')).toHaveLength(1)
  })
})

describe('the cap', () => {
  it('holds back over all causes, says so once, and lets go when there is room', () => {
    const alerts = tracker({ perHour: 3 })
    const told = Array.from({ length: 6 }, (_, index) => alerts.raise('destination:paused', `d${index}`)).flat()
    expect(told.map((line) => line.split(':')[0])).toEqual([
      'raised destination',
      'raised destination',
      'raised destination',
      'raised capped alerts',
    ])
    // The end of what was told is not held back.
    expect(alerts.recover('destination:paused', 'd0')).toHaveLength(1)
    alerts.pass(HOUR)
    expect(alerts.tick().map((line) => line.split(' ')[2])).toEqual(['d3:', 'd4:', 'd5:'])
  })

  it('never tells more than it says, whatever happens', () => {
    const input = fc.record({
      cause: fc.constantFrom('dead', 'destination:paused', 'refused:no-secret', 'quarantine', 'odd'),
      subject: fc.constantFrom('a', 'b', 'c', 'd'),
      recover: fc.boolean(),
      pass: fc.integer({ min: 0, max: 20 * MINUTE }),
    })
    fc.assert(
      fc.property(fc.array(input, { maxLength: 120 }), (inputs) => {
        const alerts = tracker({ perHour: 4 })
        let now = 0
        const sent: { at: number; line: string }[] = []
        for (const { cause, subject, recover, pass } of inputs) {
          now += pass
          alerts.pass(pass)
          const lines = recover ? alerts.recover(cause, subject) : alerts.raise(cause, subject)
          sent.push(...lines.map((line) => ({ at: now, line })))
        }
        const troubles = sent.filter(({ line }) => !line.startsWith('recovered') && !line.includes(' capped '))
        for (const { at, line } of troubles) {
          const within = troubles.filter((other) => other.at > at - HOUR && other.at <= at)
          expect(within.length).toBeLessThanOrEqual(4)
          const name = (text: string) => text.split(' ').slice(1, 3).join(' ')
          expect(within.filter((other) => name(other.line) === name(line)).length).toBe(1)
        }
        // The end is told exactly as often as its beginning was, at most.
        const ends = sent.filter(({ line }) => line.startsWith('recovered'))
        expect(ends.length).toBeLessThanOrEqual(sent.filter(({ line }) => line.startsWith('raised')).length)
      }),
    )
  })

  it('remembers a bounded number of troubles', () => {
    const alerts = tracker()
    for (let i = 0; i < 1500; i++) alerts.raise('unknown-type', `type ${i}`)
    expect(alerts.state().episodes.size).toBe(1000)
  })

  it('a clock set back silences nothing for long', () => {
    const alerts = tracker()
    alerts.raise('destination:paused')
    alerts.pass(-10 * DAY)
    expect(alerts.recover('destination:paused')).toHaveLength(1)
    expect(alerts.raise('destination:paused', 'relay')).toHaveLength(1)
    expect(alerts.raise('destination:paused')).toHaveLength(1)
  })
})

describe('messages', () => {
  it('have ids that tell each from the other, and share the thread of their trouble', () => {
    const input = (kind: 'raise' | 'recover'): TrackerInput => ({
      kind,
      cause: 'disk:full',
      subject: 'storage',
      message: 'x',
    })
    const first = track(NO_ALERTS, input('raise'), START, 0, RULES)
    const again = track(first.state, { kind: 'tick' }, START + DAY, 0, RULES)
    const over = track(again.state, input('recover'), START + DAY + 1, 0, RULES)
    const all = [first, again, over].flatMap(({ messages }) => messages)
    expect(all.map(({ state }) => state)).toEqual(['raised', 'repeated', 'recovered'])
    expect(new Set(all.map(({ id }) => id)).size).toBe(3)
    expect(new Set(all.map(({ thread }) => thread))).toEqual(new Set([all[0]?.id]))
    expect(new Set(all.map(({ key }) => key))).toEqual(new Set([alertKey('disk:full', 'storage')]))
    expect(all.map(subjectLine)).toEqual([
      'critical: the disk is too full: nothing is received',
      'critical: the disk is too full: nothing is received',
      'over: the disk has room again: deliveries are received',
    ])
    for (const { id, command } of all) {
      expect(id).toMatch(/^[a-z0-9-]+$/)
      expect(command).toBe('bevy-bridge status')
    }
  })
})
