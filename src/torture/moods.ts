/** How the destinations behave: by the seed, until the end of the run, when all are well. */

import { answerTo, isRefused, type Outage, type SinkAnswer } from '../core/torture/plan.ts'
import type { SinkRequest } from './sinks.ts'

export interface Moods {
  decide(request: SinkRequest): SinkAnswer
  /** From now on, until the next call. */
  setOutage(outage: Outage | undefined): void
  /** All are well; what they refuse for good they go on to refuse. */
  calm(): void
}

/** Makes them for destinations of these names. */
export function createMoods(seed: number, names: readonly string[]): Moods {
  let outage: Outage | undefined
  let isCalm = false
  return {
    decide({ destination, carried, nth }) {
      if (carried.some(({ mark }) => isRefused(seed, destination, `${mark}`))) return answer(400)
      if (isCalm) return answer(200)
      if (outage !== undefined && names[outage.which % names.length] === destination) {
        return outage.answer === 'drop' ? { state: 'drop', taken: false } : answer(outage.answer)
      }
      return answerTo(seed, destination, carried.map(({ mark }) => mark).join(), nth)
    },
    setOutage(next) {
      outage = next
    },
    calm() {
      isCalm = true
    },
  }
}

function answer(status: number): SinkAnswer {
  return { state: 'answer', status, delay: 0 }
}
