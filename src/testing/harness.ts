import type { Job, PluginContext } from '../core/plugin-contract.ts'

/** What a test runner brings. */
export interface TestRunner {
  describe(name: string, fn: () => void): unknown
  readonly it: {
    (name: string, fn: () => void | Promise<void>): unknown
    /** Promises that do not apply are skipped where one can see it. */
    skip(name: string, fn: () => void | Promise<void>): unknown
  }
}

/** What the suite must be told of a plugin. */
export interface PluginHarness {
  /** Options as they would stand in the config, references replaced. Give every secret a value of its own, six characters or more. */
  readonly validOptions: unknown
  /** Options that must be refused, each for one reason. Unknown options are tried anyway. */
  readonly invalidOptions?: readonly unknown[]
  /** Jobs the plugin is to send; default one of every type. The suite searches the logs for the samples' personal data. */
  readonly jobs?: () => readonly Job[]
  /** What the sender needs beyond the default context: a folder of its own. Called before each test; `clean` after it. */
  readonly setUp?: () => Promise<{ readonly context?: Partial<PluginContext>; readonly clean?: () => Promise<void> }>
  /** False for a plugin that never uses `context.http`; the promises about HTTP are then skipped. */
  readonly http?: boolean
  /** Further texts that may never be logged or previewed. */
  readonly private?: readonly string[]
}
