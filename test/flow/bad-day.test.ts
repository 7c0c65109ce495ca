/**
 * A bad day, from Monday to Wednesday night: HubSpot away for two days, a Slack token revoked, a poison record, a full disk, wrong
 * deploys, a rename, restarts and power cuts. docs/bad-day.md tells it; what it quotes is compared with what was said here.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/core/types.ts'
import { changesOf, UNLOVED } from '../kit/bad-day.ts'
import { FOLDER, playBadDay, type Played } from '../kit/bad-day-play.ts'

const folder = mkdtempSync(join(tmpdir(), 'bevy-bridge-bad-day-'))
const use = new AsyncDisposableStack()
let played: Played
beforeAll(async () => {
  played = await playBadDay(folder, use)
}, 60_000)
afterAll(async () => {
  await use.disposeAsync()
  rmSync(folder, { recursive: true, force: true })
})

/** What Bevy had of each record, in order: `5002 registered`, `5002 deleted`. */
const states = Map.groupBy(changesOf(), ({ key }) => key)
const people = [...states].filter(([key]) => key.startsWith('attendee:')).map(([, all]) => all.map(({ data }) => data))

describe('people', () => {
  it('are told of each trouble once, when it is known, and of its end; a restart repeats nothing', () => {
    const both = [
      'Mon 10:02 raised destination:paused crm',
      'Tue 10:02 repeated destination:paused crm',
      'Tue 11:20 raised destination:paused announce',
      'Tue 12:01 recovered destination:paused announce',
      'Tue 16:01 raised disk:full storage',
      'Tue 17:01 recovered disk:full storage',
      'Wed 09:36 recovered destination:paused crm',
      'Wed 09:37 raised dead crm',
      'Wed 12:00 raised config:refused config',
      'Wed 12:10 recovered config:refused config',
    ]
    const [first = '', ...others] = both
    const toldTo = (channel: string) =>
      played.told
        .filter((one) => one.channel === channel)
        .map(({ at, state, cause, subject }) => `${at} ${state} ${cause} ${subject}`)
    expect(toldTo('ops')).toEqual(both)
    expect(toldTo('team')).toEqual([first, 'Tue 08:16 raised dead relay', ...others])
  })

  it('are told nothing of anybody, nor does the log', () => {
    const lines = played.days.log.lines.map(({ event, facts, error }) => [event, facts, String(error)])
    expect(JSON.stringify([played.told, lines])).not.toMatch(/example\.org|Guest|canary-secret|xoxb-|fake-token/)
  })

  it('type one command for each step, and each does what it says', () => {
    expect(played.typed.map(({ at, line, code, err }) => [at, line, code, err])).toEqual([
      ['Mon 10:05', 'bevy-bridge status', 1, ''],
      ['Tue 08:20', 'bevy-bridge dead list relay', 0, ''],
      ['Tue 09:05', 'bevy-bridge dead redrive --destination relay', 0, ''],
      ['Tue 12:05', 'bevy-bridge check --live', 1, ''],
      ['Wed 09:50', 'bevy-bridge dead list crm', 0, ''],
      ['Wed 12:05', 'bevy-bridge check', 1, ''],
      ['Wed 14:00', 'bevy-bridge check', 0, ''],
      ['Wed 14:05', 'bevy-bridge replay crm --from 83 --to 85', 0, ''],
      ['Wed 16:05', 'bevy-bridge status', 0, ''],
      ['Wed 20:00', 'bevy-bridge status', 0, ''],
    ])
  })
})

describe('in the end', () => {
  it('Bevy was rid of everything, the state before last included', () => {
    const { bevy } = played.days
    expect(bevy.counts()).toMatchObject({ pending: 0, givenUp: 0, acknowledged: states.size })
    expect(bevy.acknowledged()).toEqual(bevy.finalState())
    // While the disk was full.
    expect(bevy.counts().retries).toBeGreaterThan(1)
  })

  it('HubSpot shows of each who comes, and what was wrong in between is mended', () => {
    const { hubspot } = played
    const last = { registered: 'register', deleted: 'cancel', 'checked-in': 'attend' } as Readonly<
      Record<string, string>
    >
    const [shown, wanted] = [new Map<string, unknown>(), new Map<string, unknown>()]
    for (const one of people) {
      const { event_id: event, email, first_name, status } = one.at(-1) as JsonObject
      const { firstname } = hubspot.contact(String(email))?.properties ?? {}
      const entry = hubspot.attendance(String(event), String(email)).at(-1)?.split(' ')[0]
      shown.set(String(email), [firstname, entry])
      wanted.set(String(email), [first_name, last[String(status)]])
    }
    expect(shown).toEqual(wanted)
    expect(hubspot.crm.objects.get('contacts')?.size).toBe(people.length)
    const events = [...hubspot.crm.events.values()].map(({ eventName, eventCancelled }) => [eventName, eventCancelled])
    expect(events.map(([name, canceled]) => [name, canceled === true])).toEqual([
      ['Spring Meetup', false],
      ['Cloud Day', false],
    ])
  })

  it('Slack has one announcement of each event as it is now, and told each registration once', () => {
    const { messages } = played.slack
    const tops = messages.filter(({ thread }) => thread === undefined).map(({ text, edits }) => [text, edits])
    expect(tops).toEqual([
      ['New event: Spring Meetup, Wednesday 4 March 2026, 17:00–20:00 (UTC)', 0],
      ['New event: Cloud Day, Friday 6 March 2026, 18:00–21:00 (UTC)', 1],
    ])
    const replies = messages.filter(({ thread }) => thread !== undefined)
    const named = replies.flatMap(({ text }) => [...text.matchAll(/Guest\d+/g)].map(([name]) => name))
    expect(named.toSorted()).toEqual(people.map(([first]) => String(first?.['first_name'])).toSorted())
    expect(replies.filter(({ text }) => text.includes('New date'))).toHaveLength(1)
  })

  it('the files have a row for each state, once and in order', () => {
    const rows = ['attendee', 'event', 'chapter'].flatMap((type) =>
      parse<JsonObject>(readFileSync(join(folder, `exports/${type}.csv`)), { columns: true }).map((row) => ({
        type,
        row,
      })),
    )
    const written = Map.groupBy(rows, ({ type, row }) => `${type}:${String(row['id'])}`)
    const statusesOf = (all: readonly JsonObject[]) => all.map(({ status = '', email = '' }) => [status, email])
    for (const [key, all] of states) {
      expect([key, statusesOf((written.get(key) ?? []).map(({ row }) => row))]).toEqual([
        key,
        statusesOf(all.map(({ data }) => data)),
      ])
    }
    expect(rows).toHaveLength(changesOf().length)
  })

  it('the relay has each state once and in order; the one its receiver refused came late', () => {
    const taken = played.relay.taken.map(({ id, json }) => ({ id, ...(json as { type: string; data: JsonObject }) }))
    const ofUnloved = taken.filter(({ data }) => data['id'] === UNLOVED)
    expect(ofUnloved).toHaveLength(2)
    expect(new Set(taken.map(({ id }) => id)).size).toBe(changesOf().length)
    const sent = Map.groupBy(
      taken.toSpliced(taken.indexOf(ofUnloved[0] as (typeof taken)[number]), 1),
      ({ type, data }) => {
        return `${type.split('.')[0]}:${String(data['id'])}`
      },
    )
    for (const [key, all] of states) {
      expect([key, sent.get(key)?.map(({ data }) => data)]).toEqual([key, all.map(({ data }) => data)])
    }
  })

  it('nothing waits, nothing is dead, and nobody sent what the other side takes for nonsense', () => {
    const status = played.typed.at(-1)?.out ?? ''
    const rows = [...status.matchAll(/^(\w+) +(\w+) +(\w+) +\d+ +\d+ +(\d+) +(\d+) +(\d+) /gm)].map((row) =>
      row.slice(1),
    )
    expect(rows).toEqual(
      ['hubspot', 'announce', 'export', 'relay'].map((name) => [name, 'running', 'none', '0', '0', '0']),
    )
    expect(played.problems).toEqual([])
  })
})

describe('docs/bad-day.md', () => {
  const story = readFileSync(resolve(import.meta.dirname, '../../docs/bad-day.md'), 'utf8')
  const blocks = (language: string): string[][] =>
    [...story.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) =>
      text.trimEnd().split('\n'),
    )

  it('quotes every alert as it was told', () => {
    const said = new Set(played.told.map(({ at, title, text, command }) => `${at}  ${title}|${text}|More: ${command}`))
    const quoted = blocks('alert').map((lines) => `${lines[0]}|${lines.slice(1, -1).join(' ')}|${lines.at(-1)}`)
    expect(quoted.toSorted()).toEqual([...said].toSorted())
  })

  it('quotes each command that was typed, with lines of what it printed, in their order', () => {
    const typed = [...played.typed]
    for (const [command = '', ...lines] of blocks('console')) {
      const next = typed.shift()
      expect(command).toBe(`$ ${next?.line}`)
      const printed = (next?.out ?? '').split('\n').map((line) => line.trimEnd())
      for (const line of lines) {
        const at = printed.indexOf(line)
        expect([line, at >= 0]).toEqual([line, true])
        printed.splice(0, at + 1)
      }
    }
    expect(typed.map(({ line }) => line)).toEqual([])
  })

  it('quotes lines of the log', () => {
    const lines = played.days.log.lines.map(({ event, facts }) => {
      const said = Object.entries(facts).map(
        ([name, value]) => `${name}=${/\s/.test(String(value)) ? JSON.stringify(value) : String(value)}`,
      )
      return `${event} ${said.join(' ')}`.replaceAll(folder, FOLDER).replace(/ hash=\w+/, '')
    })
    for (const line of blocks('log').flat()) expect(lines).toContain(line)
  })
})
