import fc from 'fast-check'
import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { strftime } from '../../src/core/expressions/strftime.ts'
import { isTimeZone, toWallClock, wallClockOf, zoneOf } from '../../src/core/expressions/zones.ts'
import { scopeOf } from '../kit/scope.ts'

const print = (text: string, zone: string, pattern: string): string => {
  const clock = wallClockOf(text, zone)
  return clock === undefined ? 'no date' : strftime(clock, pattern)
}

describe('dates in a zone', () => {
  it.each([
    ['2026-03-21T01:00:00Z', 'America/Los_Angeles', '%Y-%m-%d %H:%M', '2026-03-20 18:00'],
    ['2026-03-20T18:00:00-07:00', 'Europe/Berlin', '%F %R', '2026-03-21 02:00'],
    // The hour Berlin skips, and the one it has twice.
    ['2026-03-29T00:59:59Z', 'Europe/Berlin', '%T %:z', '01:59:59 +01:00'],
    ['2026-03-29T01:00:00Z', 'Europe/Berlin', '%T %:z', '03:00:00 +02:00'],
    ['2026-10-25T00:30:00Z', 'Europe/Berlin', '%R %z', '02:30 +0200'],
    ['2026-10-25T01:30:00Z', 'Europe/Berlin', '%R %z', '02:30 +0100'],
    ['2026-01-01T00:00:00Z', 'Asia/Kolkata', '%R %z', '05:30 +0530'],
    ['2026-01-01T00:00:00Z', 'Pacific/Niue', '%F %z', '2025-12-31 -1100'],
    // A day without a time is the same day everywhere.
    ['2026-03-20', 'Pacific/Niue', '%F %Z', '2026-03-20 UTC'],
    ['2026-03-20 01:00', 'America/New_York', '%F', '2026-03-19'],
    ['2026-03-20T00:00:00Z', 'Mars/Olympus', '%R', '00:00'],
    ['1969-12-31T23:59:59.250Z', 'UTC', '%T.%L %s', '23:59:59.250 -1'],
    ['soon', 'UTC', '%F', 'no date'],
  ])('%s in %s by %s is %s', (text, zone, pattern, expected) => expect(print(text, zone, pattern)).toBe(expected))

  it.each([
    ['%A %a %-d %e %d', 'Sunday Sun 1  1 01'],
    ['%B %b %h %m %-m %^b', 'March Mar Mar 03 3 MAR'],
    ['%Y %y %j %u %w', '2026 26 060 7 0'],
    ['%G-W%V', '2026-W09'],
    ['%H %k %-H %I %l %-I %p %P', '07  7 7 07  7 7 AM am'],
    ['%M %S %L', '05 06 007'],
    ['100%% %Q %', '100% %Q %'],
    ['%n%t|', '\n\t|'],
    ['', ''],
  ])('pattern %j', (pattern, expected) => expect(print('2026-03-01T07:05:06.007Z', 'UTC', pattern)).toBe(expected))

  it.each([
    ['2027-01-01', '2026-W53'],
    ['2024-12-30', '2025-W01'],
    ['2026-12-28', '2026-W53'],
  ])('the week of %s is %s', (day, expected) => expect(print(day, 'UTC', '%G-W%V')).toBe(expected))

  it('shows what the clocks of the zone show', () => {
    const zones = fc.constantFrom('Europe/Berlin', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'UTC')
    const dates = fc.date({ min: new Date('1950-01-01'), max: new Date('2150-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(dates, zones, (date, timeZone) => {
        const shown = date.toLocaleString('sv-SE', { timeZone })
        expect(strftime(toWallClock(date.getTime(), timeZone), '%F %T')).toBe(shown)
      }),
    )
  })

  it('does not depend on the zone of the process', () => {
    // At 02:30 in New York, in the hour Berlin skips that night.
    const script = `
      import { strftime } from './src/core/expressions/strftime.ts'
      import { wallClockOf } from './src/core/expressions/zones.ts'
      process.stdout.write(strftime(wallClockOf('2026-03-29T06:30:00Z', 'America/New_York'), '%F %T'))`
    const args = ['--input-type=module-typescript', '--eval', script]
    const { stdout } = spawnSync('node_modules/.bin/node', args, { env: { ...process.env, TZ: 'Europe/Berlin' } })
    expect(stdout.toString()).toBe('2026-03-29 02:30:00')
  })
})

describe('the zone of a record', () => {
  const event = (timezone: unknown): { id: number; chapter: { id: number; timezone: never } } => ({
    id: 1,
    chapter: { id: 2, timezone: timezone as never },
  })

  it.each([
    ['Asia/Tokyo', 'Europe/Berlin', 'Asia/Tokyo'],
    ['', 'Europe/Berlin', 'Europe/Berlin'],
    ['Nowhere/Land', 'Europe/Berlin', 'Europe/Berlin'],
    [7, 'Europe/Berlin', 'Europe/Berlin'],
    [null, 'Nowhere/Land', 'UTC'],
    [null, undefined, 'UTC'],
  ])('chapter %j, config %j: %s', (chapter, timezone, expected) => {
    expect(zoneOf(scopeOf('event', event(chapter), timezone === undefined ? {} : { timezone }))).toBe(expected)
  })

  it('is known whatever many there are', () => {
    for (let at = 0; at < 1200; at++) expect(isTimeZone(`Made/Up${at}`)).toBe(false)
    expect(isTimeZone('Europe/Berlin')).toBe(true)
  })
})
