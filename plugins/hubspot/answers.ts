import { DestinationError, type Outcome, outcomeOf, reject, retry, retryAfter, toWallClock } from '../../src/plugin.ts'
import type { Answer, Schemas } from './api.ts'
import { describeProblem, missingScopes, propertyProblems } from './problems.ts'

/** What the outcome of an answer hangs on beside the answer itself. */
export interface AnswerContext {
  /** What was asked for, in words of the docs: `contacts`. */
  readonly what: string
  /** Zone of the account, where it is known. */
  readonly timezone?: string | undefined
  /** Wall clock, milliseconds since 1970. */
  readonly now: number
}

const SECOND = 1000
const HOUR = 3_600_000
const DAY = 24 * HOUR

/**
 * The outcome of an answer that is not 2xx, for the jobs it is about.
 *
 * @throws DestinationError for what no other record would change: token, scopes, a property that does not exist, a wrong address
 */
export function failureOf(answer: Answer<unknown>, { what, timezone, now }: AnswerContext): Outcome {
  const { status, headers, problem = {} } = answer
  const said = describeProblem(problem, status, problem.correlationId ?? headers['x-hubspot-correlation-id'])
  const reason = `HubSpot answered ${said}`
  const asked = retryAfter(headers, answer.receivedAt)
  throwAboutDestination(problem, status, what, said)
  switch (status) {
    case 423:
      return retry({ after: Math.max(asked ?? 0, 2 * SECOND), reason })
    case 429:
      return retry({ after: asked ?? waitOf(problem.policyName, timezone, now), scope: 'account', reason })
    case 477:
      return retry({ after: asked ?? HOUR, scope: 'account', reason })
  }
  if (status >= 400 && status < 500 && status !== 408 && status !== 425) return reject(reason)
  const common = outcomeOf(answer)
  return 'reason' in common ? { ...common, reason } : common
}

function throwAboutDestination(problem: Schemas['Problem'], status: number, what: string, said: string): void {
  throwMissingProperty(problem, what, said)
  if (status === 401) {
    const code = 'ERR_HUBSPOT_TOKEN'
    throw new DestinationError(`HubSpot refused the access token: expired, revoked or mistyped (${said})`, { code })
  }
  if (status === 403) {
    const scopes = missingScopes(problem)
    const needs = scopes.length === 0 ? 'it may lack a scope' : `it lacks the scope ${scopes.join(', ')}`
    throw new DestinationError(`HubSpot refused the access token for ${what}: ${needs} (${said})`, {
      code: 'ERR_HUBSPOT_SCOPE',
    })
  }
  if (status === 404) {
    const hint = 'is the type of object, or apiVersion, right?'
    throw new DestinationError(`HubSpot knows no ${what}: ${hint} (${said})`, { code: 'ERR_HUBSPOT_NOT_FOUND' })
  }
}

const UNKNOWN_PROPERTY = 'PROPERTY_DOESNT_EXIST'

/** Throws when the problem is a property the account does not have, in an answer of its own or in one part of a 207. */
export function throwMissingProperty(problem: Schemas['Problem'], what: string, said = describeProblem(problem)): void {
  const codes = [
    problem.category,
    problem.message,
    ...(problem.errors ?? []).flatMap(({ code, message }) => [code, message]),
  ]
  if (!codes.some((code) => code?.includes(UNKNOWN_PROPERTY) === true)) return
  const names = propertyProblems(problem).filter(({ code }) => code === UNKNOWN_PROPERTY)
  throw missingProperty(
    what,
    names.map(({ property }) => property),
    said,
  )
}

/** A mapping names a property the account does not have: it would be so for every record. */
export function missingProperty(what: string, names: readonly string[], said?: string): DestinationError {
  const [list, them] = [names.join(', '), names.length === 1 ? 'it' : 'them']
  const hint = `make ${them} in HubSpot or take ${them} out of the mapping`
  const details = said === undefined ? '' : ` (${said})`
  return new DestinationError(
    `${what} in HubSpot have no property ${list === '' ? 'of some name in the mapping' : list}: ${hint}${details}`,
    { code: 'ERR_HUBSPOT_PROPERTY' },
  )
}

/** `Retry-After` is not promised on a 429; the policy tells how long. */
function waitOf(policy: string | undefined, timezone: string | undefined, now: number): number {
  if (policy === 'SECONDLY') return SECOND
  if (policy !== 'DAILY') return 10 * SECOND
  if (timezone === undefined) return HOUR
  const { shown } = toWallClock(now, timezone)
  const passed = ((shown.getTime() % DAY) + DAY) % DAY
  // A minute more: clocks differ. Never longer than a day, also when the clocks are set back in between.
  return DAY - passed + 60 * SECOND
}

/** An error inside a 207 that is about the moment, not about the record. */
export function isPassing(problem: Schemas['Problem']): boolean {
  return /RATE_LIMIT|INTERNAL|TIMEOUT|LOCKED|UNAVAILABLE|TRANSIENT/.test(problem.category ?? problem.errorType ?? '')
}

/**
 * Milliseconds the whole account should pause after this answer, so that the limit is never reached: nothing while a fifth of it
 * is left, then ever longer parts of the interval.
 *
 * @param headers lower-case names
 */
export function pauseOf(headers: Readonly<Record<string, string>>): number {
  const [max, remaining, interval] = ['max', 'remaining', 'interval-milliseconds'].map((name) =>
    Number.parseInt(headers[`x-hubspot-ratelimit-${name}`] ?? '', 10),
  ) as [number, number, number]
  if (!(max > 0) || !(remaining >= 0) || !(interval > 0)) return 0
  const reserve = max / 5
  return remaining >= reserve ? 0 : Math.ceil(Math.min(interval, 60 * SECOND) * (1 - remaining / reserve))
}
