import { describe, expect, it } from 'vitest'
import type { Answer } from './api.ts'
import { failureOf, pauseOf } from './answers.ts'
import { describeProblem } from './problems.ts'

const now = Date.UTC(2026, 2, 2, 10)
const fail = (
  status: number,
  problem: Answer<never>['problem'] = {},
  headers: Record<string, string> = {},
  timezone?: string,
) => failureOf({ status, headers, problem }, { what: 'contacts', timezone, now })
const correlationId = 'c0ffee00-0000-4000-8000-000000000001'

describe('answers', () => {
  it.each([
    [400, { category: 'VALIDATION_ERROR' }, {}, { state: 'reject' }],
    [409, { category: 'CONFLICT' }, {}, { state: 'reject' }],
    [414, {}, {}, { state: 'reject' }],
    [408, {}, {}, { state: 'retry', scope: 'job' }],
    [423, {}, {}, { state: 'retry', after: 2000 }],
    [423, {}, { 'retry-after': '9' }, { state: 'retry', after: 9000 }],
    [429, { policyName: 'SECONDLY' }, {}, { state: 'retry', after: 1000, scope: 'account' }],
    [429, { policyName: 'TEN_SECONDLY_ROLLING' }, {}, { state: 'retry', after: 10_000, scope: 'account' }],
    [429, {}, {}, { state: 'retry', after: 10_000, scope: 'account' }],
    [429, { policyName: 'DAILY' }, {}, { state: 'retry', after: 3_600_000, scope: 'account' }],
    [429, { policyName: 'DAILY' }, { 'retry-after': '60' }, { state: 'retry', after: 60_000, scope: 'account' }],
    [477, {}, { 'retry-after': '86400' }, { state: 'retry', after: 86_400_000, scope: 'account' }],
    [477, {}, {}, { state: 'retry', after: 3_600_000, scope: 'account' }],
    [500, {}, {}, { state: 'retry', scope: 'job' }],
    [524, {}, {}, { state: 'retry', scope: 'job' }],
    [503, {}, { 'retry-after': '5' }, { state: 'retry', after: 5000, scope: 'account' }],
  ])('%i %j %j is %j', (status, problem, headers, expected) => {
    const outcome = fail(status, { ...problem, correlationId }, headers)
    expect(outcome).toMatchObject({ ...expected, reason: expect.stringContaining(`correlationId ${correlationId}`) })
  })

  it('a daily limit lasts until midnight of the account', () => {
    const berlin = fail(429, { policyName: 'DAILY' }, {}, 'Europe/Berlin')
    const tokyo = fail(429, { policyName: 'DAILY' }, {}, 'Asia/Tokyo')
    expect([berlin, tokyo]).toMatchObject([{ after: 13 * 3_600_000 + 60_000 }, { after: 5 * 3_600_000 + 60_000 }])
  })

  it.each([
    [401, { category: 'INVALID_AUTHENTICATION' }, 'ERR_HUBSPOT_TOKEN', /INVALID_AUTHENTICATION/],
    [
      403,
      {
        category: 'MISSING_SCOPES',
        errors: [{ message: 'x', context: { requiredGranularScopes: ['crm.objects.contacts.write'] } }],
      },
      'ERR_HUBSPOT_SCOPE',
      /it lacks the scope crm\.objects\.contacts\.write/,
    ],
    [403, {}, 'ERR_HUBSPOT_SCOPE', /may lack a scope/],
    [404, {}, 'ERR_HUBSPOT_NOT_FOUND', /apiVersion/],
    [302, {}, 'ERR_DESTINATION_REDIRECT', /redirect/],
    [
      400,
      { message: 'Property values were not valid: [{"isValid":false,"error":"PROPERTY_DOESNT_EXIST","name":"diet"}]' },
      'ERR_HUBSPOT_PROPERTY',
      /no property diet: make it/,
    ],
    [
      400,
      { errors: [{ code: 'PROPERTY_DOESNT_EXIST', message: 'x', context: { propertyName: ['diet'] } }] },
      'ERR_HUBSPOT_PROPERTY',
      /diet/,
    ],
    [400, { message: 'PROPERTY_DOESNT_EXIST' }, 'ERR_HUBSPOT_PROPERTY', /of some name/],
  ])('%i %j pauses the destination', (status, problem, code, message) => {
    expect(() => fail(status, problem)).toThrow(
      expect.objectContaining({ kind: 'destination', code, message: expect.stringMatching(message) }),
    )
  })

  it('a reason tells property and code, never a value', () => {
    const message =
      'Property values were not valid: [{"isValid":false,"message":"ada@example is bad","error":"INVALID_EMAIL","name":"email"}]'
    const said = describeProblem({ category: 'VALIDATION_ERROR', message, correlationId }, 400)
    expect(said).toBe(`400 VALIDATION_ERROR (email: INVALID_EMAIL), correlationId ${correlationId}`)
    expect(describeProblem({ category: 'Ada Lovelace', message: 'Ada', correlationId: 'a b' })).toBe(
      'refused without a reason',
    )
  })
})

describe('pace', () => {
  const pause = (remaining: number, interval = 10_000) =>
    pauseOf({
      'x-hubspot-ratelimit-max': '100',
      'x-hubspot-ratelimit-remaining': String(remaining),
      'x-hubspot-ratelimit-interval-milliseconds': String(interval),
    })
  it('slows down before the limit is reached', () => {
    expect([100, 20, 15, 10, 0].map((remaining) => pause(remaining))).toEqual([0, 0, 2500, 5000, 10_000])
  })
  it('does nothing without headers that make sense', () => {
    expect([pauseOf({}), pause(Number.NaN), pause(1, 0), pause(0, 86_400_000)]).toEqual([0, 0, 0, 60_000])
  })
})
