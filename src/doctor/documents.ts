/** What the doctor keeps in the store. What cannot be read begins anew: it is only what was learnt. */

import { z } from 'zod'
import type { Evidence } from '../core/bevy/evidence.ts'
import type { SeenFields } from '../core/records/fields.ts'
import type { Log, Store } from '../core/ports.ts'

const answered = z.enum(['closed', 'below400', 'from400'])

const repeatsDocument = z.object({
  v: z.literal(1),
  passedOver: z.number(),
  taken: z.number(),
  watching: z.number(),
  count: z.number(),
  unread: z.number(),
  trails: z.array(
    z.object({
      id: z.number(),
      key: z.string(),
      content: z.string(),
      fresh: z.boolean(),
      probe: z.boolean(),
      cut: z.boolean(),
      attempts: z.array(z.object({ answered, at: z.number(), gap: z.number().optional() })).min(1),
    }),
  ),
  outcomes: z.array(
    z.object({
      trail: z.number(),
      at: z.number(),
      answered,
      repeated: z.boolean(),
      confirmed: z.boolean(),
      probe: z.boolean(),
    }),
  ),
  laws: z.array(
    z.object({
      at: z.number(),
      law: z.enum(['exponential', 'linear', 'literal']),
      probe: z.boolean(),
      gaps: z.array(z.number()),
    }),
  ),
})

const secretsDocument = z.object({
  v: z.literal(1),
  secrets: z.array(z.object({ fingerprint: z.string(), since: z.number(), last: z.number().optional() })),
})

const fieldsDocument = z.object({
  v: z.literal(1),
  types: z.array(
    z.object({
      type: z.string(),
      records: z.number(),
      paths: z.array(z.string()),
      labels: z.array(z.string()),
      full: z.boolean(),
    }),
  ),
})

/** When each secret was last used, by fingerprint. */
export type KeptSecrets = z.infer<typeof secretsDocument>['secrets']

/** Keys. */
export const keys = { repeats: 'doctor:repeats', secrets: 'doctor:secrets', fields: 'doctor:fields' } as const

/** What was seen of Bevy's repeats; undefined where nothing is kept. */
export async function readRepeats(store: Store, log: Log): Promise<Evidence | undefined> {
  return read(repeatsDocument, keys.repeats, store, log)
}

export function toRepeatsDocument(seen: Evidence): z.infer<typeof repeatsDocument> {
  return { v: 1, ...seen, laws: seen.laws.map((one) => ({ ...one, gaps: [...one.gaps] })) }
}

export async function readSecrets(store: Store, log: Log): Promise<KeptSecrets> {
  return (await read(secretsDocument, keys.secrets, store, log))?.secrets ?? []
}

export async function readFields(store: Store, log: Log): Promise<Map<string, SeenFields>> {
  const found = await read(fieldsDocument, keys.fields, store, log)
  return new Map(
    (found?.types ?? []).map(({ type, paths, labels, ...rest }) => [
      type,
      { ...rest, paths: new Set(paths), labels: new Set(labels) },
    ]),
  )
}

export function toFieldsDocument(types: ReadonlyMap<string, SeenFields>): z.infer<typeof fieldsDocument> {
  const list = [...types].map(([type, seen]) => ({
    type,
    ...seen,
    paths: [...seen.paths],
    labels: [...seen.labels],
  }))
  return { v: 1, types: list }
}

async function read<T>(schema: z.ZodType<T>, key: string, store: Store, log: Log): Promise<T | undefined> {
  const value = await store.get(key)
  if (value === undefined) return undefined
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  log.warn('what was learnt cannot be read and is learnt anew', { key })
  return undefined
}
