import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Outcome, RetryPolicy } from '../../src/core/plugin-contract.ts'
import { nextDelay } from '../../src/core/dispatch/retry.ts'
import { settle, type Decision, type Tried } from '../../src/core/dispatch/settle.ts'

const policy: RetryPolicy = { for: 100_000, delay: 1000, factor: 2, maxDelay: 10_000 }
const tried = (outcome: Outcome, more: Partial<Tried> = {}): Tried => ({
  outcome,
  attempts: 1,
  waited: 0,
  alone: true,
  wholeBatchRejected: false,
  policy,
  random: 0.5,
  ...more,
})

describe('settle', () => {
  const rows: [string, Tried, Decision][] = [
    ['delivered', tried({ state: 'delivered' }), { state: 'delivered' }],
    ['delivered with a ref', tried({ state: 'delivered', ref: { ts: '1' } }), { state: 'delivered', ref: { ts: '1' } }],
    ['skip', tried({ state: 'skip', reason: 'old' }), { state: 'skipped', reason: 'old' }],
    ['rejected alone', tried({ state: 'reject', reason: 'no' }), { state: 'dead', cause: 'refused', reason: 'no' }],
    [
      'rejected with its whole batch',
      tried({ state: 'reject', reason: 'no' }, { alone: false, wholeBatchRejected: true }),
      { state: 'single' },
    ],
    [
      'rejected while others of the batch were taken',
      tried({ state: 'reject', reason: 'no' }, { alone: false }),
      { state: 'dead', cause: 'refused', reason: 'no' },
    ],
    [
      'retry',
      tried({ state: 'retry', reason: '503' }),
      { state: 'retry', delay: 500, hold: 'job', unknown: false, reason: '503' },
    ],
    [
      'retry, asked to wait longer, for the whole account',
      tried({ state: 'retry', reason: '429', after: 7000, scope: 'account' }),
      { state: 'retry', delay: 7000, hold: 'account', unknown: false, reason: '429' },
    ],
    [
      'unknown',
      tried({ state: 'unknown', reason: 'no answer' }, { attempts: 3 }),
      { state: 'retry', delay: 2000, hold: 'job', unknown: true, reason: 'no answer' },
    ],
    [
      'the last wait ends with the window',
      tried({ state: 'retry', reason: '503', after: 50_000 }, { waited: 99_000 }),
      { state: 'retry', delay: 1000, hold: 'job', unknown: false, reason: '503' },
    ],
    [
      'out of time',
      tried({ state: 'retry', reason: '503' }, { waited: 100_000 }),
      { state: 'dead', cause: 'exhausted', reason: '503' },
    ],
  ]
  it.each(rows)('%s', (_name, input, decision) => {
    expect(settle(input)).toEqual(decision)
  })
})

describe('nextDelay', () => {
  it('stays between the asked wait and the greater of it and maxDelay', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        fc.integer({ min: 0, max: 1e6 }),
        (attempts, random, after) => {
          const delay = nextDelay(policy, attempts, random, after)
          expect(delay).toBeGreaterThanOrEqual(after)
          expect(delay).toBeLessThanOrEqual(Math.max(after, policy.maxDelay))
        },
      ),
    )
  })
})
