/**
 * Zeroes what no row uses in the pages of a database that nobody has open. `secure_delete` overwrites rows that are deleted, but when
 * SQLite splits and joins pages, copies of rows stay in the unused middle of a page: measured, 1 to 2 in 12 MB. Only bytes the file
 * format calls unallocated change (https://www.sqlite.org/fileformat2.html#b_tree_pages), so a write broken off half-way harms nothing.
 */

import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'

/** What was done to some pages. */
export interface Scrubbed {
  /** Go on with the pages before this one; null: all are done. */
  readonly next: number | null
  /** Pages that had something. */
  readonly cleaned: number
}

/** Pages of one call, 32 MB: some 20 ms when they are in memory. */
const SLICE = 4096
/** Pages read at once. */
const RUN = 256
const HEADER = 100
/** Kinds of pages in a pointer map that hold a b-tree: roots and others. */
const TREES = new Set([1, 5])
/** SQLite never uses the page at this byte. https://www.sqlite.org/fileformat2.html#the_lock_byte_page */
const LOCK_BYTE = 0x40000000

/**
 * Does the pages before `before` (null: up to the last), as many as one call does. From the end to the start, since vacuuming moves pages
 * to the start. Throws what the file system throws.
 */
export function scrubSlice(file: string, before: number | null): Scrubbed {
  const descriptor = openSync(file, 'r+')
  try {
    const header = Buffer.alloc(HEADER)
    readSync(descriptor, header, 0, HEADER, 0)
    const pageSize = header.readUInt16BE(16) === 1 ? 65536 : header.readUInt16BE(16)
    const usable = pageSize - header.readUInt8(20)
    const pages = Math.floor(fstatSync(descriptor).size / pageSize)
    const end = before === null ? pages : Math.min(before - 1, pages)
    // Page 1 holds the schema and no rows.
    const start = Math.max(2, end - SLICE + 1)
    const isTree = createMap(descriptor, pageSize, usable)
    const buffer = Buffer.alloc(RUN * pageSize)
    let cleaned = 0
    for (let first = start; first <= end; first += RUN) {
      const count = Math.min(RUN, end - first + 1)
      readSync(descriptor, buffer, 0, count * pageSize, (first - 1) * pageSize)
      for (let index = 0; index < count; index++) {
        if (!isTree(first + index)) continue
        const gap = findGap(buffer.subarray(index * pageSize, (index + 1) * pageSize), usable)
        if (gap === undefined) continue
        writeSync(
          descriptor,
          Buffer.alloc(gap.end - gap.start),
          0,
          gap.end - gap.start,
          (first + index - 1) * pageSize + gap.start,
        )
        cleaned++
      }
    }
    if (cleaned > 0) fsyncSync(descriptor)
    return { next: start <= 2 ? null : start, cleaned }
  } finally {
    closeSync(descriptor)
  }
}

/** Asks the pointer map whether a page holds a b-tree. https://www.sqlite.org/fileformat2.html#pointer_map_or_ptrmap_pages */
function createMap(descriptor: number, pageSize: number, usable: number): (page: number) => boolean {
  const perMap = Math.floor(usable / 5) + 1
  const lockPage = LOCK_BYTE / pageSize + 1
  const map = Buffer.alloc(pageSize)
  let held = 0
  return (page) => {
    if (page === lockPage) return false
    let mapPage = Math.floor((page - 2) / perMap) * perMap + 2
    if (mapPage === lockPage) mapPage++
    if (page <= mapPage) return false
    if (held !== mapPage) {
      readSync(descriptor, map, 0, pageSize, (mapPage - 1) * pageSize)
      held = mapPage
    }
    return TREES.has(map.readUInt8(5 * (page - mapPage - 1)))
  }
}

/** The unallocated bytes between the cell pointers and the cells, if any of them is not zero. */
function findGap(page: Buffer, usable: number): { readonly start: number; readonly end: number } | undefined {
  const kind = page.readUInt8(0)
  const isLeaf = kind === 0x0d || kind === 0x0a
  if (!isLeaf && kind !== 0x05 && kind !== 0x02) return undefined
  const start = (isLeaf ? 8 : 12) + 2 * page.readUInt16BE(3)
  const end = page.readUInt16BE(5) === 0 ? 65536 : page.readUInt16BE(5)
  if (start >= end || end > usable) return undefined
  return page.subarray(start, end).some((byte) => byte !== 0) ? { start, end } : undefined
}
