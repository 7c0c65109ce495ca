import type { PluginContext } from '../core/plugin-contract.ts'
import type { Log, PluginState } from '../core/ports.ts'
import type { Facts, JsonObject } from '../core/types.ts'
import { createScriptedHttp, type ScriptedHttp } from './scripted-http.ts'

/** One line of a recording log. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly event: string
  readonly facts: Facts
  readonly error?: unknown
}

/** A log that keeps its lines. */
export interface RecordingLog extends Log {
  readonly lines: LogLine[]
}

/**
 * Plugin state in memory, with the moments of a dispatcher in the hands of the test: what `send` staged is settled (`settle`), then
 * flushed (`flush`), or dropped because the send failed (`drop`). `crash` gives what the next process would find. Strict: a flush
 * writes what was settled even over a newer `commit()` of the same key, so a plugin must not commit a key that may be settled
 * and not flushed.
 */
export interface TestState extends PluginState {
  /** The send succeeded: what it staged waits for the flush. */
  settle(): void
  /** The send failed: what it staged is forgotten. */
  drop(): void
  /** Commits what is settled. */
  flush(): void
  /** A state with only what was committed; this one is dead and rejects every use. */
  crash(): TestState
  /** Throw here to fail a commit. */
  beforeCommit: (() => void) | undefined
  /** Anything was ever set. */
  readonly isUsed: boolean
}

export interface TestContext {
  readonly context: PluginContext
  readonly state: TestState
  readonly log: RecordingLog
  /** The scripted client; unused when `overrides` bring another. */
  readonly http: ScriptedHttp
}

/** A context for one sender: state in memory, a recording log, scripted HTTP, a fixed clock (2026-03-02T10:00:00Z). */
export function createTestContext(overrides: Partial<PluginContext> = {}): TestContext {
  const state = createTestState()
  const log = createRecordingLog()
  const http = createScriptedHttp()
  const context: PluginContext = {
    http,
    account: { hold: () => {} },
    log,
    state,
    destination: 'test',
    baseDir: process.cwd(),
    storeId: 'teststore000',
    timezone: 'UTC',
    now: () => Date.UTC(2026, 2, 2, 10),
    ...overrides,
  }
  return { context, state, log, http }
}

export function createRecordingLog(): RecordingLog {
  const lines: LogLine[] = []
  const line =
    (level: LogLine['level']) =>
    (event: string, facts: Facts = {}, error?: unknown): void =>
      void lines.push({ level, event, facts, error })
  return { lines, debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

type Entries = Map<string, JsonObject | undefined>

/** Starts from what an earlier one had committed. */
export function createTestState(committed: ReadonlyMap<string, JsonObject> = new Map()): TestState {
  const durable = new Map(committed)
  const known = new Map(committed)
  let settled: Entries = new Map()
  let staged: Entries = new Map()
  let isUsed = false
  let isDead = false

  const put = (target: Map<string, JsonObject>, entries: Entries): void => {
    for (const [key, value] of entries) {
      if (value === undefined) target.delete(key)
      // Through JSON, as a store would: a plugin that keeps the object cannot change what is stored.
      else target.set(key, JSON.parse(JSON.stringify(value)) as JsonObject)
    }
  }
  const alive = (): void => {
    if (isDead) throw new Error('the process of this state has ended')
  }
  const take = (): Entries => {
    const taken = staged
    put(known, taken)
    staged = new Map()
    return taken
  }

  const state: TestState = {
    beforeCommit: undefined,
    get isUsed() {
      return isUsed
    },
    get: (key) => (staged.has(key) ? staged.get(key) : known.get(key)),
    entries: () => {
      const all = new Map(known)
      put(all, staged)
      return [...all]
    },
    set(key, value) {
      alive()
      isUsed = true
      staged.set(key, value)
    },
    async commit() {
      alive()
      state.beforeCommit?.()
      put(durable, take())
    },
    settle() {
      settled = new Map([...settled, ...take()])
    },
    drop: () => void (staged = new Map()),
    flush() {
      alive()
      state.beforeCommit?.()
      put(durable, settled)
      settled = new Map()
    },
    crash() {
      isDead = true
      return createTestState(durable)
    },
  }
  return state
}
