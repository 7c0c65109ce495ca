import type { Clock } from './ports.ts'

/** Resolves after so many milliseconds, or earlier when the signal is aborted. Leaves nothing behind on the signal. */
export function pause(
  ms: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      cancel()
      signal.removeEventListener('abort', end)
      resolve()
    }
    const cancel = clock.timer(ms, end)
    signal.addEventListener('abort', end, { once: true })
  })
}
