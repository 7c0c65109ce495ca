/**
 * Points at which a process of the crash suite may kill itself, counted together across its threads: around each commit (in the storage
 * worker), around each write to a CSV file.
 */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultHook } from '../../src/storage/sqlite/failures.ts'

/** What a process is told: the number of the point at which it ends, from 1. 0: it lives. */
export interface KillPlan {
  readonly folder: string
  readonly at: number
  /** One number: points passed so far. */
  readonly passed: SharedArrayBuffer
}

/** Name of the file in which a process leaves the point it ended at. */
const ENDED_AT = 'ended-at'

/** Reads the plan of a process from its folder. */
export function readPlan(folder: string): KillPlan {
  const { at } = JSON.parse(readFileSync(join(folder, 'kill-at'), 'utf8')) as { at: number }
  return { folder, at, passed: new SharedArrayBuffer(4) }
}

/** The point the last process ended at. */
export function endedAt(folder: string): string {
  return readFileSync(join(folder, ENDED_AT), 'utf8')
}

/** Passes a point. True at the one where the process is to end: call `end` then. */
export function pass({ at, passed }: KillPlan): boolean {
  return Atomics.add(new Int32Array(passed), 0, 1) + 1 === at
}

/** Ends the process as nothing else can: no handler runs, nothing is flushed. */
export function end({ folder }: KillPlan, point: string): never {
  writeFileSync(join(folder, ENDED_AT), point)
  process.kill(process.pid, 'SIGKILL')
  // The signal may take a moment to reach this thread.
  for (;;);
}

/** The storage worker's points. */
export default function makeHook(data: unknown): FaultHook {
  const plan = data as KillPlan
  return (step, db) => {
    if (step !== 'commit') return
    if (pass(plan)) end(plan, 'before a commit')
    if (!pass(plan)) return
    // On disk, and nobody told.
    db.exec('COMMIT')
    end(plan, 'after a commit')
  }
}
