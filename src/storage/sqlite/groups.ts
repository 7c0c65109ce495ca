import { setImmediate as nextTurn } from 'node:timers/promises'
import { coerceError } from '../../core/errors.ts'
import type { RawOp } from '../batch-driver.ts'
import { toStoreError } from './failures.ts'
import { OP } from './protocol.ts'
import type { CallFailures, GroupOrder, OpCode, PackedGroup } from './protocol.ts'

// Bound how long one transaction, and so everyone in it, takes.
const MAX_BYTES = 16 * 1024 * 1024
const MAX_OPS = 10_000

interface Call {
  readonly ops: readonly RawOp[]
  readonly bytes: number
  resolve(): void
  reject(error: Error): void
}

/** Gathers commits into groups. */
export interface Groups {
  /** Resolves when the group it fell into is on disk. */
  commit(ops: readonly RawOp[]): Promise<void>
  /** Resolves when nothing waits or is under way any more. */
  idle(): Promise<void>
}

/**
 * Everyone who commits in one turn of the event loop goes along in one group, and groups follow each other without waiting: the
 * worker makes one transaction of all that came while it was busy. When a group fails, so does everything after it up to the moment
 * the failure is known here: none of it may be committed on top of a gap. `send` is told the `serial` of the group and `since`, the
 * first one made after the last known failure. `onGroup` hears of every group.
 */
export function createGroups(
  send: (group: PackedGroup, order: GroupOrder) => Promise<CallFailures>,
  onGroup: (error: Error | undefined, calls: number) => void,
): Groups {
  let queue: Call[] = []
  let running: Promise<void> | undefined
  let serial = 0
  let since = 1
  let underWay = 0
  let onAnswer = () => {}

  async function run(): Promise<void> {
    while (queue.length > 0 || underWay > 0) {
      await nextTurn()
      if (queue.length > 0 && underWay < MAX_BYTES) void sendNext(queue.splice(0, groupLength(queue)))
      // The last answer may have come in that turn: then nobody would wake it again.
      else if (underWay > 0) await new Promise<void>((resolve) => (onAnswer = resolve))
    }
    running = undefined
  }

  async function sendNext(group: readonly Call[]): Promise<void> {
    const number = ++serial
    const packed = pack(group)
    // At least something, so that an empty one counts.
    const weight = packed.bytes.byteLength + 1
    underWay += weight
    try {
      settle(group, await send(packed, { serial: number, since }))
      onGroup(undefined, group.length)
    } catch (thrown) {
      const news = number >= since
      const failed = news ? [...group, ...queue] : group
      if (news) {
        queue = []
        since = serial + 1
      }
      const error = coerceError(thrown)
      onGroup(error, failed.length)
      for (const call of failed) call.reject(error)
    } finally {
      underWay -= weight
      onAnswer()
    }
  }

  return {
    commit(ops) {
      return new Promise((resolve, reject) => {
        queue.push({ ops, bytes: bytesOf(ops), resolve, reject })
        onAnswer()
        running ??= run()
      })
    },
    async idle() {
      await running
    },
  }
}

function settle(group: readonly Call[], failures: CallFailures): void {
  const failed = new Map(failures)
  for (const [index, call] of group.entries()) {
    const failure = failed.get(index)
    if (failure === undefined) call.resolve()
    else call.reject(toStoreError(failure))
  }
}

function groupLength(queue: readonly Call[]): number {
  let bytes = 0
  let ops = 0
  for (const [index, call] of queue.entries()) {
    bytes += call.bytes
    ops += call.ops.length
    if (index > 0 && (bytes > MAX_BYTES || ops > MAX_OPS)) return index
  }
  return queue.length
}

function bytesOf(ops: readonly RawOp[]): number {
  let bytes = 0
  for (const op of ops) if (op.op === 'setRaw') bytes += op.value.byteLength
  return bytes
}

function pack(group: readonly Call[]): PackedGroup {
  const counts: number[] = []
  const codes: OpCode[] = []
  const keys: string[] = []
  const sizes: number[] = []
  // Not zeroed: every byte is written below.
  const pool = Buffer.allocUnsafeSlow(group.reduce((sum, call) => sum + call.bytes, 0))
  const bytes = new Uint8Array(pool.buffer as ArrayBuffer, pool.byteOffset, pool.byteLength)
  let offset = 0
  for (const { ops } of group) {
    counts.push(ops.length)
    for (const op of ops) {
      codes.push(opCode(op))
      keys.push(op.key)
      sizes.push(op.op === 'setRaw' ? op.value.byteLength : 0)
      if (op.op !== 'setRaw') continue
      bytes.set(op.value, offset)
      offset += op.value.byteLength
    }
  }
  return { counts, codes, keys, sizes, bytes }
}

function opCode(op: RawOp): OpCode {
  switch (op.op) {
    case 'setRaw':
      return OP.set
    case 'remove':
      return OP.remove
    case 'expect':
      return op.present ? OP.present : OP.absent
  }
}
