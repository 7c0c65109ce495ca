/** What `check` wants to know of a bridge, if there is one. */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { connectAdmin } from '../admin/client.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { TypeFields } from '../core/records/fields.ts'
import type { Settings } from '../core/settings.ts'
import { DATABASE_FILE } from '../storage/drivers.ts'
import { openOffline } from './offline.ts'

/** Which fields were ever seen; undefined where no bridge runs and there is no store, or neither can be asked. Makes no store. */
export async function askSeenFields(
  settings: Settings,
  deps: { readonly clock: Clock; readonly log: Log; readonly version: string },
): Promise<readonly TypeFields[] | undefined> {
  const { admin, storage } = settings
  try {
    const running = await connectAdmin(admin, storage.path)
    if (running !== undefined) return await running.seenFields({})
    if (storage.driver !== 'sqlite' || !existsSync(join(storage.path, DATABASE_FILE))) return undefined
    const store = await openOffline(settings, deps)
    try {
      return await store.seenFields({})
    } finally {
      await store.close()
    }
  } catch {
    // A check is about the config; `status` says what is wrong with the bridge.
    return undefined
  }
}
