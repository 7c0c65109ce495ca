import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextAt, nextEvery, nextSlot } from '../../src/core/dispatch/schedule.ts'
import { toWallClock } from '../../src/core/expressions/zones.ts'
import { scopeOf } from '../kit/scope.ts'

const utc = (text: string): number => Date.parse(`${text}Z`)
const iso = (ms: number): string => new Date(ms).toISOString().slice(0, 16)

describe('the next time a clock shows', () => {
  it.each([
    ['09:00', 'UTC', '2026-03-01T08:59', '2026-03-01T09:00'],
    ['09:00', 'UTC', '2026-03-01T09:00', '2026-03-02T09:00'],
    ['09:00', 'Europe/Berlin', '2026-03-01T08:30', '2026-03-02T08:00'],
    ['09:00', 'America/Los_Angeles', '2026-03-01T12:00', '2026-03-01T17:00'],
    ['09:00', 'Pacific/Auckland', '2026-03-01T12:00', '2026-03-01T20:00'],
    // The clocks go forward on 29 March and back on 25 October.
    ['09:00', 'Europe/Berlin', '2026-03-28T12:00', '2026-03-29T07:00'],
    ['09:00', 'Europe/Berlin', '2026-10-24T12:00', '2026-10-25T08:00'],
    // 02:30 is skipped that day: the clocks go on at 03:30.
    ['02:30', 'Europe/Berlin', '2026-03-28T12:00', '2026-03-29T01:30'],
    // 02:30 comes twice that day: the first one.
    ['02:30', 'Europe/Berlin', '2026-10-24T12:00', '2026-10-25T00:30'],
  ])('%s in %s after %s is %s', (time, zone, now, expected) => {
    expect(iso(nextAt(time, zone, utc(now)))).toBe(expected)
  })

  it('is always later, within 25 hours and a skipped one, and shows the time unless it is skipped', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kolkata', 'Australia/Lord_Howe'),
        fc.integer({ min: utc('2026-01-01T00:00'), max: utc('2028-01-01T00:00') }),
        (hours, minutes, zone, now) => {
          const time = `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`
          const at = nextAt(time, zone, now)
          expect(at).toBeGreaterThan(now)
          expect(at - now).toBeLessThanOrEqual(26 * 3_600_000)
          const shown = toWallClock(at, zone).shown
          const wanted = hours * 60 + minutes
          const off = (shown.getUTCHours() * 60 + shown.getUTCMinutes() - wanted + 1440) % 1440
          expect([0, 30, 60]).toContain(off)
        },
      ),
    )
  })
})

describe('every so often', () => {
  it.each([
    [3_600_000, '2026-03-01T08:59', '2026-03-01T09:00'],
    [3_600_000, '2026-03-01T09:00', '2026-03-01T10:00'],
    [6 * 3_600_000, '2026-03-01T09:00', '2026-03-01T12:00'],
  ])('%d ms after %s is %s', (span, now, expected) => expect(iso(nextEvery(span, utc(now)))).toBe(expected))
})

describe('the slot of a record', () => {
  const chapter = { id: 77, timezone: 'America/Los_Angeles' }
  it('is in the zone of its chapter and groups by a path', () => {
    const schedule = { when: { at: '09:00' }, timezone: 'chapter', by: 'chapter.id' }
    expect(nextSlot(schedule, scopeOf('chapter', chapter), utc('2026-03-01T12:00'))).toEqual({
      at: utc('2026-03-01T17:00'),
      group: '77',
    })
    expect(nextSlot(schedule, scopeOf('user', { id: 1 }), utc('2026-03-01T08:00'))).toEqual({
      at: utc('2026-03-01T09:00'),
      group: '',
    })
  })
})
