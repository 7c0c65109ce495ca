import { HTTPError, type H3 } from 'h3'
import type { z } from 'zod'
import type { BridgeActions, CareQueries } from '../core/dispatch/actions.ts'
import { ACTIONS, QUESTIONS } from './calls.ts'

/** Adds the questions and actions of `calls.ts` to the admin API. Each takes its input as JSON and answers with JSON. */
export function addCalls(app: H3, access: CareQueries & BridgeActions): void {
  for (const [folder, calls] of Object.entries({ questions: QUESTIONS, actions: ACTIONS })) {
    for (const [name, schema] of Object.entries(calls) as [keyof (CareQueries & BridgeActions), z.ZodType][]) {
      app.post(`/${folder}/${name}`, async (event) => {
        const input = toInput(schema, await event.req.text())
        // The schema has just made it what this call takes.
        const result = await (access[name] as (input: unknown) => Promise<unknown>)(input)
        return Response.json(result ?? null)
      })
    }
  }
}

function toInput(schema: z.ZodType, text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw new HTTPError({ status: 400, message: 'the input is not JSON' })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new HTTPError({ status: 400, message: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is wrong'}` })
}
