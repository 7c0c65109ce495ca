/**
 * Faults in the storage worker of a tortured bridge, read from a folder: `kill-at` ends the process around a commit, and while `disk-full`
 * is there the database cannot grow.
 */

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** Names in the folder. */
export const KILL_AT = 'kill-at'
export const DISK_FULL = 'disk-full'

const killAt = z.object({ commit: z.int().positive(), when: z.enum(['before', 'after']) })

/** Around which commit of its life a bridge kills itself, from 1. */
export type KillAt = z.infer<typeof killAt>

/** As much of `node:sqlite` as is needed. */
interface Database {
  exec(sql: string): void
  prepare(sql: string): { get(): unknown }
}

/** SQLite's own limit, https://www.sqlite.org/pragma.html#pragma_max_page_count */
const MOST_PAGES = 1_073_741_823

/** The worker's side; `data` is `{ folder }`. */
export default function makeHook(data: unknown): (step: string, db: Database) => void {
  const { folder } = z.object({ folder: z.string() }).parse(data)
  const kill = readKillAt(join(folder, KILL_AT))
  const limited = new WeakSet<Database>()
  let commits = 0
  return (step, db) => {
    if (step === 'begin') limit(db, existsSync(join(folder, DISK_FULL)), limited)
    if (step !== 'commit' || ++commits !== kill?.commit) return
    // Committed, and nobody told: the answer to Bevy, the cursor in memory, everything after it is lost.
    if (kill.when === 'after') db.exec('COMMIT')
    process.kill(process.pid, 'SIGKILL')
  }
}

function limit(db: Database, full: boolean, limited: WeakSet<Database>): void {
  if (full) {
    const { page_count: pages } = db.prepare('PRAGMA page_count').get() as { page_count: number }
    db.exec(`PRAGMA max_page_count=${pages}`)
    limited.add(db)
  } else if (limited.delete(db)) db.exec(`PRAGMA max_page_count=${MOST_PAGES}`)
}

function readKillAt(file: string): KillAt | undefined {
  return existsSync(file) ? killAt.parse(JSON.parse(readFileSync(file, 'utf8'))) : undefined
}
