import { createHash } from 'node:crypto'
import { z, type Job, type Json } from '../../src/plugin.ts'
import { KIND_NAMES } from './kinds.ts'
import type { Message } from './limits.ts'

const short = z.string().max(400)

const schema = z.object({
  /** What was said last. */
  kind: z.enum(KIND_NAMES),
  /** All that was said and still holds. */
  said: z.array(z.enum(KIND_NAMES)).default([]),
  /** Of the record's own message; absent with a webhook, and in a digest. */
  channel: short.optional(),
  ts: short.optional(),
  /** Fingerprint of that message. */
  hash: short.optional(),
  /** The message was withdrawn. */
  gone: z.boolean().optional(),
  /** Of an event, as they were told: */
  status: short.optional(),
  start: short.optional(),
  end: short.optional(),
  venue: short.optional(),
})

/** What was posted for a record: kept by the bridge, and handed back with the next state of the record. */
export type Ref = z.output<typeof schema>

/** Where a message is. */
export interface Place {
  readonly channel: string
  readonly ts: string
}

/** Reads what `delivered({ ref })` left; undefined where it is not ours. */
export function readRef(ref: Json | undefined): Ref | undefined {
  return schema.safeParse(ref).data
}

/** As it is kept. */
export function toJson(ref: Ref): Json {
  return JSON.parse(JSON.stringify(ref)) as Json
}

/** The record's own message, when it can be updated. */
export function placeOf(ref: Ref | undefined): Place | undefined {
  if (ref?.channel === undefined || ref.ts === undefined || ref.gone === true) return undefined
  return { channel: ref.channel, ts: ref.ts }
}

/** The facts of an event a reader plans by: what a later state is compared with. */
export function factsOf({ type, data }: Pick<Job, 'type' | 'data'>): Pick<Ref, 'status' | 'start' | 'end' | 'venue'> {
  if (type !== 'event') return {}
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name].trim() : '')
  const place = [text('venue_name'), text('venue_address'), text('venue_city')].filter((part) => part !== '').join(', ')
  const facts = {
    status: text('status'),
    start: text('start_date'),
    end: text('end_date'),
    venue: place === '' ? text('get_event_address') : place,
  }
  return Object.fromEntries(
    Object.entries(facts).map(([name, fact]) => [name, Array.from(fact).slice(0, 190).join('')]),
  )
}

/** The same for the same message. */
export function fingerprint(message: Message): string {
  return createHash('sha256').update(JSON.stringify(message)).digest('hex').slice(0, 16)
}

/** Milliseconds since 1970; undefined for what is no date. Without a zone it is UTC. */
export function instant(date: unknown): number | undefined {
  if (typeof date !== 'string' || date.trim() === '') return undefined
  const text = date.trim()
  const time = Date.parse(/T.*(?:Z|[+-]\d{2}:?\d{2})$/i.test(text) || !text.includes('T') ? text : `${text}Z`)
  return Number.isNaN(time) ? undefined : time
}

/** Which of `start_date`, `end_date` and `venue` differ from what was told. */
export function movesOf(told: Ref, now: Pick<Ref, 'start' | 'end' | 'venue'>): string[] {
  const differs = (a = '', b = ''): boolean => a !== b && (instant(a) === undefined || instant(a) !== instant(b))
  return [
    ...(differs(told.start, now.start) ? ['start_date'] : []),
    ...(differs(told.end, now.end) ? ['end_date'] : []),
    ...((told.venue ?? '') === (now.venue ?? '') ? [] : ['venue']),
  ]
}
