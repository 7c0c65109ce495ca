/** A store in which no bridge runs, opened to be asked. */

import type { BridgeAccess } from '../core/dispatch/actions.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'
import { createIndexer } from '../indexer/indexer.ts'
import { createJournal } from '../journal/journal.ts'
import { openStore } from '../storage/open.ts'
import { createAccess } from './care.ts'

/** Opens it; nothing is indexed or sent, and only what is asked for is changed. Rejects with a StoreError. */
export async function openOffline(
  settings: Settings,
  deps: { readonly clock: Clock; readonly log: Log; readonly version: string },
): Promise<BridgeAccess & { close(): Promise<void> }> {
  const store = await openStore(settings.storage, deps)
  try {
    const journal = await createJournal(store, deps)
    const indexer = await createIndexer({ ...deps, store, journal, alerts: { raise() {} } })
    const access = createAccess({ ...deps, store, journal, indexer, settings: () => settings })
    return { ...access, close: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}
