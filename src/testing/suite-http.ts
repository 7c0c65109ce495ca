import assert from 'node:assert/strict'
import type { Plugin } from '../core/plugin-contract.ts'
import { onBench } from './bench.ts'
import { within } from './suite-sender.ts'
import type { PluginHarness, TestRunner } from './harness.ts'

/** What a sender promises when the other side is in trouble; skipped for a plugin without HTTP. */
export function testHttp(runner: TestRunner, plugin: Plugin, harness: PluginHarness): void {
  const it = harness.http === false ? runner.it.skip : runner.it

  it('ends soon when it is aborted while the other side says nothing', () =>
    onBench(plugin, harness, async ({ jobs, http, send }) => {
      http.answer = () => 'hang'
      const controller = new AbortController()
      const sending = send(jobs.slice(0, 1), { signal: controller.signal })
      setTimeout(() => controller.abort(new Error('timeout')), 20)
      const { outcomes } = await within(2000, sending)
      assert.ok(outcomes.every(({ state }) => state !== 'delivered' && state !== 'reject'))
    }))

  for (const status of [429, 500, 503]) {
    it(`does not retry a ${status} by itself, and blames no record`, () =>
      onBench(plugin, harness, async ({ jobs, http, send }) => {
        const [job] = jobs
        assert.ok(job !== undefined)
        await send([job])
        const asked = http.requests.length
        http.requests.length = 0
        http.answer = () => ({ status })
        const { outcomes } = await within(2000, send([job]))
        // No answer may make it ask more than a good one does; the first may be a look-up that a good answer goes on from.
        assert.ok(http.requests.length <= Math.max(1, asked), 'all policy is data: no retries inside a plugin')
        assert.ok(outcomes.every(({ state }) => state === 'retry' || state === 'unknown'))
      }))
  }

  it('says unknown when an answer was lost, and retry when nothing was sent', () =>
    onBench(plugin, harness, async ({ jobs, http, send }) => {
      for (const [answer, expected] of [
        ['lost', 'unknown'],
        ['not-sent', 'retry'],
      ] as const) {
        http.answer = () => answer
        const { outcomes, thrown } = await send(jobs.slice(0, 1))
        // A TransportError may be left to the bridge, which says the same.
        const states = outcomes.map(({ state }) => state)
        assert.ok(thrown.length > 0 || states.every((state) => state === expected), `${answer}: ${states.join(', ')}`)
      }
    }))

  it("keeps one job's failure from the next", () =>
    onBench(plugin, harness, async ({ jobs, http, send }) => {
      await send(jobs)
      // A batch in one request stands or falls together; the bridge then sends its jobs singly.
      if (http.requests.length < jobs.length) return
      http.requests.length = 0
      http.answer = (_, number) => ({ status: number === 2 ? 422 : 200 })
      const { outcomes } = await send(jobs)
      const spoilt = outcomes.filter(({ state }) => state !== 'delivered' && state !== 'skip')
      assert.ok(spoilt.length <= 1, `one refused request spoilt ${spoilt.length} jobs`)
    }))
}
