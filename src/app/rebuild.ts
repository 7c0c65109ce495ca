/** A store in which no bridge runs, opened to make its index again. */

import { isBridgeError, StoreError } from '../core/errors.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { RebuildProgress, RebuildReport } from '../core/dispatch/reports.ts'
import type { Settings } from '../core/settings.ts'
import { requireCursorsWithin } from '../dispatcher/names.ts'
import { rebuildIndex } from '../indexer/rebuild.ts'
import { createJournal } from '../journal/journal.ts'
import { openStore } from '../storage/open.ts'

/** Rebuilds; rejects with a StoreError, `ERR_STORE_LOCKED` while a bridge runs. */
export async function rebuildOffline(
  settings: Settings,
  deps: {
    readonly clock: Clock
    readonly log: Log
    readonly signal: AbortSignal
    progress(progress: RebuildProgress): void
  },
): Promise<RebuildReport> {
  const store = await openStore(settings.storage, deps).catch((error: unknown) => {
    if (!isBridgeError(error) || error.code !== 'ERR_STORE_LOCKED') throw error
    throw new StoreError(
      error.code,
      `${error.message.split(';')[0]}: a rebuild needs it alone, stop that process first`,
      {
        cause: error,
      },
    )
  })
  try {
    const journal = await createJournal(store, deps)
    await requireCursorsWithin(store, journal)
    return await rebuildIndex({ ...deps, store, journal })
  } finally {
    await store.close()
  }
}
