import { createHttpClient } from '../../src/http/client.ts'
import { comparePositions, type Job, type Json, type Outcome, type Position, type Sender } from '../../src/plugin.ts'
import { createTestContext, type JobInput, makeAttempt, makeJob, type RecordingLog } from '../../src/testing.ts'
import { createHandClock, type HandClock } from '../../test/kit/clock.ts'
import { createMemoryLog } from '../../test/kit/log.ts'
import { type FakeHubSpot, type FakeOptions, startFakeHubSpot } from './fake.ts'
import hubspot from './index.ts'

/** A sender, the account it sends to, and what a dispatcher would keep between sends. */
export interface Bench {
  readonly fake: FakeHubSpot
  readonly sender: Sender
  readonly clock: HandClock
  readonly log: RecordingLog
  /** Waits asked of the whole account, milliseconds. */
  readonly holds: number[]
  send(jobs: readonly Job[], signal?: AbortSignal): Promise<readonly Outcome[]>
  /** Sends the next state of each record with the refs and the lane of what was delivered before, as a dispatcher would. */
  play(...states: JobInput[]): Promise<readonly Outcome[]>
}

const open: (() => Promise<void>)[] = []

/** Call after each test. */
export async function closeAll(): Promise<void> {
  for (const close of open.splice(0).toReversed()) await close()
}

export async function bench(given: object = {}, strict: FakeOptions = {}): Promise<Bench> {
  const clock = createHandClock(Date.UTC(2026, 2, 2, 10))
  const fake = await startFakeHubSpot({ now: clock.now, ...strict })
  open.push(async () => fake[Symbol.asyncDispose]())
  const options = hubspot.options.parse({
    accessToken: fake.token,
    baseUrl: fake.url,
    allowPrivateNetworks: true,
    ...given,
  })
  const network = { allowPrivateNetworks: true, allowHttp: true }
  const http = createHttpClient({ ...network, userAgent: 'test/1', secrets: () => [], clock, log: createMemoryLog() })
  open.push(() => http.close())
  const holds: number[] = []
  const { context, log } = createTestContext({ http, now: clock.now, account: { hold: (ms) => void holds.push(ms) } })
  const sender = await hubspot.create(options, context)
  const refs = new Map<string, Json>()
  const lanes = new Map<string, Position>()
  let seq = 100

  const send: Bench['send'] = async (jobs, signal) =>
    (await sender.send(jobs, makeAttempt(jobs, signal === undefined ? {} : { signal }))) ?? []

  const play: Bench['play'] = async (...states) => {
    seq += 1
    const jobs = states.map((state, index) => {
      const plain = makeJob({ seq, n: index + 1, ...state })
      const lane = sender.lane?.(plain)
      const laneAt = lane === undefined ? undefined : lanes.get(lane)
      const ref = refs.get(plain.key)
      const event = refs.get(`event:${String(plain.data.event_id)}`)
      return {
        ...plain,
        ...(ref === undefined ? {} : { ref }),
        ...(event === undefined ? {} : { refs: { event } }),
        ...(laneAt === undefined ? {} : { laneAt }),
      }
    })
    const outcomes = await send(jobs)
    for (const [index, outcome] of outcomes.entries()) {
      const job = jobs[index] as Job
      if (outcome.state !== 'delivered') continue
      if (outcome.ref !== undefined) refs.set(job.key, outcome.ref)
      const lane = sender.lane?.(job)
      const at = lane === undefined ? undefined : lanes.get(lane)
      if (lane !== undefined && (at === undefined || comparePositions(at, job.position) < 0))
        lanes.set(lane, job.position)
    }
    return outcomes
  }
  return { fake, sender, clock, log, holds, send, play }
}

/** An attendee of event 9001 as Bevy sends it, with an address of its own. */
export function attendee(
  id: number,
  more: Record<string, Json> = {},
): JobInput & { readonly data: Record<string, Json> } {
  return {
    data: {
      id,
      user_id: id - 4000,
      event_id: 9001,
      created_date: '2026-03-02T09:14:05Z',
      checkin_date: null,
      deleted_date: null,
      status: 'registered',
      first_name: `First${id}`,
      last_name: `Last${id}`,
      email: `guest${id}@example.com`,
      surveys: {},
      ...more,
    },
  }
}

/** So many attendees, from 5001, as jobs of one delivery. */
export function attendees(count: number, more: (id: number) => Record<string, Json> = () => ({})): Job[] {
  return Array.from({ length: count }, (_, index) =>
    makeJob({ ...attendee(5001 + index, more(5001 + index)), n: index + 1 }),
  )
}

/** Everybody in the CRM, by address. */
export function peopleIn(fake: FakeHubSpot): Record<string, Record<string, string>> {
  const contacts = [...(fake.crm.objects.get('contacts')?.values() ?? [])]
  return Object.fromEntries(contacts.map(({ properties: { email = '', ...rest } }) => [email, rest]))
}

/** `METHOD path` of each request, without the version. */
export function callsOf({ requests }: FakeHubSpot): string[] {
  return requests.map(({ method, path }) => `${method} ${path.replaceAll('/2026-09', '').replace(/\?.*/, '')}`)
}
