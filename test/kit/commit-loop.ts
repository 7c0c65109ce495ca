/**
 * Runs until it is killed: commits numbered batches of several keys, eight at a time, and prints each acknowledged number.
 * `commit-loop.ts DRIVER FOLDER FIRST`
 */

import { writeSync } from 'node:fs'
import type { StoreOp } from '../../src/core/ports.ts'
import { openStore } from '../../src/storage/open.ts'
import { createMemoryLog } from './log.ts'

/** Keys of one batch. */
export const BATCH_KEYS = 6
/** A batch removes the one that came so many before it. */
export const BATCH_LIFE = 20

/** Key of the document that says that batch `n` was committed. */
export const markKey = (n: number): string => `mark:${pad(n)}`

/** Keys of what batch `n` holds. */
export const itemKeys = (n: number): string[] =>
  Array.from({ length: BATCH_KEYS }, (_, index) => `item:${pad(n)}:${index}`)

/** What batch `n` writes under each of its keys: from 20 bytes to beyond several pages. */
export const itemBytes = (n: number): Uint8Array => new Uint8Array(20 + ((n * 7919) % 40_000)).fill(n % 256)

function pad(n: number): string {
  return String(n).padStart(8, '0')
}

function batch(n: number): StoreOp[] {
  return [
    ...itemKeys(n).map((key): StoreOp => ({ op: 'setRaw', key, value: itemBytes(n) })),
    ...(n > BATCH_LIFE ? itemKeys(n - BATCH_LIFE).map((key): StoreOp => ({ op: 'remove', key })) : []),
    { op: 'set', key: markKey(n), value: { n } },
  ]
}

async function run(driver: 'sqlite' | 'fs', path: string, first: number): Promise<void> {
  const store = await openStore({ driver, path, unsafe: true, minFree: 0 }, { log: createMemoryLog() })
  let next = first
  const lane = async (): Promise<never> => {
    for (;;) {
      const n = next++
      await store.commit(batch(n))
      writeSync(1, `${n}\n`)
    }
  }
  await Promise.all(Array.from({ length: 8 }, lane))
}

const [, script, driver, path, first] = process.argv
if (script?.endsWith('commit-loop.ts') === true && path !== undefined) {
  await run(driver as 'sqlite' | 'fs', path, Number(first))
}
