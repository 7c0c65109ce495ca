/** What runs keep in the store. zod looks at every read. */

import { z } from 'zod'
import type { Log, Store, StoreOp } from '../core/ports.ts'
import { RUN_TYPES, START, type Todo } from '../core/reconcile/plan.ts'
import type { RunReport } from '../core/reconcile/reports.ts'

/** Keys. */
export const keys = {
  /** The run under way. */
  run: 'reconcile:run',
  /** The last one that ended. */
  last: 'reconcile:last',
  /** When the schedule last began one, or was first seen. */
  schedule: 'reconcile:schedule',
  /** When the bridge ran, and when it took nothing in. */
  times: 'reconcile:times',
} as const

const count = z.number().int().nonnegative()
const counts = z.object({
  same: count,
  differs: count,
  missing: count,
  outside: count,
  newer: count,
  unusable: count,
  taken: count,
})
const type = z.enum(RUN_TYPES)
const query = z.record(z.string(), z.string())
const step = z.discriminatedUnion('state', [
  z.object({ state: z.literal('events'), query }),
  z.object({ state: z.literal('attendees'), event: z.string(), query }),
  z.object({ state: z.literal('chapter'), chapter: z.string() }),
  z.object({ state: z.literal('members'), chapter: z.string(), query }),
])

const report = z.object({
  v: z.literal(1),
  id: z.string(),
  kind: z.enum(['reconcile', 'seed']),
  dryRun: z.boolean(),
  since: z.number().nullable(),
  until: z.number(),
  types: z.array(type),
  startedAt: z.number(),
  state: z.enum(['running', 'done', 'cancelled']),
  endedAt: z.number().optional(),
  requests: count,
  left: count,
  counts: z.partialRecord(type, counts),
  problems: z.record(z.string(), count),
})
const run = report.extend({
  todo: z.object({ steps: z.array(step), events: query.nullable(), chapters: z.array(z.string()) }),
})
const schedule = z.object({ v: z.literal(1), at: z.number() })
const outage = z.object({ since: z.number(), until: z.number(), told: z.literal(true).optional() })
const times = z.object({ v: z.literal(1), alive: z.number(), outage: outage.optional(), lost: outage.optional() })

/** A run with what is left of it. */
export type Run = Omit<RunReport, 'left'> & { readonly todo: Todo }

/** A new run. */
export function newRun(facts: Pick<Run, 'id' | 'kind' | 'dryRun' | 'since' | 'until' | 'types' | 'startedAt'>): Run {
  return { ...facts, state: 'running', requests: 0, counts: {}, problems: {}, todo: START }
}

/** What people are shown of it. */
export function reportOf({ todo, ...facts }: Run): RunReport {
  return { ...facts, left: todo.steps.length }
}

/** Keeps a run under way. */
export function saveRun(value: Run): StoreOp {
  return { op: 'set', key: keys.run, value: { v: 1, ...reportOf(value), todo: value.todo } }
}

/** Ends one: it is the last from now on. */
export function endRun(value: Run): StoreOp[] {
  return [
    { op: 'remove', key: keys.run },
    { op: 'set', key: keys.last, value: { v: 1, ...reportOf(value) } },
  ]
}

export const readRun = async (store: Store, log: Log): Promise<Run | undefined> => read(store, log, keys.run, run)

export const readLast = async (store: Store, log: Log): Promise<RunReport | undefined> =>
  read(store, log, keys.last, report)

export const readSchedule = async (store: Store, log: Log): Promise<number | undefined> =>
  (await read(store, log, keys.schedule, schedule))?.at

export const readTimes = (store: Store, log: Log): Promise<z.infer<typeof times> | undefined> =>
  read(store, log, keys.times, times)

/** What cannot be read is given up: a run is begun again by whoever wants it, and nothing is lost by it. */
async function read<T extends { v: 1 }>(
  store: Store,
  log: Log,
  key: string,
  schema: z.ZodType<T>,
): Promise<(Omit<T, 'v'> & T) | undefined> {
  const found = await store.get(key)
  if (found === undefined) return undefined
  const parsed = schema.safeParse(found)
  if (parsed.success) return parsed.data
  log.warn('a document of the reconcile cannot be read and is given up', { key })
  return undefined
}
