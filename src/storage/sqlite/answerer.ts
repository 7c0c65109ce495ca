import { existsSync, statSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { StoredEntry } from '../../core/ports.ts'
import type { KeyRange, SurveyRange } from '../batch-driver.ts'
import { checkpoint, createFile, openFile } from './connection.ts'
import type { Connection } from './connection.ts'
import { toFailure } from './failures.ts'
import type { FaultHook } from './failures.ts'
import { runGroups } from './group.ts'
import type { Answers, CallFailures, CommitRequest, Failure, PackedValues, Request } from './protocol.ts'
import { scrubSlice } from './scrub.ts'
import { shrink, type Space } from './space.ts'

const FIRST_WAIT = 50
const LONGEST_WAIT = 2_000
const NO_FAILURE: Failure = { code: 'ERR_STORE_IO', message: 'an earlier commit failed' }

/** What became of a group. */
export type GroupOutcome = { readonly answer: CallFailures } | { readonly failure: Failure }

/** Answers requests; `commit` takes all the groups that wait, as one transaction. */
export interface Answerer {
  answer(request: Exclude<Request, CommitRequest>, transfer: ArrayBuffer[]): Answers[keyof Answers]
  commit(requests: readonly CommitRequest[]): GroupOutcome[]
}

/**
 * Makes the one who answers requests. It keeps the connection: after a failed group it is closed and opened again before anything
 * else is committed; while that fails, requests are refused with the last error and a new try is made after 50 ms to 2 s.
 * Reads go on as soon as the file opens; commits wait until the log could be moved into the database as well.
 */
export function createAnswerer(file: string, fault: FaultHook | undefined): Answerer {
  let connection: Connection | undefined
  /** `left` by an earlier process; `tainted` by a failed sync: commit nothing on top of it. */
  let log: 'left' | 'tainted' | 'clean' = 'left'
  /** The last group that failed: what the main thread sent before it heard of that fails as well. */
  let failed = { serial: 0, failure: NO_FAILURE }
  const opening = createBackoff()
  const clearing = createBackoff()

  function reader(): Connection {
    connection ??= opening(() => {
      const opened = openFile(file)
      fault?.('open', opened.db)
      return opened
    })
    return connection
  }

  function writer(): Connection {
    const open = reader()
    if (log !== 'clean') {
      clearing(() => {
        const emptied = checkpoint(open.db)
        if (!emptied && log === 'tainted') throw new Error('another program holds a read transaction on the database')
      })
      log = 'clean'
    }
    return open
  }

  function discard(): void {
    try {
      // A connection with statements left may outlive its close, and its locks with it.
      if (connection?.db.isTransaction === true) connection.db.exec('ROLLBACK')
      connection?.db.close()
    } catch {
      // What is broken need not close well; it is never used again.
    }
    connection = undefined
    log = 'tainted'
  }

  function commit(requests: readonly CommitRequest[]): GroupOutcome[] {
    const isStale = ({ since }: CommitRequest): boolean => since <= failed.serial
    const stale = requests.filter(isStale).length
    const fresh = requests.slice(stale)
    const outcomes: GroupOutcome[] = []
    for (const { serial } of requests.slice(0, stale)) {
      failed = { ...failed, serial }
      outcomes.push({ failure: failed.failure })
    }
    if (fresh.length === 0) return outcomes
    try {
      for (const failures of write(fresh)) outcomes.push({ answer: failures })
    } catch (error) {
      failed = { serial: fresh.at(-1)?.serial ?? 0, failure: toFailure(error, file) }
      for (const _ of fresh) outcomes.push({ failure: failed.failure })
    }
    return outcomes
  }

  function write(requests: readonly CommitRequest[]): CallFailures[] {
    const open = writer()
    const groups = requests.map(({ group }) => group)
    try {
      return runGroups(open, groups, file, fault)
    } catch (error) {
      discard()
      throw error
    }
  }

  function giveBack(most: number): Space {
    if (most === 0) return shrink(reader().db, 0)
    const { db } = writer()
    try {
      fault?.('write', db)
      return shrink(db, most)
    } catch (error) {
      discard()
      throw error
    }
  }

  function scrub(before: number | null): Answers['scrub'] {
    const { db } = writer()
    // Whoever reads may take long: commits must not wait for that.
    db.exec('PRAGMA busy_timeout=0')
    const emptied = checkpoint(db)
    db.exec('PRAGMA busy_timeout=5000')
    if (!emptied) return undefined
    // Its cache has the pages as they were.
    connection?.db.close()
    connection = undefined
    const left = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
    return left > 0 ? undefined : scrubSlice(file, before)
  }

  function answer(request: Exclude<Request, CommitRequest>, transfer: ArrayBuffer[]): Answers[keyof Answers] {
    switch (request.kind) {
      case 'open':
        if (request.create && !existsSync(file)) createFile(file)
        reader()
        return null
      case 'read':
        return read(reader(), request.keys, transfer, fault)
      case 'has':
        return reader().has.get(request.key) !== undefined
      case 'list':
        return list(reader(), request.range)
      case 'survey':
        return survey(reader(), request.range)
      case 'shrink':
        return giveBack(request.most)
      case 'scrub':
        return scrub(request.before)
      case 'close':
        discard()
        return null
    }
  }

  return { answer, commit }
}

function read(
  { db, get }: Connection,
  keys: readonly string[],
  transfer: ArrayBuffer[],
  fault: FaultHook | undefined,
): PackedValues {
  fault?.('read', db)
  const values = keys.map((key) => get.get(key)?.['value'])
  const sizes = values.map((value) => (value instanceof Uint8Array ? value.byteLength : -1))
  const found = values.filter((value) => value instanceof Uint8Array)
  const bytes = found.length === 1 ? (found[0] as Uint8Array<ArrayBuffer>) : join(found)
  if (bytes.byteLength === bytes.buffer.byteLength) transfer.push(bytes.buffer)
  return { sizes, bytes }
}

function join(values: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(values.reduce((sum, { byteLength }) => sum + byteLength, 0))
  let offset = 0
  for (const value of values) {
    joined.set(value, offset)
    offset += value.byteLength
  }
  return joined
}

function list({ list: statement }: Connection, range: KeyRange): string[] {
  return statement.all(...boundsOf(range)).map((row) => String(row['key']))
}

function survey({ survey: statement }: Connection, range: SurveyRange): StoredEntry[] {
  return statement.all(range.start, ...boundsOf(range)).map((row) => {
    // `substr` of an empty value is null.
    const start = row['start'] instanceof Uint8Array ? row['start'] : new Uint8Array()
    return { key: String(row['key']), size: Number(row['size']), start }
  })
}

function boundsOf({ prefix, after = '', limit = -1 }: KeyRange): [after: string, end: string, limit: number] {
  // ';' follows ':' in ASCII, '{' follows every character a key may have.
  const [start, end] = prefix === '' ? ['', '{'] : [`${prefix}:`, `${prefix};`]
  return [after > start ? after : start, end, limit]
}

/** Runs what may fail; after a failure the same error is given without a try until the wait, doubled each time, is over. */
function createBackoff() {
  let wait = 0
  let nextTry = 0
  let last: unknown
  return function attempt<T>(fn: () => T): T {
    if (performance.now() < nextTry) throw last
    try {
      const result = fn()
      wait = 0
      nextTry = 0
      return result
    } catch (error) {
      last = error
      wait = Math.min(Math.max(wait * 2, FIRST_WAIT), LONGEST_WAIT)
      nextTry = performance.now() + wait
      throw error
    }
  }
}
