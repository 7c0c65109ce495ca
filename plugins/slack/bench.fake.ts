import { createHttpClient } from '../../src/http/client.ts'
import type { Pace } from '../../src/core/ports.ts'
import type { Job, JsonObject, Outcome, Sender } from '../../src/plugin.ts'
import { createTestContext, makeAttempt, makeJob, type JobInput } from '../../src/testing.ts'
import { createHandClock, type HandClock } from '../../test/kit/clock.ts'
import { createMemoryLog } from '../../test/kit/log.ts'
import { FAKE_TOKEN, startFakeSlack, type FakeSlack } from './fake.ts'
import slack from './index.ts'

/** A sender against a fake, over the real client. */
export interface SlackBench extends AsyncDisposable {
  readonly fake: FakeSlack
  readonly sender: Sender
  readonly clock: HandClock
  /** Sends a batch; one outcome for each job. */
  send(...jobs: readonly Job[]): Promise<readonly Outcome[]>
}

/** What a bench may be told beside options of the plugin. */
export interface BenchSettings {
  readonly way?: 'webhook' | 'token'
  readonly pace?: (clock: HandClock) => Pace
  /** Milliseconds a request may take. */
  readonly timeout?: number
}

/** 2026-03-02T10:00:00Z, between the samples' records and their event. */
const NOW = Date.UTC(2026, 2, 2, 10)

export async function openBench(given: object = {}, { way = 'token', pace }: BenchSettings = {}): Promise<SlackBench> {
  const fake = await startFakeSlack()
  const clock = createHandClock(NOW)
  const own =
    way === 'token' ? { token: FAKE_TOKEN, channel: 'C0EVENTS', apiUrl: fake.apiUrl } : { webhookUrl: fake.webhookUrl }
  const options = slack.options.parse({ ...own, allowPrivateNetworks: true, ...given })
  const http = createHttpClient({
    allowPrivateNetworks: true,
    allowHttp: true,
    userAgent: 'test/1',
    secrets: () => [],
    clock,
    log: createMemoryLog(),
    pace: pace?.(clock),
  })
  const { context } = createTestContext({ http, now: clock.now })
  const sender = await slack.create(options, context)
  return {
    fake,
    sender,
    clock,
    async send(...jobs) {
      return (await sender.send(jobs, makeAttempt(jobs))) ?? []
    },
    async [Symbol.asyncDispose]() {
      await http.close()
      await fake[Symbol.asyncDispose]()
    },
  }
}

/** An event of the samples, changed as given. */
export function eventJob(data: JsonObject = {}, input: JobInput = {}): Job {
  return makeJob({ ...input, type: 'event', data: { ...sample('event'), ...data } })
}

/** An attendee of the samples, changed as given. */
export function attendeeJob(data: JsonObject = {}, input: JobInput = {}): Job {
  return makeJob({ ...input, type: 'attendee', data: { ...sample('attendee'), ...data } })
}

function sample(type: string): JsonObject {
  return makeJob({ type }).data
}

/** What `delivered` left of a record, as the bridge hands it back: through JSON. */
export function refOf(outcome: Outcome | undefined): NonNullable<Job['ref']> {
  if (outcome?.state !== 'delivered' || outcome.ref === undefined) throw new Error(`no ref: ${JSON.stringify(outcome)}`)
  return JSON.parse(JSON.stringify(outcome.ref)) as NonNullable<Job['ref']>
}
