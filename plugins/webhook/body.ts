import type { Job, Json } from '../../src/plugin.ts'
import { eventTypeOf } from './naming.ts'
import type { WebhookOptions } from './options.ts'
import { renderStructure } from './structure.ts'

/** The content of a request. */
export interface Body {
  readonly contentType: string
  readonly content: Json
}

/** What bodies are made with. Nothing of the attempt: every attempt sends the same bytes. */
export interface BodySettings extends Pick<WebhookOptions, 'body' | 'asList'> {
  readonly storeId: string
}

/** What a job adds to the body. Throws a BridgeError of kind `record` when a template fails. */
export function toItem(settings: BodySettings, job: Job): Json {
  const { body, storeId } = settings
  if (typeof body === 'object') return renderStructure(body.template, job)
  const timestamp = job.delivery.receivedAt
  switch (body) {
    case 'envelope':
      return { type: eventTypeOf(job), timestamp, data: job.data }
    case 'cloudevents':
      // https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
      return {
        specversion: '1.0',
        id: job.id,
        source: `/bevy/${storeId}`,
        type: `com.bevy.${eventTypeOf(job)}`,
        subject: job.recordId,
        time: timestamp,
        datacontenttype: 'application/json',
        data: job.data,
      }
    case 'raw':
    case 'bevy':
      return job.data
  }
}

/** Puts the items of some jobs into one body: the item itself for one job, a list for several. */
export function toBody(settings: BodySettings, jobs: readonly Job[], items: readonly Json[]): Body {
  const { body, asList } = settings
  const isList = asList || items.length !== 1
  if (body === 'bevy') return { contentType: 'application/json', content: asBevySends(jobs, items) }
  if (body === 'cloudevents') {
    return {
      contentType: `application/cloudevents${isList ? '-batch' : ''}+json`,
      content: isList ? items : single(items),
    }
  }
  // In a list webhook-id names the whole; `id` tells a receiver which of its envelopes it has had before.
  const listed = body === 'envelope' ? items.map((item, index) => withId(item, jobs[index])) : items
  return { contentType: 'application/json', content: isList ? listed : single(items) }
}

/** One envelope for each run of records of one type, so that the order of all records stays. */
function asBevySends(jobs: readonly Job[], items: readonly Json[]): Json {
  const envelopes: { type: string; data: Json[] }[] = []
  for (const [index, { type }] of jobs.entries()) {
    const last = envelopes.at(-1)
    const item = items[index] ?? null
    if (last?.type === type) last.data.push(item)
    else envelopes.push({ type, data: [item] })
  }
  return envelopes
}

function withId(item: Json, job: Job | undefined): Json {
  return { id: job?.id ?? '', ...(item as { readonly [key: string]: Json }) }
}

function single(items: readonly Json[]): Json {
  return items[0] ?? null
}
