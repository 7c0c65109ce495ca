/** What retention remembers in the store. */

import { z } from 'zod'
import { StoreError } from '../core/errors.ts'
import type { Store } from '../core/ports.ts'

/** Its key. */
export const KEPT = 'meta:kept'

const count = z.number().int().nonnegative()

const keptDocument = z.object({
  v: z.literal(1),
  /** Deliveries up to this one are in `bytes`. */
  through: count,
  /** Bytes of all deliveries from the journal's first to `through`, with their index entries. */
  bytes: count,
  /** When deliveries came that are gone: see `src/core/retention/marks.ts`. */
  marks: z.array(z.tuple([count, z.number()])),
})

export type Kept = Readonly<z.infer<typeof keptDocument>>

/** Reads it; that of a store nothing was ever cut from when there is none. Rejects with a StoreError `ERR_STORE_DOCUMENT`. */
export async function readKept(store: Store): Promise<Kept> {
  const found = await store.get(KEPT)
  if (found === undefined) return { v: 1, through: 0, bytes: 0, marks: [] }
  const parsed = keptDocument.safeParse(found)
  if (parsed.success) return parsed.data
  throw new StoreError('ERR_STORE_DOCUMENT', `the document ${KEPT} is not what this version writes`, {
    cause: parsed.error,
  })
}
