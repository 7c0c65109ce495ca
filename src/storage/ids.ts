/**
 * What deliveries are called outside. After a restore the journal gives out numbers again that were used before for deliveries the backup
 * does not have: receivers that drop repeats by id must not take one for the other. So each restore begins a new id; what the backup
 * has keeps its own.
 */

import { z } from 'zod'
import { StoreError } from '../core/errors.ts'
import type { Log, Store } from '../core/ports.ts'
import { newId } from './open.ts'

/** Stands in backups alone. */
export const BACKUP_KEY = 'meta:backup'
const RESTORES = 'meta:restores'

const stamp = z.object({ v: z.literal(1), at: z.number() })
const restores = z.object({
  v: z.literal(1),
  /** From which delivery on which id; rising. */
  restores: z.array(z.object({ from: z.number().int().positive(), id: z.string(), at: z.number() })),
})

/** The document that makes a copy a backup. */
export function backupStamp(at: number): Readonly<Record<string, unknown>> {
  return { [BACKUP_KEY]: { v: 1, at } }
}

/**
 * The id of the store for each delivery. In a store restored from a backup a new one begins behind its tail; said in the log once.
 * Rejects with a StoreError.
 */
export async function openIds(store: Store, tail: number, log: Log): Promise<(seq: number) => string> {
  const [found, stamped] = await store.getMany([RESTORES, BACKUP_KEY])
  let { restores: known } = found === undefined ? { restores: [] } : read(restores, RESTORES, found)
  if (stamped !== undefined) {
    const { at } = read(stamp, BACKUP_KEY, stamped)
    known = [...known, { from: tail + 1, id: newId(), at }]
    await store.commit([
      { op: 'set', key: RESTORES, value: { v: 1, restores: known } },
      { op: 'remove', key: BACKUP_KEY },
    ])
    const since = new Date(at).toISOString()
    log.warn('restored from a backup', {
      backup: since,
      tail,
      next: `bevy-bridge reconcile --since ${since} --dry-run`,
    })
  }
  return (seq) => known.findLast(({ from }) => from <= seq)?.id ?? store.id
}

function read<T>(schema: z.ZodType<T>, key: string, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new StoreError('ERR_STORE_DOCUMENT', `the document ${key} is not what this version writes`, {
    cause: parsed.error,
  })
}
