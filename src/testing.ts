/**
 * The contract suite every plugin passes, ours first: `import { testPlugin } from 'bevy-bridge/testing'`.
 *
 * Bring the `describe` and `it` of your test runner (vitest, bun:test, node:test, jest); assertions are node's own.
 */

export {
  createRecordingLog,
  createTestContext,
  createTestState,
  type LogLine,
  type RecordingLog,
  type TestContext,
  type TestState,
} from './testing/context.ts'
export { makeAttempt, makeJob, RECEIVED_AT, sampleJobs, type JobInput } from './testing/jobs.ts'
export { PERSONAL, SAMPLE_RECORDS } from './testing/samples.ts'
export { createScriptedHttp, type ScriptedAnswer, type ScriptedHttp } from './testing/scripted-http.ts'
export type { PluginHarness, TestRunner } from './testing/harness.ts'
export { testPlugin } from './testing/suite.ts'
