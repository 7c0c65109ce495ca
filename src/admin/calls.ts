/** The calls of the admin API that care for what went wrong: their names, and what may be handed in. */

import { z } from 'zod'
import type { BridgeActions, CareQueries } from '../core/dispatch/actions.ts'
import { RUN_TYPES } from '../core/reconcile/plan.ts'

const count = z.number().int().nonnegative()
const name = z.string().min(1).max(40)
const id = z.string().min(1).max(200)
const text = z.string().min(1).max(1000)
const position = z.strictObject({ seq: count, n: count })
const bound = z.union([z.strictObject({ seq: count }), z.strictObject({ at: z.number() })])
const limit = z.number().int().min(1).max(10_000)

const named = z.strictObject({ name })
const oneItem = z.strictObject({ id, data: z.boolean().optional() })
const skip = z.strictObject({ name, to: z.union([z.literal('now'), position]) })
const replay = z.strictObject({
  name,
  from: z.union([z.literal('beginning'), bound]),
  to: bound.optional(),
  types: z.array(text).min(1).optional(),
  where: z.json().optional(),
  event: id.optional(),
})
const time = z.number().int()
const run = z.strictObject({
  since: time.optional(),
  until: time.optional(),
  types: z.array(z.enum(RUN_TYPES)).min(1).optional(),
  dryRun: z.boolean().optional(),
})
const probe = z.strictObject({
  plan: z.enum(['answers', 'delays']),
  speed: z.number().min(1).max(1_000_000).optional(),
})
const nothing = z.strictObject({})
const person = z.strictObject({ user: id.optional(), email: id.optional(), exports: z.boolean().optional() })
const oneDead = z.strictObject({ id })
const someDead = z.strictObject({ destination: name.optional(), reason: text.optional() })
const someQuarantined = z.strictObject({ reason: text.optional() })
const why = { why: text }

/** `POST /questions/NAME`: nothing changes. */
export const QUESTIONS = {
  deadLetters: someDead.extend({ discarded: z.boolean().optional(), limit: limit.optional() }),
  deadLetter: oneItem,
  quarantine: someQuarantined.extend({ done: z.boolean().optional(), limit: limit.optional() }),
  quarantined: oneItem,
  planReplay: replay,
  planSkip: skip,
  planForget: named,
  planErasure: person,
  erasures: z.strictObject({}),
  reconciliation: nothing,
  doctor: nothing,
  seenFields: nothing,
  probe: nothing,
} satisfies Record<keyof CareQueries, z.ZodType>

/** `POST /actions/NAME`. */
export const ACTIONS = {
  pause: z.strictObject({ name, why: text.optional() }),
  resume: named,
  skip,
  forget: named,
  redrive: z.union([oneDead, someDead]),
  discardDead: z.union([oneDead.extend(why), someDead.extend(why)]),
  retryQuarantined: z.union([oneDead, someQuarantined]),
  discardQuarantined: z.union([oneDead.extend(why), someQuarantined.extend(why)]),
  replay,
  cancelReplays: named,
  backup: z.strictObject({ to: z.string().min(1).max(4000).optional() }),
  erase: person,
  giveUpErasure: z.strictObject({ id }),
  reconcile: run,
  seed: run,
  cancelRun: nothing,
  startProbe: probe,
  endProbe: nothing,
} satisfies Record<keyof BridgeActions, z.ZodType>
