import { z } from 'zod'
import { parseInstant } from '../core/records/instants.ts'
import { duration } from '../core/schema-helpers.ts'
import type { Start } from '../core/settings.ts'
import { positive, rateSchema } from './schema-account.ts'
import { notifySchema } from './schema-notify.ts'
import { batchSchema } from './schema-batch.ts'
import { healthSchema } from './schema-health.ts'

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

/** A destination, all but the plugin's own options: those are checked with the plugin's schema. */
export const destinationSchema = z.strictObject({
  plugin: z.string().min(1).optional().describe('What sends: csv, webhook, or a name under plugins.'),
  account: z
    .string()
    .min(1)
    .optional()
    .describe('Instead of plugin: the account (a name under accounts) that sends, with its options and its rate.'),
  options: z.record(z.string(), z.unknown()).optional().describe("The plugin's own options."),
  mode: z
    .enum(['latest', 'every'])
    .optional()
    .describe(
      'latest sends the newest state of a record, every sends each state in order. Default: as the plugin says.',
    ),
  batch: batchSchema.optional(),
  concurrency: z.int().min(1).max(1000).optional().describe('Sends under way at once. Default: as the plugin says.'),
  rate: rateSchema
    .optional()
    .describe('Requests allowed in a span of time. Not with an account. Default: as the plugin says.'),
  maxAge: z
    .union([z.literal('never'), positive()])
    .optional()
    .describe(
      'Skip what was never sent here and happened longer ago, such as 2d; never: skip nothing. Default: as the plugin says.',
    ),
  onLeave: z
    .enum(['send', 'skip'])
    .optional()
    .describe(
      'A record that was sent and matches no route any longer: send that it left, or skip it. Default: as the plugin says, else skip.',
    ),
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
  health: healthSchema,
  notify: notifySchema.optional(),
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
