import { coerceError } from '../core/errors.ts'
import type { Clock, Log, Store } from '../core/ports.ts'

/** Writes one document lazily: some time after it changed, and at the end. */
export interface Keeper {
  /** It changed; cheap. */
  changed(): void
  /** Writes what is not written yet. */
  close(): Promise<void>
}

/** Makes one; `wait` is milliseconds. Trouble is a log line: what was learnt is no delivery. */
export function createKeeper(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly key: string
  readonly wait: number
  value(): unknown
}): Keeper {
  const { store, clock, log, key, wait, value } = deps
  let cancel: (() => void) | undefined
  let writing: Promise<void> = Promise.resolve()
  let failing = false

  function write(): void {
    cancel = undefined
    writing = writing.then(async () => {
      try {
        await store.commit([{ op: 'set', key, value: value() }])
        failing = false
      } catch (error) {
        if (!failing) log.warn('what was learnt could not be kept', { key, reason: coerceError(error).message })
        failing = true
      }
    })
  }

  return {
    changed() {
      cancel ??= clock.timer(wait, write)
    },
    async close() {
      if (cancel !== undefined) {
        cancel()
        write()
      }
      await writing
    },
  }
}
