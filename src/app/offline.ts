/** A store in which no bridge runs, opened to be asked. */

import type { BridgeAccess } from '../core/dispatch/actions.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'
import { createIndexer } from '../indexer/indexer.ts'
import { createJournal } from '../journal/journal.ts'
import { openIds } from '../storage/ids.ts'
import { openStore } from '../storage/open.ts'
import { createAccess } from './care.ts'
import { readLearnt } from '../doctor/doctor.ts'
import { openErasures } from './erasing.ts'
import { readSecret } from './secret.ts'

/** Opens it; nothing is indexed or sent, and only what is asked for is changed. Rejects with a StoreError. */
export async function openOffline(
  settings: Settings,
  deps: { readonly clock: Clock; readonly log: Log; readonly version: string },
): Promise<BridgeAccess & { close(): Promise<void> }> {
  const store = await openStore(settings.storage, deps)
  try {
    const journal = await createJournal(store, deps)
    await openIds(store, journal.tail, deps.log)
    const alerts = { raise() {} }
    const indexer = await createIndexer({ ...deps, store, journal, alerts })
    const parts = { ...deps, store, journal, indexer, settings: () => settings }
    const erasures = openErasures({ ...parts, alerts })
    const secrets = async () => {
      const { receiver, storage } = settings
      const made = receiver.secrets.length > 0 ? undefined : await readSecret(storage.path)
      return made === undefined ? receiver.secrets : [made]
    }
    const access = createAccess({ ...parts, erasures, learnt: readLearnt({ ...deps, store, secrets }) })
    return {
      ...access,
      async close() {
        await erasures.close()
        await store.close()
      },
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
