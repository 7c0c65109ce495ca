import type { Clock, Log } from '../core/ports.ts'
import { stampOf } from './sources.ts'
import type { Source } from './sources.ts'

/** What watching needs. */
export interface WatchDeps {
  readonly clock: Clock
  readonly log: Log
  /** Milliseconds between two looks, default 2000. */
  readonly interval?: number
}

/** A running watch. */
export interface ConfigWatch {
  /** Reloads now (SIGHUP); one that is under way is followed by another. Rejects as `reload` does. */
  reload(): Promise<void>
  /** Ends the watch; a reload under way still finishes. */
  close(): void
}

const INTERVAL = 2000
/** How long files must look the same before they are read: an editor or a copy may still be writing. */
const SETTLE = 300

/**
 * Calls `reload` when a source of the config changed, appeared or vanished. Looks at the files in turn instead of listening:
 * editors replace files by rename and Kubernetes swaps symlinks, which file events miss. `reload` returns the sources it read
 * (`loadConfig` gives them, also with problems), so a change during a load is seen and no load is done twice.
 */
export function watchConfig(
  sources: readonly Source[],
  { clock, log, interval = INTERVAL }: WatchDeps,
  reload: () => Promise<readonly Source[]>,
): ConfigWatch {
  let known = sources
  let running: Promise<void> | undefined
  let again = false
  let closed = false
  let cancel = (): void => {}

  const later = (ms: number, fn: () => Promise<void>): void => {
    if (!closed) cancel = clock.timer(ms, () => void fn())
  }

  const run = (): Promise<void> => {
    again = running !== undefined
    running ??= (async () => {
      do {
        again = false
        known = await reload()
      } while (again && !closed)
    })().finally(() => {
      running = undefined
    })
    return running
  }

  const look = async (): Promise<void> => {
    const seen = running === undefined ? await stampAll(known) : undefined
    if (seen !== undefined && running === undefined && differs(known, seen)) later(SETTLE, () => settle(seen))
    else later(interval, look)
  }

  const settle = async (before: readonly Source[]): Promise<void> => {
    const seen = await stampAll(before)
    if (closed) return
    if (differs(before, seen)) return later(SETTLE, () => settle(seen))
    // A reload that came in between has read the change already.
    if (running === undefined && differs(known, seen)) {
      try {
        await run()
      } catch (error) {
        // Not before the next change: the same files would fail the same way.
        known = seen
        log.error('reloading the config failed', {}, error)
      }
    }
    later(interval, look)
  }

  later(interval, look)
  return {
    reload: run,
    close() {
      closed = true
      cancel()
    },
  }
}

async function stampAll(sources: readonly Source[]): Promise<Source[]> {
  return Promise.all(sources.map(async ({ path }) => ({ path, stamp: await stampOf(path) })))
}

/** True when a file both know looks different. */
function differs(known: readonly Source[], seen: readonly Source[]): boolean {
  const stamps = new Map(seen.map(({ path, stamp }) => [path, stamp]))
  return known.some(({ path, stamp }) => stamps.has(path) && stamps.get(path) !== stamp)
}
