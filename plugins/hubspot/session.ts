import { isBridgeError, type Outcome, type PluginContext, reject, retry, toOutcome } from '../../src/plugin.ts'
import { failureOf, isPassing, pauseOf, throwMissingProperty } from './answers.ts'
import type { Answer, Call, Caller, Schemas } from './api.ts'
import type { HubSpotOptions } from './options.ts'
import { describeProblem } from './problems.ts'
import type { Result } from './parts.ts'

/** What a call came to. */
export type Asked<Body> =
  | { readonly state: 'answered'; readonly body?: Body }
  /** 404, where that may be. */
  | { readonly state: 'missing'; readonly outcome: Outcome }
  | { readonly state: 'failed'; readonly outcome: Outcome }

/** The calls of one send. After trouble of the whole account no further call is made: all that is left shares the wait. */
export interface Session {
  /** @throws DestinationError for what no other record would change */
  ask<Body>(what: string, call: Call<Body>, options?: { readonly mayBeMissing?: boolean }): Promise<Asked<Body>>
}

/** What sessions are made from. */
export interface SessionDeps {
  readonly options: HubSpotOptions
  readonly context: PluginContext
  readonly caller: Caller
}

export function createSession({ options, context, caller }: SessionDeps, signal: AbortSignal): Session {
  let halted: Outcome | undefined
  return {
    async ask(what, call, { mayBeMissing = false } = {}) {
      if (halted !== undefined) return { state: 'failed', outcome: halted }
      let answer: Answer<never> | undefined
      try {
        answer = (await caller(call, signal)) as Answer<never>
      } catch (error) {
        const outcome = isBridgeError(error, 'transport') ? toOutcome(error) : undefined
        if (outcome === undefined) throw error
        halted = retry({ reason: 'reason' in outcome ? outcome.reason : what })
        return { state: 'failed', outcome }
      }
      const pause = pauseOf(answer.headers)
      if (pause > 0) context.account.hold(pause)
      if (answer.status >= 200 && answer.status < 300) {
        return answer.body === undefined ? { state: 'answered' } : { state: 'answered', body: answer.body }
      }
      if (answer.status === 404 && mayBeMissing) {
        const said = describeProblem(answer.problem ?? {}, 404)
        return { state: 'missing', outcome: retry({ reason: `HubSpot knows no ${what}: ${said}` }) }
      }
      const outcome = failureOf(answer, { what, timezone: options.timezone, now: context.now() })
      if (outcome.state === 'retry' && outcome.scope === 'account') halted = outcome
      return { state: 'failed', outcome }
    },
  }
}

/** What an error inside an answer means for its input. Throws for a property that does not exist. */
export function refusal(problem: Schemas['Problem'], what: string): Result<never> {
  throwMissingProperty(problem, what)
  const reason = `HubSpot answered ${describeProblem(problem)}`
  return { state: 'failed', outcome: isPassing(problem) ? retry({ reason }) : reject(reason) }
}
