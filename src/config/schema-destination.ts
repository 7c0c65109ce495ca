import { z } from 'zod'
import { parseInstant } from '../core/instants.ts'
import { duration } from '../core/schema-helpers.ts'
import type { Start } from '../core/settings.ts'

/** What a destination may be called; its state on disk belongs to this name. */
export const NAME_PATTERN = /^[a-z0-9-]{1,40}$/

/** The name of a destination or plugin. */
export const nameSchema = z.string().regex(NAME_PATTERN, 'expected a name of small letters, digits and -, 40 at most')

const startSchema = z
  .string()
  .transform((text, context): Start => {
    if (text === 'now' || text === 'beginning') return text
    const instant = parseInstant(text)
    if (instant !== undefined) return { at: Math.floor(instant.micros / 1000) }
    context.addIssue({ code: 'custom', message: 'expected now, beginning or a time such as 2026-03-01T09:00:00Z' })
    return z.NEVER
  })
  .prefault('now')

const positive = (): z.ZodType<number, string | number> =>
  duration().refine((ms) => ms > 0, 'must be longer than 0') as z.ZodType<number, string | number>

/** A destination, all but the plugin's own options: those are checked with the plugin's schema. */
export const destinationSchema = z.strictObject({
  plugin: z.string().min(1).describe('What sends: csv, webhook, or a name under plugins.'),
  options: z.record(z.string(), z.unknown()).optional().describe("The plugin's own options."),
  mode: z
    .enum(['latest', 'every'])
    .optional()
    .describe(
      'latest sends the newest state of a record, every sends each state in order. Default: as the plugin says.',
    ),
  batch: z
    .strictObject({
      size: z.int().min(1).max(10_000).optional().describe('Records in one send at most.'),
      wait: duration().optional().describe('How long to gather for a batch, such as 500ms. 0 sends at once.'),
    })
    .optional()
    .describe('How many records go into one send. Default: as the plugin says.'),
  concurrency: z.int().min(1).max(1000).optional().describe('Sends under way at once. Default: as the plugin says.'),
  rate: z
    .strictObject({
      limit: z.int().min(1).describe('Requests allowed in that time.'),
      per: positive().describe('A duration such as 10s.'),
    })
    .optional()
    .describe('Requests allowed in a span of time. Default: as the plugin says.'),
  timeout: positive().optional().describe('How long one attempt may take, such as 30s. Default: as the plugin says.'),
  retry: z
    .strictObject({
      for: duration().optional().describe('How long a job is tried before it is dead. Default 7d.'),
      delay: positive().optional().describe('First wait. Default 10s.'),
      factor: z.number().min(1).max(100).optional().describe('By how much each wait grows. Default 2.'),
      maxDelay: positive().optional().describe('Longest wait. Default 1h.'),
    })
    .optional()
    .describe('How failed jobs are tried again.'),
  start: startSchema.describe('Where a new destination begins: now (default), beginning, or a time.'),
  was: nameSchema.optional().describe('Former name of this destination, whose state it takes over.'),
  join: z
    .strictObject({
      wait: duration().prefault('15m').describe('How long a job waits for a record it reads. Default 15m.'),
      otherwise: z
        .enum(['keep', 'send', 'skip'])
        .prefault('keep')
        .describe('Then: keep it as a dead letter (default), send it all the same, or skip it.'),
    })
    .prefault({})
    .describe('Waiting for a related record (event, chapter, user) that has not arrived.'),
  window: z.int().min(1).max(100_000).prefault(1000).describe('Records read ahead of what is settled. Default 1000.'),
  maxExceptions: z
    .int()
    .min(1)
    .max(1_000_000)
    .prefault(1000)
    .describe('Jobs waiting for a retry before reading stops. Default 1000.'),
})

/** A destination as the schema gives it. */
export type DestinationConfig = z.output<typeof destinationSchema>
