import { z } from 'zod'
import { duration } from '../core/schema-helpers.ts'

/** A duration longer than 0. */
export const positive = (): z.ZodType<number, string | number> =>
  duration().refine((ms) => ms > 0, 'must be longer than 0') as z.ZodType<number, string | number>

/** Requests allowed in a span of time. */
export const rateSchema = z.strictObject({
  limit: z.int().min(1).describe('Requests allowed in that time.'),
  per: positive().describe('A duration such as 10s.'),
})

/** What several destinations share of one plugin: credentials and rate. */
export const accountSchema = z.strictObject({
  plugin: z.string().min(1).describe('Whose account it is: csv, webhook, or a name under plugins.'),
  options: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Options of the plugin that all its destinations have; a destination's own come on top."),
  rate: rateSchema
    .optional()
    .describe('Requests allowed in a span of time, all its destinations together. Default: as the plugin says.'),
})
