import { StoreError } from '../../core/errors.ts'
import type { Log } from '../../core/ports.ts'
import type { BatchDriver, RawOp } from '../batch-driver.ts'
import { createBackups, type BackupOrder } from './backup.ts'
import { createGroups } from './groups.ts'
import { createLink } from './link.ts'
import type { Answers, PackedValues, WorkerSettings } from './protocol.ts'

/** Options of the `sqlite` driver. */
export interface SqliteOptions extends WorkerSettings {
  /** Bytes a value may have; default 512 MB. SQLite's own limit is 1 GB. */
  readonly maxValue?: number | undefined
}

const MAX_VALUE = 512 * 1024 * 1024
const decoder = new TextDecoder()
const encoder = new TextEncoder()

/**
 * An unstorage driver over `node:sqlite` in one worker thread, on one file. Commits of one moment share a transaction and its
 * sync (group commit). Opens the file, or makes it when it is missing. Rejects with a StoreError: `ERR_STORE_DAMAGED`,
 * `ERR_STORE_FORMAT`, `ERR_STORE_IO`, `ERR_STORE_FULL`.
 */
export async function openSqliteDriver(options: SqliteOptions, log: Log): Promise<BatchDriver> {
  const { file, faults, maxValue = MAX_VALUE } = options
  const link = createLink({ file, faults }, log)
  const groups = createGroups(
    (group, order) => link.ask({ kind: 'commit', group, ...order }, [group.bytes.buffer]),
    createFailureLog(log),
  )
  let closing: Promise<void> | undefined

  async function commit(ops: readonly RawOp[]): Promise<void> {
    if (closing !== undefined) throw new StoreError('ERR_STORE_CLOSED', 'the store is closed')
    for (const op of ops) {
      if (op.op === 'setRaw' && op.value.byteLength > maxValue) {
        throw new StoreError(
          'ERR_STORE_TOO_BIG',
          `the value for ${op.key} has ${op.value.byteLength} bytes; ${maxValue} are the limit`,
        )
      }
    }
    if (ops.length > 0) await groups.commit(ops)
  }

  const read = gatherReads(async (keys) => unpack(await link.ask({ kind: 'read', keys })))

  async function getItemsRaw(keys: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    if (keys.length === 0) return []
    return read(keys)
  }

  const backups = createBackups()
  // A backup reads for long, and nothing can be scrubbed while somebody reads.
  let turn: Promise<unknown> = Promise.resolve()
  function inTurn<T>(fn: () => Promise<T>): Promise<T> {
    const run = turn.then(fn)
    turn = run.catch(() => {})
    return run
  }

  function backup(to: string, more: BackupOrder['more']): Promise<number> {
    return inTurn(() => backups.make({ from: file, to, more }))
  }

  async function scrub(): Promise<void> {
    for (let before: number | null = null; ;) {
      const done: Answers['scrub'] = await link.ask({ kind: 'scrub', before })
      if (done === undefined) {
        throw new StoreError(
          'ERR_STORE_SCRUB',
          'another program reads the database: what was removed is still on the disk',
        )
      }
      if (done.next === null) return
      before = done.next
    }
  }

  async function close(): Promise<void> {
    await groups.idle()
    backups.stop()
    await turn
    try {
      await link.ask({ kind: 'close' })
    } finally {
      await link.end()
    }
  }

  try {
    await link.ask({ kind: 'open', create: true })
  } catch (error) {
    await link.end()
    throw error
  }

  const getItemRaw = async (key: string) => (await getItemsRaw([key]))[0] ?? null
  const setItemRaw = (key: string, value: Uint8Array) => commit([{ op: 'setRaw', key, value }])
  const getKeys = (base = '') => link.ask({ kind: 'list', range: { prefix: base.replace(/:$/, '') } })
  return {
    name: 'sqlite',
    options,
    commit,
    scrub: () => inTurn(scrub),
    survey: (range) => link.ask({ kind: 'survey', range }),
    shrink: (most) => link.ask({ kind: 'shrink', most }),
    backup,
    getItemsRaw,
    listKeys: (range) => link.ask({ kind: 'list', range }),
    hasItem: (key) => link.ask({ kind: 'has', key }),
    async getItem(key) {
      const value = await getItemRaw(key)
      return value === null ? null : decoder.decode(value)
    },
    getItemRaw,
    setItem: (key, value) => setItemRaw(key, encoder.encode(value)),
    setItemRaw,
    removeItem: (key) => commit([{ op: 'remove', key }]),
    getKeys,
    async clear(base) {
      await commit((await getKeys(base)).map((key) => ({ op: 'remove', key })))
    },
    dispose: () => (closing ??= close()),
  }
}

type Values = (Uint8Array | undefined)[]

function unpack({ sizes, bytes }: PackedValues): Values {
  let offset = 0
  return sizes.map((size) => {
    if (size < 0) return undefined
    offset += size
    return bytes.subarray(offset - size, offset)
  })
}

/** Reads asked for in one turn of the microtasks go as one request: a trip to the worker costs more than a read. */
function gatherReads(ask: (keys: readonly string[]) => Promise<Values>): (keys: readonly string[]) => Promise<Values> {
  let gathered: { readonly keys: string[]; readonly values: Promise<Values> } | undefined
  return async (keys) => {
    if (gathered === undefined) {
      const all: string[] = []
      const values = Promise.resolve().then(() => {
        gathered = undefined
        return ask(all)
      })
      gathered = { keys: all, values }
    }
    const from = gathered.keys.length
    gathered.keys.push(...keys)
    return (await gathered.values).slice(from, from + keys.length)
  }
}

/** Says once that commits fail and once that they work again, however many callers try in between. */
function createFailureLog(log: Log): (error: Error | undefined, calls: number) => void {
  let failed = 0
  return (error, calls) => {
    if (error !== undefined && failed === 0) log.error('commits fail', { calls }, error)
    if (error === undefined && failed > 0) log.info('commits work again', { failed })
    failed = error === undefined ? 0 : failed + calls
  }
}
