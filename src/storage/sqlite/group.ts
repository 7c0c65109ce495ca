import { StoreError } from '../../core/errors.ts'
import type { Connection } from './connection.ts'
import { isOfTheCall, toFailure } from './failures.ts'
import type { FaultHook } from './failures.ts'
import { OP } from './protocol.ts'
import type { CallFailures, Failure, PackedGroup } from './protocol.ts'

/**
 * Runs groups as one transaction, each call a savepoint of its own. Returns for each the calls that failed alone. Throws when they
 * failed as a whole; the connection is then no longer to be trusted.
 */
export function runGroups(
  connection: Connection,
  groups: readonly PackedGroup[],
  file: string,
  fault: FaultHook | undefined,
): CallFailures[] {
  fault?.('begin', connection.db)
  connection.begin.run()
  const failures = groups.map((group) => runGroup(connection, group, file, fault))
  fault?.('commit', connection.db)
  connection.commit.run()
  return failures
}

function runGroup(
  connection: Connection,
  group: PackedGroup,
  file: string,
  fault: FaultHook | undefined,
): CallFailures {
  const failures: [number, Failure][] = []
  let op = 0
  let offset = 0
  for (const [call, count] of group.counts.entries()) {
    const end = op + count
    try {
      runCall(connection, group, op, end, offset, fault)
    } catch (error) {
      // Some errors end the transaction by themselves; then nothing of the group is left to go on with.
      if (!isOfTheCall(error) || !connection.db.isTransaction) throw error
      failures.push([call, toFailure(error, file)])
    }
    for (; op < end; op++) offset += group.sizes[op] ?? 0
  }
  return failures
}

function runCall(
  connection: Connection,
  group: PackedGroup,
  from: number,
  end: number,
  start: number,
  fault: FaultHook | undefined,
): void {
  const writes = checkExpectations(connection, group, from, end)
  // One statement is its own savepoint.
  const guarded = writes > 1
  if (guarded) connection.save.run()
  try {
    let offset = start
    for (let op = from; op < end; op++) {
      const key = group.keys[op] ?? ''
      const size = group.sizes[op] ?? 0
      const code = group.codes[op]
      if (code !== OP.set && code !== OP.remove) continue
      fault?.('write', connection.db)
      if (code === OP.set) connection.set.run(key, group.bytes.subarray(offset, offset + size))
      else connection.remove.run(key)
      offset += size
    }
  } catch (error) {
    if (guarded && connection.db.isTransaction) {
      connection.undo.run()
      connection.release.run()
    }
    throw error
  }
  if (guarded) connection.release.run()
}

/** Number of ops that write. Throws `ERR_STORE_EXPECT` before any of them when a key is not as expected. */
function checkExpectations(connection: Connection, group: PackedGroup, from: number, end: number): number {
  let writes = 0
  for (let op = from; op < end; op++) {
    const code = group.codes[op]
    if (code === OP.set || code === OP.remove) {
      writes++
      continue
    }
    const key = group.keys[op] ?? ''
    const present = connection.has.get(key) !== undefined
    if (present !== (code === OP.present)) {
      throw new StoreError('ERR_STORE_EXPECT', `${key} was expected to be ${present ? 'absent' : 'present'}`)
    }
  }
  return writes
}
