import { existsSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import type { KeyRange } from '../batch-driver.ts'
import { checkpoint, createFile, openFile } from './connection.ts'
import type { Connection } from './connection.ts'
import type { FaultHook } from './failures.ts'
import { runGroup } from './group.ts'
import type { Answers, Request } from './protocol.ts'

const FIRST_WAIT = 50
const LONGEST_WAIT = 2_000

/**
 * Makes the function that answers requests. It keeps the connection: after a failed group it is closed and opened again before anything
 * else is committed; while that fails, requests are refused with the last error and a new try is made after 50 ms to 2 s.
 * Reads go on as soon as the file opens; commits wait until the log could be moved into the database as well.
 */
export function createAnswerer(file: string, fault: FaultHook | undefined) {
  let connection: Connection | undefined
  /** `left` by an earlier process; `tainted` by a failed sync: commit nothing on top of it. */
  let log: 'left' | 'tainted' | 'clean' = 'left'
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

  return function answer(request: Request, transfer: ArrayBuffer[]): Answers[keyof Answers] {
    switch (request.kind) {
      case 'open':
        if (request.create && !existsSync(file)) createFile(file)
        reader()
        return null
      case 'commit': {
        const open = writer()
        try {
          return runGroup(open, request.group, file, fault)
        } catch (error) {
          discard()
          throw error
        }
      }
      case 'read':
        return read(reader(), request.keys, transfer, fault)
      case 'has':
        return reader().has.get(request.key) !== undefined
      case 'list':
        return list(reader(), request.range)
      case 'close':
        discard()
        return null
    }
  }
}

function read(
  { db, get }: Connection,
  keys: readonly string[],
  transfer: ArrayBuffer[],
  fault: FaultHook | undefined,
): (Uint8Array | null)[] {
  fault?.('read', db)
  return keys.map((key) => {
    const value = get.get(key)?.['value']
    if (!(value instanceof Uint8Array)) return null
    // Handing over is cheaper than copying for all but small values.
    if (value.byteLength >= 4096 && value.byteLength === value.buffer.byteLength) {
      transfer.push(value.buffer as ArrayBuffer)
    }
    return value
  })
}

function list({ list: statement }: Connection, { prefix, after = '', limit = -1 }: KeyRange): string[] {
  // ';' follows ':' in ASCII, '{' follows every character a key may have.
  const [start, end] = prefix === '' ? ['', '{'] : [`${prefix}:`, `${prefix};`]
  return statement.all(after > start ? after : start, end, limit).map((row) => String(row['key']))
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
