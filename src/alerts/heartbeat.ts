import { coerceError } from '../core/errors.ts'
import type { Clock, HttpClient, Log } from '../core/ports.ts'

interface Deps {
  readonly http: HttpClient & { close(): Promise<void> }
  readonly clock: Clock
  readonly log: Log
  /** Whether the bridge is well: its receiver is up, and its store takes writes. */
  well(): Promise<boolean>
}

/**
 * Asks for a URL at intervals while the bridge is well, so that a service outside (a "dead man's switch") raises the alarm when it
 * stops. Its own failures are only logged. Returns what ends it.
 */
export function startHeartbeat(
  { url, every }: { readonly url: string; readonly every: number },
  deps: Deps,
): () => Promise<void> {
  const { http, clock, log } = deps
  const closing = new AbortController()
  let failing = false

  const beat = async (): Promise<void> => {
    if (!(await deps.well())) return log.warn('heartbeat left out: the bridge is not well')
    const { status } = await http.request({ url, signal: closing.signal })
    if (status < 200 || status >= 300) throw new Error(`answered ${status}`)
    if (failing) log.info('heartbeat taken again')
    failing = false
  }

  let cancel = (): void => {}
  const plan = (ms: number): void => {
    cancel = clock.timer(ms, () => {
      beat()
        .catch((error: unknown) => {
          if (!failing && !closing.signal.aborted) log.warn('heartbeat failed', { reason: coerceError(error).message })
          failing = true
        })
        .finally(() => {
          if (!closing.signal.aborted) plan(every)
        })
    })
  }
  plan(0)

  return async () => {
    closing.abort()
    cancel()
    await http.close()
  }
}
