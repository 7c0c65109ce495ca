import { describe, expect, it } from 'vitest'
import type { DestinationSettings } from '../../src/core/settings.ts'
import { problemsOf, settingsOf } from '../kit/config.ts'

const CHAT = 'plugin: chat, options: { token: t, channel: { value: C1 } }'
const ECHO = 'plugin: echo, options: { url: "https://x.test" }'

/** Settings of one destination. */
async function policyOf(destination: string): Promise<DestinationSettings | undefined> {
  const yaml = `timezone: Europe/Berlin\ndestinations: { a: { ${destination} } }\nroutes: [{ name: r, to: [a] }]\n`
  return (await settingsOf(yaml)).destinations[0]
}

describe('scheduled batches', () => {
  it.each<[batch: string, expected: object, reads: string[]]>([
    ['{ at: "09:00" }', { size: 500, wait: 0, schedule: { when: { at: '09:00' }, timezone: 'Europe/Berlin' } }, []],
    [
      '{ at: 23:59, timezone: chapter, by: event.id, size: 40 }',
      { size: 40, wait: 0, schedule: { when: { at: '23:59' }, timezone: 'chapter', by: 'event.id' } },
      ['chapter', 'event'],
    ],
    [
      '{ at: "00:00", timezone: Asia/Tokyo, by: "answers[\'T-shirt size\']" }',
      {
        size: 500,
        wait: 0,
        schedule: { when: { at: '00:00' }, timezone: 'Asia/Tokyo', by: "answers['T-shirt size']" },
      },
      ['answers'],
    ],
    [
      '{ every: 1h, by: chapter.id }',
      { size: 500, wait: 0, schedule: { when: { every: 3_600_000 }, timezone: 'Europe/Berlin', by: 'chapter.id' } },
      ['chapter'],
    ],
    ['{ size: 7, wait: 2s }', { size: 7, wait: 2000 }, []],
  ])('%s', async (batch, expected, reads) => {
    const settings = await policyOf(`${CHAT}, batch: ${batch}`)
    expect(settings?.batch).toEqual(expected)
    expect([...(settings?.reads ?? [])].sort()).toEqual(reads)
  })

  it('a schedule takes the place of the wait of a plugin', async () => {
    expect((await policyOf('plugin: stateful, batch: { every: 1d }'))?.batch).toEqual({
      size: 500,
      wait: 0,
      schedule: { when: { every: 86_400_000 }, timezone: 'Europe/Berlin' },
    })
  })

  it.each<[batch: string, ...lines: string[]]>([
    ['{ at: 9:00 }', '2:39 destinations.a.batch.at: expected a time of day such as 09:00'],
    ['{ at: 24:00 }', '2:39 destinations.a.batch.at: expected a time of day such as 09:00'],
    ['{ every: 10ms }', '2:42 destinations.a.batch.every: must be 1s at least; wait gathers for moments'],
    [
      '{ at: 09:00, timezone: Europe/Berln }',
      '2:56 destinations.a.batch.timezone: not a time zone such as Europe/Berlin or chapter (did you mean "Europe/Berlin"?)',
    ],
    [
      '{ at: 09:00, timezone: chaptr }',
      '2:56 destinations.a.batch.timezone: not a time zone such as Europe/Berlin or chapter (did you mean "chapter"?)',
    ],
    [
      '{ at: 09:00, by: chaptr.id }',
      '2:50 destinations.a.batch.by: "chaptr.id" does not start with one of type, record, before, changed, event, chapter, user, answers, delivery (did you mean "chapter"?)',
    ],
    ['{ every: 1h, by: "{{ x }}" }', '2:50 destinations.a.batch.by: "{{ x }}" is not a path such as record.first_name'],
    [
      '{ at: 09:00, every: 1h, wait: 1s, sise: 1 }',
      '2:53 destinations.a.batch.every: at and every exclude each other: a batch has one schedule',
      '2:63 destinations.a.batch.wait: at and wait exclude each other: a batch waits for its schedule or for moments',
      '2:63 destinations.a.batch.wait: every and wait exclude each other: a batch waits for its schedule or for moments',
      '2:67 destinations.a.batch.sise: unknown key (did you mean "size"?)',
    ],
    [
      '{ every: 1h, timezone: UTC }',
      '2:56 destinations.a.batch.timezone: every is counted from midnight UTC: only at has a timezone',
    ],
    [
      '{ wait: 1s, by: chapter.id, timezone: chapter }',
      '2:49 destinations.a.batch.by: is part of a schedule, and there is none: add at or every',
      '2:71 destinations.a.batch.timezone: is part of a schedule, and there is none: add at',
    ],
    ['{ at: 09:00, size: 10001 }', '2:52 destinations.a.batch.size: expected number to be <=10000'],
  ])('%s is refused', async (batch, ...lines) => {
    const yaml = `destinations:\n  a: { plugin: stateful, batch: ${batch} }\n`
    expect(await problemsOf(yaml)).toEqual(lines.map((line) => `c.yaml:${line}`))
  })
})

describe('old news and leaving', () => {
  it.each<[destination: string, expected: object]>([
    [CHAT, { maxAge: 172_800_000, onLeave: 'send' }],
    [`${CHAT}, maxAge: never, onLeave: skip`, { maxAge: undefined, onLeave: 'skip' }],
    [`${CHAT}, maxAge: 5h, onLeave: send`, { maxAge: 18_000_000, onLeave: 'send' }],
    [`${CHAT}, mode: every`, { maxAge: 172_800_000, onLeave: 'skip' }],
    [ECHO, { maxAge: undefined, onLeave: 'skip' }],
    [`${ECHO}, maxAge: 1d, onLeave: skip`, { maxAge: 86_400_000, onLeave: 'skip' }],
  ])('%s', async (destination, expected) => expect(await policyOf(destination)).toMatchObject(expected))

  it.each<[what: string, destination: string, ...lines: string[]]>([
    [
      'an age that is none',
      'plugin: stateful, maxAge: nevr',
      '2:34 destinations.a.maxAge: must be a duration such as 500ms, 30s, 5m, 2h, 7d or 1h30m',
    ],
    ['no age at all', 'plugin: stateful, maxAge: 0', '2:34 destinations.a.maxAge: must be longer than 0'],
    [
      'a plugin that cannot take back',
      'plugin: stateful, onLeave: send',
      '2:35 destinations.a.onLeave: the plugin stateful cannot take back what it sent: leave this out',
    ],
    [
      'mode every',
      `mode: every, onLeave: send, ${CHAT}`,
      '2:30 destinations.a.onLeave: only in mode latest, and this destination is in mode every',
    ],
    [
      'another word',
      `onLeave: sent, ${CHAT}`,
      '2:17 destinations.a.onLeave: expected one of send, skip (did you mean "send"?)',
    ],
  ])('%s is refused', async (_what, destination, ...lines) => {
    const yaml = `destinations:\n  a: { ${destination} }\n`
    expect(await problemsOf(yaml)).toEqual(lines.map((line) => `c.yaml:${line}`))
  })
})
