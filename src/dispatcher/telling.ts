/** Tells a destination to forget a person: one attempt, among its sends. */

import { toOutcome } from '../core/dispatch/outcomes.ts'
import type { Told } from '../core/erasure/told.ts'
import { coerceError, isBridgeError } from '../core/errors.ts'
import type { ErasedPerson, Outcome, Sender } from '../core/plugin-contract.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { DestinationSettings } from '../core/settings.ts'
import type { Ledger } from './ledger.ts'
import type { StagedState } from './plugin-state.ts'
import type { Runner } from './runner.ts'

export type { Told } from '../core/erasure/told.ts'

interface Deps {
  readonly settings: DestinationSettings
  readonly sender: Sender
  readonly state: StagedState
  readonly ledger: Ledger
  readonly runner: Runner
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
}

/** Never rejects. What it staged in the plugin's state is on disk when it is `told`. */
export async function tell(person: ErasedPerson, number: number, deps: Deps): Promise<Told> {
  const { settings, sender, state, ledger, runner, log } = deps
  if (sender.erase === undefined) return { state: 'cannot', reason: `the plugin ${settings.plugin.name} cannot forget` }
  const attempt = async (): Promise<Told> => {
    try {
      // What earlier sends have staged in the plugin's state comes before.
      await ledger.flushed()
      const told = toTold(await underDeadline(person, number, deps))
      if (told.state === 'later') state.drop()
      else ledger.stage(state.take())
      return told
    } catch (thrown) {
      state.drop()
      // No pause: sends may well be allowed what this was not.
      const error = coerceError(thrown)
      const outcome = toOutcome(thrown)
      if (outcome !== undefined) return toTold(outcome)
      if (!isBridgeError(thrown)) log.error('erase failed', { destination: settings.name }, error)
      return { state: 'later', reason: isBridgeError(thrown) ? error.message : error.name, refused: true }
    }
  }
  const running = runner.among(attempt)
  if (running === undefined) return { state: 'paused' }
  const told = await running
  if (told.state !== 'later' && told.state !== 'paused') await ledger.flushed()
  return told
}

async function underDeadline(person: ErasedPerson, number: number, deps: Deps): Promise<Outcome> {
  const { settings, sender, clock, signal } = deps
  const controller = new AbortController()
  const onStop = (): void => controller.abort(signal.reason)
  signal.addEventListener('abort', onStop, { once: true })
  if (signal.aborted) onStop()
  const cancel = clock.timer(settings.timeout, () => {
    controller.abort(new DOMException(`no answer within ${settings.timeout} ms`, 'TimeoutError'))
  })
  try {
    const given = await sender.erase?.(person, { number, signal: controller.signal, idempotencyKey: person.id })
    return given ?? { state: 'delivered' }
  } finally {
    cancel()
    signal.removeEventListener('abort', onStop)
  }
}

function toTold(outcome: Outcome): Told {
  switch (outcome.state) {
    case 'delivered':
      return { state: 'told' }
    case 'skip':
      return { state: 'cannot', reason: outcome.reason }
    case 'reject':
      return { state: 'later', reason: outcome.reason, refused: true }
    case 'retry':
      return {
        state: 'later',
        reason: outcome.reason,
        refused: false,
        ...(outcome.after === undefined ? {} : { after: outcome.after }),
      }
    case 'unknown':
      return { state: 'later', reason: outcome.reason, refused: false }
  }
}
