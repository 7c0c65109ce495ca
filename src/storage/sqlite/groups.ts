import { setImmediate as nextTurn } from 'node:timers/promises'
import { coerceError } from '../../core/errors.ts'
import type { RawOp } from '../batch-driver.ts'
import { toStoreError } from './failures.ts'
import { OP } from './protocol.ts'
import type { CallFailures, OpCode, PackedGroup } from './protocol.ts'

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
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>
}

/**
 * One group is under way at a time; what comes meanwhile is the next. When `send` rejects, its group and all that waits at that
 * moment are rejected: none of them may be committed on top of a gap. `onGroup` hears of every group.
 */
export function createGroups(
  send: (group: PackedGroup) => Promise<CallFailures>,
  onGroup: (error: Error | undefined, calls: number) => void,
): Groups {
  let queue: Call[] = []
  let running: Promise<void> | undefined

  async function run(): Promise<void> {
    while (queue.length > 0) {
      // Everyone who commits in this turn of the event loop goes along.
      await nextTurn()
      const group = queue.splice(0, groupLength(queue))
      try {
        settle(group, await send(pack(group)))
        onGroup(undefined, group.length)
      } catch (thrown) {
        const failed = [...group, ...queue]
        queue = []
        const error = coerceError(thrown)
        onGroup(error, failed.length)
        for (const call of failed) call.reject(error)
      }
    }
    running = undefined
  }

  return {
    commit(ops) {
      return new Promise((resolve, reject) => {
        queue.push({ ops, bytes: bytesOf(ops), resolve, reject })
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
