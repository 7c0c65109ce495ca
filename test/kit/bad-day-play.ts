/** Plays the bad day from Monday to Wednesday night, and keeps all that people saw. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startFakeHubSpot, type FakeHubSpot } from '../../plugins/hubspot/fake.ts'
import { startFakeSlack, type FakeSlack } from '../../plugins/slack/fake.ts'
import { startFakeReceiver, type FakeReceiver } from '../../plugins/webhook/fake.ts'
import { BEGIN, changesOf, configOf, envOf, textOf, timeOf, UNLOVED } from './bad-day.ts'
import type { CliResult } from './cli.ts'
import { createDayClock, openDays, type Days } from './days.ts'

/** A message to a person. */
export interface Told {
  /** `Mon 10:01` */
  readonly at: string
  readonly channel: string
  readonly state: string
  readonly cause: string
  readonly subject: string
  readonly title: string
  readonly text: string
  readonly command: string
}

/** A command line that was typed. */
export interface Typed extends CliResult {
  readonly at: string
  readonly line: string
}

/** What is there in the end. */
export interface Played {
  readonly hubspot: FakeHubSpot
  readonly slack: FakeSlack
  readonly relay: FakeReceiver
  readonly told: readonly Told[]
  readonly typed: readonly Typed[]
  readonly days: Days
  /** What the fakes refused as malformed. */
  readonly problems: readonly string[]
}

const SECRET = 'canary-secret-1f7a'
const RELAY_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const NEW_TOKEN = 'xoxb-token-after-the-app-was-installed-again'
/** What the story calls the folder. */
export const FOLDER = '/srv/bevy-bridge'

/** Plays it in an empty folder; `use` closes what it started. */
export async function playBadDay(folder: string, use: AsyncDisposableStack): Promise<Played> {
  const clock = createDayClock(BEGIN)
  const { now } = clock
  const hubspot = use.use(await startFakeHubSpot({ now }))
  const slack = use.use(await startFakeSlack())
  slack.clock = now
  const relay = use.use(await startFakeReceiver({ now, secrets: [RELAY_SECRET], refusesDuplicates: true }))
  const people = { ops: use.use(await startFakeReceiver({ now })), team: use.use(await startFakeReceiver({ now })) }
  const config = configOf({
    hubspot: hubspot.url,
    slack: slack.apiUrl,
    relay: relay.url,
    ops: people.ops.url,
    team: people.team.url,
  })
  const edits = (text: string): void => writeFileSync(join(folder, 'bevy-bridge.yaml'), text)
  const puts = (token: string): void => writeFileSync(join(folder, '.env'), envOf(token))
  edits(config)
  writeFileSync(join(folder, '.env'), envOf())
  const env = { BEVY_SECRET: SECRET, HUBSPOT_TOKEN: hubspot.token, RELAY_SECRET }
  const days = openDays({ folder, clock, env, changes: changesOf(), secret: SECRET })
  use.defer(() => days.stop().then(() => {}))

  const typed: Typed[] = []
  const until = (text: string): Promise<void> => clock.until(timeOf(text))
  const types = async (line: string): Promise<void> => {
    typed.push({ at: textOf(now()), line, ...(await days.types(line)) })
  }

  await days.start()
  await until('Mon 09:30')
  hubspot.always = { status: 503 }
  await until('Mon 10:05')
  await types('bevy-bridge status')
  await until('Mon 18:00')
  await days.stop()
  await until('Mon 18:10')
  await days.start()
  await until('Mon 23:00')
  await days.cut()
  await until('Mon 23:05')
  await days.start()

  await until('Tue 07:00')
  relay.fallback = ({ text }) => ({ status: text.includes(`"id":${UNLOVED},`) ? 422 : 200 })
  await until('Tue 08:20')
  await types('bevy-bridge dead list relay')
  relay.fallback = () => ({ status: 200 })
  await until('Tue 09:05')
  await types('bevy-bridge dead redrive --destination relay')

  await until('Tue 11:00')
  slack.tokenError = 'token_revoked'
  await until('Tue 12:00')
  slack.token = NEW_TOKEN
  slack.tokenError = undefined
  puts(NEW_TOKEN)
  await until('Tue 12:05')
  await types('bevy-bridge check --live')

  await until('Tue 16:00')
  days.free(0)
  await until('Tue 17:00')
  days.free(80_000_000_000)

  await until('Wed 09:30')
  hubspot.always = undefined
  await until('Wed 09:50')
  await types('bevy-bridge dead list crm')

  await until('Wed 12:00')
  edits(config.replace('account: slack', 'acount: slack'))
  await until('Wed 12:05')
  await types('bevy-bridge check')
  await until('Wed 12:10')
  const wrong = config.replace('name: public-to-crm, use: [public], when: { type: [event, attendee] }', (route) =>
    route.replace('attendee', 'atendee'),
  )
  edits(wrong)
  await until('Wed 14:00')
  await types('bevy-bridge check')
  edits(config)
  await until('Wed 14:05')
  await types(redoOf(days, 'crm'))

  await until('Wed 16:00')
  edits(config.replace('  crm:\n', '  hubspot:\n    was: crm\n').replace('to: [crm]', 'to: [hubspot]'))
  await until('Wed 16:05')
  await types('bevy-bridge status')

  await until('Wed 18:30')
  await days.cut()
  await until('Wed 18:35')
  await days.start()
  await until('Wed 20:00')
  await types('bevy-bridge status')
  await days.stop()

  const told = Object.entries(people).flatMap(([channel, { taken }]) =>
    taken.map(({ timestamp, text }): Told => {
      const { data } = JSON.parse(text.replaceAll(folder, FOLDER)) as { data: Told }
      return { ...data, at: textOf(timestamp * 1000), channel }
    }),
  )
  const fakes = [relay, people.ops, people.team]
  const problems = [...hubspot.problems, ...slack.pings, ...fakes.flatMap((fake) => fake.problems)]
  return { hubspot, slack, relay, told, typed, days, problems }
}

/** The line that the last reload printed for a destination. */
export function redoOf({ log }: Days, destination: string): string {
  const lines = log.lines.filter(
    ({ event, facts }) => event === 'config reloaded' && facts['destination'] === destination,
  )
  return String(lines.at(-1)?.facts['redo'])
}
