import assert from 'node:assert/strict'
import { inspect } from 'node:util'
import { delivered } from '../core/plugin-contract.ts'
import type { Attempt, Job, Outcome, Plugin, PluginContext, Sender } from '../core/plugin-contract.ts'
import { redact } from '../core/redact.ts'
import { secretsIn } from '../core/secret-schemas.ts'
import { createTestContext, type TestContext } from './context.ts'
import { makeAttempt, sampleJobs } from './jobs.ts'
import { PERSONAL } from './samples.ts'
import type { PluginHarness } from './harness.ts'

/** One sender with everything around it. */
export interface Bench extends TestContext {
  readonly sender: Sender
  readonly jobs: readonly Job[]
  readonly secrets: readonly string[]
  /** Sends all in one batch, as a config may ask of any plugin; one outcome per job, or the error that was thrown. */
  send(jobs: readonly Job[], attempt?: Partial<Attempt>): Promise<Sent>
}

/** What came of a send. */
export interface Sent {
  readonly outcomes: readonly Outcome[]
  /** What `send` rejected with, if it did. */
  readonly thrown: readonly unknown[]
}

const STATES = new Set(['delivered', 'retry', 'reject', 'skip', 'unknown'])

/** Makes a sender, runs `fn`, and looks through all that was logged, said or thrown for what is private. */
export async function onBench(
  plugin: Plugin,
  harness: PluginHarness,
  fn: (bench: Bench) => Promise<void>,
  overrides: Partial<PluginContext> = {},
): Promise<void> {
  const { context = {}, clean } = (await harness.setUp?.()) ?? {}
  const secrets = secretsIn(plugin.options, harness.validOptions)
  const said: unknown[] = []
  try {
    const made = createTestContext({ ...context, ...overrides })
    const sender = await plugin.create(plugin.options.parse(harness.validOptions), made.context)
    const send = async (jobs: readonly Job[], attempt: Partial<Attempt> = {}): Promise<Sent> => {
      const sent = await sendBatch(sender, made, jobs, attempt)
      said.push(...sent.thrown, ...sent.outcomes.map((outcome) => ('reason' in outcome ? outcome.reason : '')))
      return sent
    }
    await fn({ ...made, sender, jobs: harness.jobs?.() ?? sampleJobs(), secrets, send })
    await sender.close?.()
    assertNothingPrivate('a log line', made.log.lines, [...secrets, ...PERSONAL, ...(harness.private ?? [])])
    assertNothingPrivate('a reason or an error', said, [...secrets, ...PERSONAL, ...(harness.private ?? [])])
  } finally {
    await clean?.()
  }
}

/** Fails when one of the texts is in it, as it is or encoded; looks into causes too. */
export function assertNothingPrivate(where: string, what: unknown, texts: readonly string[]): void {
  const shown = inspect(what, { depth: 12, maxStringLength: Infinity, breakLength: Infinity })
  for (const text of texts) {
    assert.ok(!shown.includes(text) && redact(shown, [text]) === shown, `${where} holds ${JSON.stringify(text)}`)
  }
}

/** As a dispatcher would: what `send` staged is flushed when it succeeds and dropped when it throws. */
async function sendBatch(
  sender: Sender,
  { state }: TestContext,
  jobs: readonly Job[],
  attempt: Partial<Attempt>,
): Promise<Sent> {
  try {
    const sent = await sender.send(jobs, makeAttempt(jobs, attempt))
    const outcomes = sent ?? jobs.map(() => delivered())
    assertOutcomes(jobs, outcomes)
    state.settle()
    state.flush()
    return { outcomes, thrown: [] }
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error
    state.drop()
    return { outcomes: [], thrown: [error] }
  }
}

function assertOutcomes(jobs: readonly Job[], outcomes: readonly Outcome[]): void {
  assert.equal(outcomes.length, jobs.length, 'one outcome per job, in order, or nothing')
  for (const outcome of outcomes) {
    assert.ok(STATES.has(outcome.state), `no outcome: ${outcome.state}`)
    if (outcome.state === 'delivered') {
      const ref = JSON.stringify(outcome.ref ?? null)
      assert.ok(Buffer.byteLength(ref) <= 4096, 'a ref is JSON of 4 KB at most')
      continue
    }
    assert.ok(outcome.reason.trim() !== '', 'a reason says something')
    if (outcome.state === 'retry' && outcome.after !== undefined) assert.ok(outcome.after >= 0, 'after is milliseconds')
  }
}
