import type { Log } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'

/** Names in the log what a reload cannot change. */
export function noteRestartNeeded(before: Settings, after: Settings, log: Log): void {
  for (const part of ['admin', 'storage'] as const) {
    if (JSON.stringify(before[part]) === JSON.stringify(after[part])) continue
    log.warn('restart needed', { part, reason: `a change of ${part} takes effect at the next start` })
  }
}
