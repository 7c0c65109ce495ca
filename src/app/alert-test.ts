/** Sends a test message through channels; no bridge need run. */

import { tryChannel } from '../alerts/channel.ts'
import { testMessage } from '../core/alerts/text.ts'
import { maskEmails } from '../core/mask-emails.ts'
import type { Clock, Log } from '../core/ports.ts'
import { redact } from '../core/redact.ts'
import type { AlertTest } from '../core/dispatch/reports.ts'
import type { Settings } from '../core/settings.ts'
import { openChannel } from './alerting.ts'

/** Ids of tests are told from those of real alerts. */
const TEST_STORE = 'test00000000'

/** What came of one try for each channel. */
export function testAlerts(
  settings: Settings,
  names: readonly string[],
  deps: { readonly clock: Clock; readonly log: Log; readonly version: string; readonly signal: AbortSignal },
): Promise<AlertTest[]> {
  const secrets = (): readonly string[] => settings.secretValues
  return Promise.all(
    names
      .flatMap((name) => {
        const found = settings.alerts.channels[name]
        return found === undefined ? [] : [[name, found] as const]
      })
      .map(async ([name, found]): Promise<AlertTest> => {
        const channel = openChannel(found, { ...deps, secrets, storeId: TEST_STORE })
        try {
          const tried = await tryChannel(channel, testMessage(name, deps.clock.now()), deps.signal)
          const shown = { channel: name, kind: found.kind }
          if (tried.state === 'sent') return { ...shown, ok: true }
          return { ...shown, ok: false, reason: maskEmails(redact(tried.reason, secrets())) }
        } finally {
          await channel.close()
        }
      }),
  )
}
