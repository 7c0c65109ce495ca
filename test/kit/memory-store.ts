import { StoreError } from '../../src/core/errors.ts'
import type { Store, StoreOp } from '../../src/core/ports.ts'

/** A Store in memory that keeps the contract of `commit`, and can be told to fail. */
export interface MemoryStore extends Store {
  readonly data: Map<string, Uint8Array>
  /** Commits made so far, each with its ops. */
  readonly commits: StoreOp[][]
  /** Called before each commit; throw to fail it, await to slow it. */
  before: ((ops: readonly StoreOp[]) => void | Promise<void>) | undefined
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Makes one; `data` of an earlier one makes it "the same store opened again". */
export function createMemoryStore(data = new Map<string, Uint8Array>()): MemoryStore {
  let last: Promise<unknown> = Promise.resolve()
  const store: MemoryStore = {
    id: 'teststore000',
    capabilities: { atomic: true, durable: true },
    data,
    commits: [],
    before: undefined,
    async get(key) {
      const bytes = data.get(key)
      return bytes === undefined ? undefined : JSON.parse(decoder.decode(bytes))
    },
    getMany: (keys) => Promise.all(keys.map((key) => store.get(key))),
    async getRaw(key) {
      return data.get(key)
    },
    async keys(prefix, { after, limit = Infinity } = {}) {
      const found = [...data.keys()].filter(
        (key) => key.startsWith(`${prefix}:`) && (after === undefined || key > after),
      )
      return found.sort().slice(0, limit)
    },
    async survey(prefix, { start, ...range }) {
      const found = await store.keys(prefix, range)
      return found.map((key) => {
        const value = data.get(key) ?? new Uint8Array()
        return { key, size: value.byteLength, start: value.slice(0, start) }
      })
    },
    commit(ops) {
      const run = last.then(async () => {
        await store.before?.(ops)
        for (const op of ops) {
          if (!/^[a-z0-9:_.-]+$/.test(op.key)) throw new Error(`key with foreign characters: ${op.key}`)
          if (op.op === 'expect' && data.has(op.key) !== op.present) {
            throw new StoreError('ERR_STORE_EXPECT', `expected ${op.key} to be ${op.present ? 'present' : 'absent'}`)
          }
        }
        for (const op of ops) {
          if (op.op === 'set') data.set(op.key, encoder.encode(JSON.stringify(op.value)))
          else if (op.op === 'setRaw') data.set(op.key, op.value.slice())
          else if (op.op === 'remove') data.delete(op.key)
        }
        store.commits.push([...ops])
      })
      last = run.catch(() => {})
      return run
    },
    async close() {},
  }
  return store
}
