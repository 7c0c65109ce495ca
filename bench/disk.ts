/** How long the disk takes, so that figures of different machines and moments can be read side by side. */

import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const PIECE = 32_768
const TRIES = 50

/** Median milliseconds to write 32 kB and sync them, in the folder where the measurements keep their stores. */
export function syncTime(): number {
  const file = join(tmpdir(), `bevy-bridge-bench-${process.pid}`)
  const handle = openSync(file, 'w')
  try {
    const times = Array.from({ length: TRIES }, (_, index) => {
      writeSync(handle, Buffer.alloc(PIECE, 1), 0, PIECE, index * PIECE)
      const began = performance.now()
      fdatasyncSync(handle)
      return performance.now() - began
    })
    return times.sort((a, b) => a - b)[TRIES / 2] ?? 0
  } finally {
    closeSync(handle)
    rmSync(file, { force: true })
  }
}
