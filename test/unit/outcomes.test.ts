import { describe, expect, it } from 'vitest'
import { BridgeError, DestinationError, TransportError } from '../../src/core/errors.ts'
import { outcomeOf, perJob, retryAfter, toOutcome } from '../../src/core/dispatch/outcomes.ts'
import { delivered, type Job, type Outcome, reject, retry, unknown } from '../../src/core/plugin-contract.ts'
import { createMemoryLog } from '../kit/log.ts'

const NOW = Date.UTC(2026, 2, 1, 12)

describe('retryAfter', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['999999999', 86_400_000],
    ['Sun, 01 Mar 2026 12:01:30 GMT', 90_000],
    ['Sunday, 01-Mar-26 12:01:30 GMT', 90_000],
    ['Sun Mar  1 12:01:30 2026', 90_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['Tue, 01 Mar 2050 11:00:00 GMT', 86_400_000],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026-03-01T12:01:30Z', undefined],
    ['Sunday', undefined],
    ['', undefined],
  ])('reads "%s" as %s', (text, wait) => {
    expect(retryAfter({ 'retry-after': text }, NOW)).toBe(wait)
  })

  it('compares a date with the date of the answer, whatever our clock says', () => {
    const headers = { 'retry-after': 'Sun, 01 Mar 2026 12:01:30 GMT', date: 'Sun, 01 Mar 2026 12:01:00 GMT' }
    expect([retryAfter(headers, NOW + 3_600_000), retryAfter(headers)]).toEqual([30_000, 30_000])
    expect(retryAfter({ 'retry-after': 'Sun, 01 Mar 2026 12:01:30 GMT' })).toBeUndefined()
  })
})

describe('outcomeOf', () => {
  const of = (status: number, after?: string): Outcome =>
    outcomeOf({ status, headers: after === undefined ? {} : { 'retry-after': after }, receivedAt: NOW })

  it.each([200, 201, 202, 204, 299])('%i is delivered', (status) => expect(of(status)).toEqual(delivered()))
  it.each([400, 402, 405, 406, 409, 413, 415, 422, 451])('%i is reject', (status) => {
    expect(of(status)).toEqual(reject(`answered ${status}`))
  })
  it.each([408, 425, 500, 502, 503, 504, 599])('%i is retry of the job', (status) => {
    expect(of(status)).toEqual(retry({ scope: 'job', reason: `answered ${status}` }))
  })
  it.each([
    [429, 'account'],
    [503, 'account'],
    [500, 'job'],
  ] as const)('%i with Retry-After waits as told, %s', (status, scope) => {
    expect(of(status, '7')).toEqual(retry({ after: 7000, scope, reason: `answered ${status}` }))
  })
  it('429 without Retry-After holds the account all the same', () =>
    expect(of(429)).toMatchObject({ scope: 'account' }))
  it.each([
    [301, 'ERR_DESTINATION_REDIRECT'],
    [302, 'ERR_DESTINATION_REDIRECT'],
    [304, 'ERR_DESTINATION_REDIRECT'],
    [401, 'ERR_DESTINATION_AUTH'],
    [403, 'ERR_DESTINATION_AUTH'],
    [404, 'ERR_DESTINATION_NOT_FOUND'],
    [410, 'ERR_DESTINATION_GONE'],
  ])('%i is about the destination', (status, code) => {
    expect(() => of(status)).toThrow(expect.objectContaining({ kind: 'destination', code }))
  })
})

const cut = new TransportError('ERR_HTTP_RESET', 'cut', { sent: true })
const refused = new TransportError('ERR_HTTP_REFUSED', 'refused', { sent: false })
const bad = new BridgeError('record', 'ERR_TEMPLATE', 'bad record')
const down = new DestinationError('bad token')

describe('toOutcome', () => {
  it.each([
    [cut, unknown('cut')],
    [refused, retry({ reason: 'refused' })],
    [bad, reject('bad record')],
    [down, undefined],
    [new Error('bug'), undefined],
    ['text', undefined],
  ])('%s', (error, outcome) => expect(toOutcome(error)).toEqual(outcome))
})

describe('perJob', () => {
  const run = (steps: readonly (Outcome | Error | undefined)[], log = createMemoryLog()): Promise<Outcome[]> => {
    const left = [...steps]
    const jobs = steps.map((_, index) => ({ id: `job${index}` }) as Job)
    return perJob(
      jobs,
      async () => {
        const step = left.shift()
        if (step instanceof Error) throw step
        return step
      },
      log,
    )
  }

  it('keeps the failure of one job from the next', async () => {
    const log = createMemoryLog()
    const outcomes = await run(
      [undefined, cut, refused, bad, new RangeError('bug with guest@example.com'), retry({ reason: 'x' }), undefined],
      log,
    )
    expect(outcomes.map(({ state }) => state)).toEqual([
      'delivered',
      'unknown',
      'retry',
      'reject',
      'retry',
      'retry',
      'delivered',
    ])
    expect(outcomes[4]).toEqual(retry({ reason: 'the plugin failed: RangeError' }))
    expect(log.lines).toMatchObject([{ level: 'error', facts: { job: 'job4' }, error: expect.any(RangeError) }])
  })

  it.each([
    ['at once', [down, undefined]],
    ['after refusals', [bad, refused, down, undefined]],
  ])('throws an error about the destination: %s', async (_, steps) => {
    await expect(run(steps)).rejects.toBe(down)
  })

  it.each([
    ['delivered', delivered({ ref: 1 })],
    ['unknown', cut],
  ])('loses no outcome of a job that was %s before it', async (state, first) => {
    const outcomes = await run([first, down, undefined])
    expect(outcomes.map((outcome) => outcome.state)).toEqual([state, 'retry', 'retry'])
  })
})
