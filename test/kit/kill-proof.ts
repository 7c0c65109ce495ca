import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Store } from '../../src/core/ports.ts'
import { BATCH_KEYS, BATCH_LIFE, itemBytes, itemKeys, markKey } from './commit-loop.ts'

const LOOP = fileURLToPath(new URL('./commit-loop.ts', import.meta.url))

/**
 * Lets a child process of this runtime commit batches into `folder`, kills it at a random moment, opens the store again and
 * checks that every acknowledged batch is there and every batch whole; so often. The store is the same all the time.
 */
export async function proveByKill(
  driver: string,
  folder: string,
  rounds: number,
  open: () => Promise<Store>,
): Promise<void> {
  let first = 1
  for (let round = 0; round < rounds; round++) {
    const acknowledged = await runAndKill(driver, folder, first, 2 + Math.random() * 50)
    const store = await open()
    first = await check(store, first, acknowledged)
    await store.close()
  }
}

async function runAndKill(driver: string, folder: string, first: number, delay: number): Promise<number[]> {
  const child = spawn(process.execPath, [LOOP, driver, folder, String(first)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: number[] = []
  const lines = createInterface({ input: child.stdout })
  const closed = once(lines, 'close')
  const begun = new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      acknowledged.push(Number(line))
      resolve()
    })
    child.once('exit', (code) => reject(new Error(`the child ended with ${code} before its first commit`)))
  })
  const exited = once(child, 'exit')
  await begun
  await wait(delay)
  child.kill('SIGKILL')
  await Promise.all([exited, closed])
  return acknowledged
}

/** Returns the number the next round starts with. */
async function check(store: Store, first: number, acknowledged: readonly number[]): Promise<number> {
  const marks = await store.keys('mark', { after: markKey(first - 1) })
  const committed = new Set(marks.map((key) => Number(key.slice('mark:'.length))))
  expect(acknowledged.filter((n) => !committed.has(n))).toEqual([])
  const last = Math.max(first, ...committed)
  // Further than the last mark: a batch that was under way may have left items without one.
  for (let n = first; n <= last + BATCH_LIFE; n++) {
    const items = await Promise.all(itemKeys(n).map((key) => store.getRaw(key)))
    const there = items.filter((item) => item !== undefined && Buffer.from(itemBytes(n)).equals(item)).length
    const whole = committed.has(n) && !committed.has(n + BATCH_LIFE)
    expect({ n, there }).toEqual({ n, there: whole ? BATCH_KEYS : 0 })
    if (!whole) expect(items.every((item) => item === undefined)).toBe(true)
  }
  // Lanes finish out of order, so a number below the last may be free for ever; the next round starts behind all of them.
  return last + BATCH_LIFE + 1
}
