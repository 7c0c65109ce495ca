import assert from 'node:assert/strict'
import { isBridgeError } from '../core/errors.ts'
import type { ErasedPerson, Plugin } from '../core/plugin-contract.ts'
import { assertNothingPrivate, onBench } from './bench.ts'
import type { PluginHarness, TestRunner } from './harness.ts'
import { makeAttempt } from './jobs.ts'
import { PERSONAL } from './samples.ts'

/** How long a send may take to notice its signal, milliseconds. */
const SOON = 2000

/** The person of the samples, to be forgotten. */
const SAMPLE_PERSON: ErasedPerson = {
  id: 'e1',
  users: ['101'],
  emails: ['peregrina.oxblood@example.com'],
  names: ['peregrina oxblood'],
  records: [],
  positions: ['1.3', '1.4', '1.5'],
  exports: true,
}

/** What a sender promises, whatever it sends to. */
export function testSender({ it }: TestRunner, plugin: Plugin, harness: PluginHarness): void {
  it('sends records of every type, one outcome each', () =>
    onBench(plugin, harness, async ({ jobs, send }) => {
      const { outcomes, thrown } = await send(jobs)
      assert.deepEqual(thrown, [])
      assert.equal(outcomes.length, jobs.length)
      assert.ok(
        outcomes.some(({ state }) => state === 'delivered'),
        'with a willing other side at least one of the jobs is delivered',
      )
    }))

  it('sends a job again when asked: a later attempt, a replay, one that was redriven', () =>
    onBench(plugin, harness, async ({ jobs, send }) => {
      for (const [index, job] of jobs.slice(0, 3).entries()) {
        const again = { ...job, attempt: index + 2, replay: index === 1, redriven: index === 2 }
        const { thrown, outcomes } = await send([again], { number: index + 2 })
        assert.deepEqual([thrown.length, outcomes.length], [0, 1])
      }
    }))

  it('ends soon when it is aborted before it began, and blames no record', () =>
    onBench(plugin, harness, async ({ jobs, send }) => {
      const { outcomes } = await within(
        SOON,
        send(jobs.slice(0, 1), { signal: AbortSignal.abort(new Error('timeout')) }),
      )
      assert.ok(outcomes.every(({ state }) => state !== 'reject'))
    }))

  it('keeps state only when it says so', () =>
    onBench(plugin, harness, async ({ jobs, send, state }) => {
      await send(jobs)
      assert.ok(
        !state.isUsed || plugin.stateful === true,
        'it uses context.state and does not declare `stateful: true`',
      )
    }))

  it('forgets a person when it says so, more than once, and keeps no address of theirs in its state', () =>
    onBench(plugin, harness, async ({ jobs, send, sender, state }) => {
      const says = plugin.erases === true
      assert.equal(sender.erase !== undefined, says, 'it has `erase` exactly when it declares `erases: true`')
      if (sender.erase === undefined) return
      await send(jobs)
      for (let number = 1; number <= 2; number++) {
        try {
          const outcome = await sender.erase(SAMPLE_PERSON, makeAttempt([], { number }))
          state.settle()
          assertNothingPrivate('the outcome of erase', outcome ?? {}, PERSONAL)
        } catch (error) {
          state.drop()
          assert.ok(isBridgeError(error), `a bug, not a DestinationError: ${String(error)}`)
        }
        state.flush()
      }
      const kept = JSON.stringify(state.entries()).toLowerCase()
      for (const email of SAMPLE_PERSON.emails) assert.ok(!kept.includes(email), 'its state still holds an address')
    }))

  it('closes, more than once', () =>
    onBench(plugin, harness, async ({ jobs, send, sender }) => {
      await send(jobs.slice(0, 1))
      await sender.close?.()
      await sender.close?.()
    }))

  it('checks itself with lines a person can read, and previews without sending, both without secrets', () =>
    onBench(plugin, harness, async ({ jobs, sender, http, state, secrets }) => {
      const problems = (await sender.check?.(new AbortController().signal)) ?? []
      assert.ok(problems.every((line) => line.trim() !== '' && !line.includes('\n')))
      assertNothingPrivate('check', problems, secrets)
      const before = [http.requests.length, state.entries().length]
      const previews = (await sender.preview?.(jobs)) ?? []
      assert.deepEqual([http.requests.length, state.entries().length], before, 'a preview sends and keeps nothing')
      assert.doesNotThrow(() => JSON.stringify(previews))
      assertNothingPrivate('preview', previews, [...secrets, ...(harness.private ?? [])])
    }))

  it('throws only what says who must decide', () =>
    onBench(plugin, harness, async ({ send, jobs, http }) => {
      http.answer = () => ({ status: 401 })
      const { thrown } = await send(jobs)
      for (const error of thrown) assert.ok(isBridgeError(error), `a bug, not a DestinationError: ${String(error)}`)
    }))
}

/** Rejects when it takes longer. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(() => fail(new assert.AssertionError({ message: `still busy after ${ms} ms` })), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
