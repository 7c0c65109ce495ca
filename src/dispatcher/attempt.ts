/** One call of `send`, under a deadline of our own, with whatever it does turned into a result. */

import { hashKey } from '../core/keys.ts'
import { coerceError, isBridgeError } from '../core/errors.ts'
import { toOutcome } from '../core/dispatch/outcomes.ts'
import type { Job, Outcome, Sender } from '../core/plugin-contract.ts'
import type { Clock } from '../core/ports.ts'

/** What came of an attempt. */
export type AttemptResult =
  | { readonly state: 'outcomes'; readonly outcomes: readonly Outcome[] }
  /** About the destination: no record is blamed. */
  | { readonly state: 'destination'; readonly error: Error }
  /** Trouble of our own: the store took no state. No attempt. */
  | { readonly state: 'store'; readonly error: Error }
  /** A bug in the plugin. */
  | { readonly state: 'bug'; readonly error: Error }

interface Deps {
  readonly clock: Clock
  readonly timeout: number
  /** Aborted on a hard stop. */
  readonly signal: AbortSignal
  /** The attempt was aborted and still has not ended. */
  stuck(ms: number): void
}

const GRACE = 10_000

/** Sends a batch. Ends when the promise of `send` settles, also after the deadline; never rejects. */
export async function attempt(sender: Sender, jobs: readonly Job[], deps: Deps): Promise<AttemptResult> {
  const { clock } = deps
  const controller = new AbortController()
  const abort = (reason: string): void => controller.abort(new DOMException(reason, 'TimeoutError'))
  const onStop = (): void => abort('the bridge stops')
  deps.signal.addEventListener('abort', onStop, { once: true })
  if (deps.signal.aborted) onStop()
  let cancelStuck = (): void => {}
  const cancelTimeout = clock.timer(deps.timeout, () => {
    abort(`no answer within ${deps.timeout} ms`)
    cancelStuck = clock.timer(GRACE, () => deps.stuck(deps.timeout + GRACE))
  })
  try {
    const [first] = jobs
    const answer = await sender.send(jobs, {
      number: Math.max(...jobs.map((job) => job.attempt)),
      signal: controller.signal,
      idempotencyKey: jobs.length === 1 && first !== undefined ? first.id : hashKey(jobs.map((job) => job.id).join()),
    })
    return { state: 'outcomes', outcomes: outcomesOf(answer, jobs) }
  } catch (thrown) {
    return resultOf(thrown, jobs)
  } finally {
    cancelTimeout()
    cancelStuck()
    deps.signal.removeEventListener('abort', onStop)
  }
}

function outcomesOf(answer: readonly Outcome[] | void, jobs: readonly Job[]): readonly Outcome[] {
  if (answer === undefined) return jobs.map(() => ({ state: 'delivered' }))
  if (answer.length === jobs.length) return answer
  throw new Error(`send returned ${answer.length} outcomes for ${jobs.length} jobs`)
}

function resultOf(thrown: unknown, jobs: readonly Job[]): AttemptResult {
  const error = coerceError(thrown)
  if (isBridgeError(thrown, 'destination')) return { state: 'destination', error }
  if (isBridgeError(thrown, 'store')) return { state: 'store', error }
  const outcome = toOutcome(thrown)
  if (outcome === undefined) return { state: 'bug', error }
  return { state: 'outcomes', outcomes: jobs.map(() => outcome) }
}
