/** What an erasure keeps in the store, and under which keys. */

import { z } from 'zod'
import { StoreError } from '../core/errors.ts'

const texts = z.array(z.string())

const atDestination = z.object({
  name: z.string(),
  slot: z.string(),
  plugin: z.string(),
  state: z.enum(['pending', 'told', 'cannot', 'given up']),
  attempts: z.number().int().nonnegative(),
  reason: z.string().optional(),
  /** Wall clock. */
  due: z.number(),
  /** Records of the person with what was left for them here; gone once it was told. */
  records: z.array(z.object({ key: z.string(), ref: z.json().optional() })).optional(),
})

/** A destination that is or was to be told. */
export type AtDestination = Readonly<z.infer<typeof atDestination>>

export const taskDocument = z.object({
  v: z.literal(1),
  id: z.string(),
  at: z.number(),
  by: z.enum(['hand', 'bevy']),
  state: z.enum(['waiting', 'purging', 'telling', 'done']),
  exports: z.boolean(),
  /** Who it is about: the only place left that says so, and gone when it is done. */
  who: z
    .object({
      wanted: z.object({ users: texts, emails: texts, keys: texts.optional(), sparesDeleted: z.boolean().optional() }),
      known: z.object({ users: texts, emails: texts, keys: texts, names: texts }),
      /** `seq.n` of their records. */
      positions: texts,
    })
    .optional(),
  counts: z.record(z.string(), z.number()),
  accounts: z.number(),
  addresses: z.number(),
  unopened: z.number(),
  shared: z.number(),
  destinations: z.array(atDestination),
  /** What was removed is overwritten on the disk too. */
  scrubbed: z.boolean(),
  endedAt: z.number().optional(),
})

/** An erasure, as it is kept. */
export type Task = Readonly<z.infer<typeof taskDocument>>

/** Prefix of the tasks. */
export const TASKS = 'erasure'

export const taskKey = (id: string): string => `${TASKS}:${id}`

/** What was read, as what it must be. */
export function parseTask(key: string, value: unknown): Task {
  const parsed = taskDocument.safeParse(value)
  if (parsed.success) return parsed.data
  throw new StoreError('ERR_STORE_DOCUMENT', `the document ${key} is not what this version writes`)
}
