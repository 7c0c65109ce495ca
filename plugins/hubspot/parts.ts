import { type Outcome, unknown } from '../../src/plugin.ts'

/** What became of one input. */
export type Result<Value> =
  | { readonly state: 'taken'; readonly value: Value }
  | { readonly state: 'failed'; readonly outcome: Outcome }

/** What became of a part: each input that is accounted for, or one failure for all. */
export type PartResult<Input, Value> =
  | { readonly state: 'sorted'; readonly results: ReadonlyMap<Input, Result<Value>> }
  | { readonly state: 'failed'; readonly outcome: Outcome }

/** Sends the inputs of one request. */
export type SendPart<Input, Value> = (part: readonly Input[]) => Promise<PartResult<Input, Value>>

/**
 * Sends inputs in parts of at most `size`. A part refused as a whole is split in two, so that one bad input does not stop the
 * others; what an answer does not account for is sent once more by itself, and is then unknown. Everything else is no matter of splitting: the
 * whole part shares it.
 */
export async function sendInParts<Input, Value>(
  inputs: readonly Input[],
  size: number,
  send: SendPart<Input, Value>,
): Promise<Map<Input, Result<Value>>> {
  const all = new Map<Input, Result<Value>>()
  const one = async (part: readonly Input[]): Promise<void> => {
    if (part.length === 0) return
    const answer = await send(part)
    if (answer.state === 'failed') {
      if (answer.outcome.state !== 'reject' || part.length === 1) {
        for (const input of part) all.set(input, { state: 'failed', outcome: answer.outcome })
        return
      }
      const middle = Math.ceil(part.length / 2)
      await one(part.slice(0, middle))
      await one(part.slice(middle))
      return
    }
    for (const input of part) {
      const result = answer.results.get(input)
      if (result !== undefined) all.set(input, result)
      else if (part.length > 1) await one([input])
      else
        all.set(input, {
          state: 'failed',
          outcome: unknown('HubSpot answered without saying whether it took the record'),
        })
    }
  }
  for (let from = 0; from < inputs.length; from += size) await one(inputs.slice(from, from + size))
  return all
}
