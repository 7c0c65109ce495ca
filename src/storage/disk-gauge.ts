import { statfsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { coerceError } from '../core/errors.ts'
import type { Clock, Log } from '../core/ports.ts'

/** Tells how much room the disk has. */
export interface DiskGauge {
  /** At least `minFree` bytes are free. */
  enough(): boolean
  /** Bytes free for us, as last measured. */
  free(): number
}

/** What the gauge needs. */
export interface DiskGaugeDeps {
  readonly clock: Clock
  readonly log: Log
  /** Free bytes at a path; by default what the system says. */
  readonly measure?: (path: string) => Promise<number>
}

const FRESH = 1_000

/**
 * Measures the disk of `path`, which must exist. Neither call ever waits: a figure older than a second is still given, and a new one is
 * fetched behind it. When the disk cannot be measured the last figure stays, and a commit will tell.
 */
export function createDiskGauge(path: string, minFree: number, deps: DiskGaugeDeps): DiskGauge {
  const { clock, log, measure = measureDisk } = deps
  let bytes = Infinity
  let measuredAt = -Infinity
  let measuring = false
  let failing = false

  function fail(error: unknown): void {
    if (!failing) log.warn('free disk space cannot be measured', { path, reason: coerceError(error).message })
    failing = true
  }

  if (deps.measure === undefined) {
    try {
      bytes = bytesOf(statfsSync(path))
      measuredAt = clock.monotonic()
    } catch (error) {
      fail(error)
    }
  }

  async function refresh(): Promise<void> {
    measuring = true
    try {
      bytes = await measure(path)
      failing = false
    } catch (error) {
      fail(error)
    } finally {
      measuring = false
      measuredAt = clock.monotonic()
    }
  }

  function free(): number {
    if (!measuring && clock.monotonic() - measuredAt >= FRESH) void refresh()
    return bytes
  }

  return { enough: () => free() >= minFree, free }
}

async function measureDisk(path: string): Promise<number> {
  return bytesOf(await statfs(path))
}

// `bavail`, not `bfree`: what is kept for root is of no use to us.
function bytesOf({ bavail, bsize }: { readonly bavail: number; readonly bsize: number }): number {
  return bavail * bsize
}
