/** A store at rest, with everything an audit looks at. */

import type { Clock, IndexReader, Journal, Log } from '../core/ports.ts'
import type { StorageSettings } from '../core/settings.ts'
import { readBooks, type Books } from '../dispatcher/inspect.ts'
import { createIndexer } from '../indexer/indexer.ts'
import { createJournal } from '../journal/journal.ts'
import { openStore } from '../storage/open.ts'

/** What is in it. */
export interface StoreReader {
  readonly journal: Journal
  readonly index: IndexReader
  readonly books: readonly Books[]
  close(): Promise<void>
}

/** Opens it; writes nothing of its own. Rejects with a StoreError. */
export async function openStoreReader(
  settings: StorageSettings,
  deps: { readonly clock: Clock; readonly log: Log },
): Promise<StoreReader> {
  const store = await openStore(settings, { log: deps.log })
  try {
    const alerts = { raise: (): void => {} }
    const journal = await createJournal(store, deps)
    const index = await createIndexer({ ...deps, store, journal, alerts })
    const books = await readBooks({ ...deps, store, alerts })
    return { journal, index, books, close: () => store.close() }
  } catch (error) {
    await store.close()
    throw error
  }
}
