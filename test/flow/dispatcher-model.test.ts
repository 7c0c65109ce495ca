/** Random histories, outcomes and kills: what must hold whatever happens. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delivered, reject, retry, skip, unknown, type Outcome } from '../../src/core/plugin-contract.ts'
import { createBench, destination } from '../kit/dispatch-bench.ts'

const outcome = fc.constantFrom<Outcome>(
  delivered(),
  delivered(),
  delivered(),
  retry({ reason: '503' }),
  retry({ reason: '429', after: 20_000, scope: 'account' }),
  unknown('no answer'),
  reject('bad'),
  skip('not here'),
)
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('index' as const),
      keys: fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 60_000 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('kill' as const) }) },
)

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never

/** Five attempts in a row fail, and all that is left then is skipped: it stays degraded, with nothing waiting. */
const FAILED_THEN_SKIPPED: [Step[], Outcome[], 1 | 3] = [
  [
    { do: 'index', keys: [1, 0] },
    { do: 'index', keys: [2, 1, 2] },
    { do: 'wait', ms: 35_000 },
  ],
  [unknown('no answer'), skip('not here')],
  1,
]

interface Sent {
  readonly key: string
  readonly seq: number
  readonly n: number
  readonly attempt: number
  readonly outcome: Outcome
}

describe.each(['latest', 'every'] as const)('mode %s', (mode) => {
  it('ends with every record settled, in order per key, and its newest state sent', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.array(outcome, { minLength: 1 }),
        fc.constantFrom(1, 3),
        async (steps, outcomes, size) => {
          const settings = destination('crm', { mode, batch: { size, wait: 0 }, concurrency: 2 })
          let bench = createBench()
          await bench.apply([settings])
          const sent: Sent[] = []
          let calls = 0
          let calm = false
          bench.scripts['crm'] = (jobs) =>
            jobs.map((job) => {
              const answer = calm ? delivered() : (outcomes[calls++ % outcomes.length] as Outcome)
              sent.push({ key: job.key, ...job.position, attempt: job.attempt, outcome: answer })
              return answer
            })
          const newest = new Map<string, { seq: number; n: number }>()
          let version = 0
          for (const action of steps) {
            if (action.do === 'index') {
              const records = action.keys.map((id) => ({ type: 'user', data: { id, v: ++version } }))
              const seq = bench.index.index(...records)
              action.keys.forEach((id, at) => newest.set(`user:${id}`, { seq, n: at + 1 }))
            } else if (action.do === 'wait') await bench.clock.advance(action.ms)
            else {
              bench = await bench.restart()
              await bench.apply([settings])
            }
          }
          calm = true
          await bench.clock.advance(2 * 3_600_000)
          // A skip says nothing of the destination: only something delivered ends its bad time.
          newest.set('user:9', { seq: bench.index.index({ type: 'user', data: { id: 9, v: ++version } }), n: 1 })
          await bench.clock.advance(2 * 3_600_000)

          const [status] = await bench.supervisor.status()
          expect(status).toMatchObject({
            state: 'running',
            exceptions: { retry: 0, join: 0, held: 0 },
            inFlight: 0,
            ready: 0,
          })
          expect(status).toMatchObject({ cursor: { position: { seq: bench.index.indexed + 1, n: 0 }, done: [] } })

          for (const [key, position] of newest) {
            const ofKey = sent.filter((one) => one.key === key)
            expect(ofKey.length).toBeGreaterThan(0)
            // Nothing older is sent after something newer was taken, restarts aside: a repeat after a kill is of the unflushed tail.
            const last = ofKey.at(-1)
            expect({ seq: last?.seq, n: last?.n }).toEqual(position)
          }
          if (mode === 'every') {
            const states = new Set(sent.map(({ key, seq, n }) => `${key}@${seq}.${n}`))
            expect(states.size).toBe(version)
          }
        },
      ),
      { numRuns: 150, examples: [FAILED_THEN_SKIPPED] },
    )
  })
})
