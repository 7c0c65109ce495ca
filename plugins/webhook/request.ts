import { createHash } from 'node:crypto'
import { BridgeError, signWebhook, type Attempt, type HttpRequest, type Job, type Json } from '../../src/plugin.ts'
import { toBody, toItem, type BodySettings } from './body.ts'
import type { WebhookOptions } from './options.ts'
import { renderUrl } from './target-url.ts'

/** What one job asks for. */
export interface Part {
  readonly job: Job
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly item: Json
}

/** Jobs that go to one URL with the same headers, in order: one request. */
export interface Group {
  /** The value of `webhook-id`. */
  readonly id: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly parts: readonly Part[]
}

const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Renders a job. Throws a BridgeError of kind `record` when a template fails, or gives what URL or header cannot carry. */
export function toPart(options: WebhookOptions, settings: BodySettings, job: Job): Part {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(options.headers)) {
    if (value === undefined) continue
    const text = value.render(job).trim()
    if (!FIELD_VALUE.test(text)) {
      const message = `the header ${name} made from the record has characters a header cannot carry; url_encode would help`
      throw new BridgeError('record', 'ERR_WEBHOOK_HEADER', message)
    }
    headers[name.toLowerCase()] = text
  }
  return { job, url: renderUrl(options.url, job), headers, item: toItem(settings, job) }
}

/** Sorts the parts of a batch into requests. The ids stay the same as long as the jobs do. */
export function toGroups(parts: readonly Part[], batch: readonly Job[], attempt: Attempt): Group[] {
  const groups =
    parts.length === 1 ? [parts] : Map.groupBy(parts, ({ url, headers }) => JSON.stringify([url, headers])).values()
  return [...groups].map((members) => {
    const { url, headers } = members[0] as Part
    return { id: idOf(members, batch, attempt), url, headers, parts: members }
  })
}

function idOf(members: readonly Part[], batch: readonly Job[], { idempotencyKey }: Attempt): string {
  const [first] = members
  if (members.length === 1 && first !== undefined) return first.job.id
  if (members.length === batch.length) return idempotencyKey
  return createHash('sha256')
    .update(members.map(({ job }) => job.id).join())
    .digest('hex')
    .slice(0, 32)
}

/**
 * The request of a group. Only `webhook-timestamp` and `webhook-signature` change from attempt to attempt.
 *
 * @param now wall clock, milliseconds since 1970
 */
export function toRequest(
  options: WebhookOptions,
  settings: BodySettings,
  group: Group,
  now: number,
): HttpRequest & {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
} {
  const jobs = group.parts.map(({ job }) => job)
  const { contentType, content } = toBody(
    settings,
    jobs,
    group.parts.map(({ item }) => item),
  )
  const body = JSON.stringify(content)
  const timestamp = Math.floor(now / 1000)
  const headers: Record<string, string> = {
    'content-type': contentType,
    ...group.headers,
    'webhook-id': group.id,
    'webhook-timestamp': String(timestamp),
  }
  if (options.secrets.length > 0) {
    headers['webhook-signature'] = signWebhook(options.secrets, group.id, timestamp, body)
  }
  if (options.idempotencyKey) headers['idempotency-key'] = group.id
  const marks = MARKS.filter((mark) => jobs.some((job) => job[mark]))
  if (marks.length > 0) headers['bevy-bridge-marks'] = marks.join(', ')
  return { method: options.method, url: group.url, headers, body }
}

const MARKS = ['replay', 'redriven', 'left'] as const
