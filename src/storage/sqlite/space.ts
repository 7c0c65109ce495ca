/** Free space inside the database file, and its way back to the disk. */

import type { DatabaseSync } from 'node:sqlite'

/** The database file. Bytes. */
export interface Space {
  readonly bytes: number
  /** Of these, in pages that nothing uses. */
  readonly free: number
}

/**
 * Moves pages from the end of the file into free ones before them, at most so many bytes, and measures what is left; 0: measures only.
 * The file becomes shorter when all of the log has been moved into it, which a checkpoint does that waits for nobody.
 * https://www.sqlite.org/pragma.html#pragma_incremental_vacuum
 */
export function shrink(db: DatabaseSync, most: number): Space {
  const pageSize = numberOf(db, 'page_size')
  const pages = Math.ceil(most / pageSize)
  if (pages > 0) {
    // exec, since it takes all rows: the pragma frees one page with each.
    db.exec(`PRAGMA incremental_vacuum(${pages})`)
    db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get()
  }
  return { bytes: numberOf(db, 'page_count') * pageSize, free: numberOf(db, 'freelist_count') * pageSize }
}

function numberOf(db: DatabaseSync, pragma: 'page_size' | 'page_count' | 'freelist_count'): number {
  return Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma])
}
