/** What alerts keep in the store, and under which keys. What cannot be read is left out: an alert told twice is better than none. */

import { z } from 'zod'
import type { AlertMessage } from '../core/alerts/text.ts'
import type { Episode, TrackerState } from '../core/alerts/tracker.ts'
import type { FieldWatch, TypeWatch } from '../core/alerts/drift.ts'
import type { Log, Store } from '../core/ports.ts'

const figures = z.object({ delivered: z.number(), dead: z.number() })

const episodeDocument = z.object({
  cause: z.string(),
  subject: z.string(),
  message: z.string(),
  over: z.boolean(),
  first: z.number(),
  last: z.number(),
  count: z.number(),
  untold: z.number(),
  notices: z.number(),
  toldAt: z.number().optional(),
  figures: figures.optional(),
})

const toldDocument = z.object({ told: z.array(z.number()), cappedAt: z.number().optional() })

const queuedDocument = z.object({
  channel: z.string(),
  message: z.object({
    id: z.string(),
    key: z.string(),
    thread: z.string(),
    state: z.enum(['raised', 'repeated', 'recovered', 'test']),
    severity: z.enum(['critical', 'error', 'warning', 'info']),
    cause: z.string(),
    subject: z.string(),
    title: z.string(),
    text: z.string(),
    command: z.string(),
    at: z.number(),
    since: z.number(),
    count: z.number(),
  }),
})

const driftDocument = z.object({
  types: z.array(
    z.object({
      type: z.string(),
      seen: z.number(),
      fields: z.array(
        z.object({
          field: z.string(),
          share: z.number(),
          run: z.number(),
          deliveries: z.number(),
          since: z.number(),
          drifted: z.boolean(),
        }),
      ),
    }),
  ),
})

/** A message that one channel has not taken yet. */
export interface Queued {
  readonly channel: string
  readonly message: AlertMessage
}

const EPISODE = 'alerting:open'

/** Keys. */
export const keys = {
  episode: (key: string) => `${EPISODE}:${key}`,
  told: 'alerting:told',
  drift: 'alerting:drift',
  queued: ({ channel, message }: Queued) => `alert:${message.id}.${channel}`,
}

/** The tracker's memory of an earlier life. */
export async function readTracker(store: Store, log: Log): Promise<TrackerState> {
  const episodes = new Map<string, Episode>()
  for (const [key, value] of await readAll(store, EPISODE)) {
    const parsed = readable(episodeDocument, key, value, log)
    if (parsed !== undefined) episodes.set(key.slice(EPISODE.length + 1), parsed)
  }
  const told = readable(toldDocument, keys.told, await store.get(keys.told), log)
  return {
    episodes,
    told: told?.told ?? [],
    ...(told?.cappedAt === undefined ? {} : { cappedAt: told.cappedAt }),
  }
}

/** Messages that were not taken in an earlier life, the oldest first. */
export async function readQueued(store: Store, log: Log): Promise<Queued[]> {
  const found: Queued[] = []
  for (const [key, value] of await readAll(store, 'alert')) {
    const parsed = readable(queuedDocument, key, value, log)
    if (parsed !== undefined) found.push(parsed)
  }
  return found.sort((a, b) => a.message.at - b.message.at)
}

/** What is known of the fields of each type. */
export async function readDrift(store: Store, log: Log): Promise<Map<string, TypeWatch>> {
  const parsed = readable(driftDocument, keys.drift, await store.get(keys.drift), log)
  return new Map(
    (parsed?.types ?? []).map(({ type, seen, fields }) => [
      type,
      { seen, fields: new Map(fields.map(({ field, ...watch }): [string, FieldWatch] => [field, watch])) },
    ]),
  )
}

/** The same as a document. */
export function toDriftDocument(types: ReadonlyMap<string, TypeWatch>): z.infer<typeof driftDocument> {
  return {
    types: [...types].map(([type, { seen, fields }]) => ({
      type,
      seen,
      fields: [...fields].map(([field, watch]) => ({ field, ...watch })),
    })),
  }
}

async function readAll(store: Store, prefix: string): Promise<[string, unknown][]> {
  const names = await store.keys(prefix)
  const values = await store.getMany(names)
  return names.map((name, index) => [name, values[index]])
}

function readable<T>(schema: z.ZodType<T>, key: string, value: unknown, log: Log): T | undefined {
  if (value === undefined) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  log.warn('a document of the alerts cannot be read and is left out', { key })
  return undefined
}
