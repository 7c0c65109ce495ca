import { z } from 'zod'
import { parsePath } from '../core/expressions/paths.ts'
import { duration } from '../core/schema-helpers.ts'
import { timezone } from './schema-timezone.ts'

const fields = z.strictObject({
  size: z
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Records in one send at most. Default: as the plugin says; 500 with at or every.'),
  wait: duration().optional().describe('How long to gather for a batch, such as 500ms. 0 sends at once.'),
  at: z
    .string()
    .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'expected a time of day such as 09:00')
    .optional()
    .describe('Gather until this time of each day, such as 09:00, and send what came since in one batch: a digest.'),
  every: duration()
    .refine((ms) => ms >= 1000, 'must be 1s at least; wait gathers for moments')
    .optional()
    .describe('Gather for spans of this length, such as 1h, counted from midnight UTC.'),
  timezone: timezone('chapter')
    .optional()
    .describe(
      "Whose time `at` is: an IANA zone, or chapter for the zone of each record's chapter. Default: the config's.",
    ),
  by: z
    .string()
    .superRefine((text, context) => {
      const path = parsePath(text)
      if (path.ok) return
      // The hint at the end is for mappings, where a fixed text makes sense.
      const message = path.issues.map((issue) => issue.message.replace(/; for a fixed text write .*$/s, '')).join('; ')
      context.addIssue({ code: 'custom', message })
    })
    .optional()
    .describe('Path such as chapter.id: with at or every, one batch for each of its values.'),
})

/** Pairs that cannot stand together: the second is said to be wrong. */
const CLASHES = [
  ['at', 'every', 'at and every exclude each other: a batch has one schedule'],
  ['at', 'wait', 'at and wait exclude each other: a batch waits for its schedule or for moments'],
  ['every', 'wait', 'every and wait exclude each other: a batch waits for its schedule or for moments'],
  ['every', 'timezone', 'every is counted from midnight UTC: only at has a timezone'],
] as const

/** Also beside other problems: what is wrong by itself may be absent here. */
function checkSchedule(batch: z.output<typeof fields>, context: z.core.$RefinementCtx): void {
  for (const [one, other, message] of CLASHES) {
    if (batch[one] !== undefined && batch[other] !== undefined) {
      context.addIssue({ code: 'custom', path: [other], message })
    }
  }
  if (batch.at !== undefined || batch.every !== undefined) return
  for (const key of ['timezone', 'by'] as const) {
    if (batch[key] === undefined) continue
    const message = `is part of a schedule, and there is none: add ${key === 'by' ? 'at or every' : 'at'}`
    context.addIssue({ code: 'custom', path: [key], message })
  }
}

/** How many records go into one send, and how long to gather for it, or for which schedule. */
export const batchSchema = fields
  .superRefine(checkSchedule, { when: ({ value }) => typeof value === 'object' && value !== null })
  .describe('How many records go into one send, and what it gathers for. Default: as the plugin says.')
