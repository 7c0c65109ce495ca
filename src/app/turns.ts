/** Careful mode: turns, and the notes of whose turn it is. */

import { z } from 'zod'
import { suspectId, type Careful } from '../core/dispatch/careful.ts'
import { coerceError } from '../core/errors.ts'
import { hashKey } from '../core/keys.ts'
import type { Clock, Log, Store } from '../core/ports.ts'

/** Milliseconds a suspect has the bridge to itself: one that hangs must not stop all others. */
const ALONE = 5_000
/** Prefix of the notes. */
const NOTES = 'careful'

const noteDocument = z.object({ v: z.literal(1), id: z.string() })

interface Deps {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
}

/** Gives turns while `isOn`; first come, first served. */
export function createTurns({ store, clock, log }: Deps, isOn: () => boolean): Careful {
  let last: Promise<unknown> = Promise.resolve()
  return {
    get on() {
      return isOn()
    },
    async turn(suspect, fn) {
      const before = last
      const mine = Promise.withResolvers<void>()
      last = before.then(() => mine.promise)
      await before
      const cancel = clock.timer(ALONE, mine.resolve)
      try {
        if (!isOn()) return await fn()
        const id = suspectId(suspect)
        const key = `${NOTES}:${hashKey(id)}`
        await store.commit([{ op: 'set', key, value: { v: 1, id } }])
        try {
          return await fn()
        } finally {
          await store
            .commit([{ op: 'remove', key }])
            .catch((error: unknown) =>
              log.warn('a note could not be taken back', { suspect: id, reason: coerceError(error).message }),
            )
        }
      } finally {
        cancel()
        mine.resolve()
      }
    },
  }
}

/** The suspects that were under way when the last life ended, by name, and the keys of their notes. */
export async function readNotes(store: Store): Promise<{ readonly noted: string[]; readonly keys: string[] }> {
  const keys = await store.keys(NOTES)
  const documents = await store.getMany(keys)
  const noted = documents.flatMap((document) => {
    const parsed = noteDocument.safeParse(document)
    return parsed.success ? [parsed.data.id] : []
  })
  return { noted, keys }
}
