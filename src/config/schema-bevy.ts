import { z } from 'zod'
import { RUN_TYPES } from '../core/reconcile/plan.ts'
import { positive, rateSchema } from './schema-account.ts'
import { checkNetwork, network } from './schema-network.ts'

const typeSchema = z.enum(RUN_TYPES)

const scheduleSchema = z
  .strictObject({
    every: positive().prefault('1d').describe('Time between two runs. Default 1d.'),
    span: positive().prefault('3d').describe('How far back each goes; longer than Bevy tries again. Default 3d.'),
    types: z
      .array(typeSchema)
      .min(1)
      .prefault([...RUN_TYPES])
      .describe('What is fetched: event, attendee, chapter, chaptermember. Default: all.'),
  })
  .describe('Compares with Bevy by itself, and takes in what differs. None: only on demand.')

/** Access to Bevy's REST API. */
export const bevySchema = z
  .strictObject({
    api: z
      .union([
        z.literal('').transform(() => undefined),
        z
          .url({ protocol: /^https?$/, error: 'expected a URL such as https://community.example.org/api' })
          .transform((url) => url.replace(/\/+$/, '')),
      ])
      .optional()
      .describe('Where it is: https://<your Bevy>/api. Empty or none: no access.'),
    token: z
      .string()
      .meta({ writeOnly: true })
      .optional()
      .describe('API key of an HQ admin. Resetting it in Bevy ends the old one at once.'),
    rate: rateSchema
      .prefault({ limit: 2, per: '1s' })
      .describe('Requests allowed in a span of time; Bevy limits them, and does not say how. Default 2 in 1s.'),
    pageSize: z.int().min(1).max(500).prefault(100).describe('Records asked for at once, 500 at most. Default 100.'),
    joins: z
      .boolean()
      .prefault(true)
      .describe('Fetch the event, chapter or user a job waits for when it has not come by webhook. Default true.'),
    reconcile: scheduleSchema.optional(),
    ...network,
  })
  .superRefine(({ api, token = '', ...allowed }, context) => {
    checkNetwork(api, 'api', allowed, context)
    if (api !== undefined && token === '') {
      context.addIssue({ code: 'custom', path: ['token'], message: 'is missing: bevy.api needs it' })
    }
  })
  .optional()
  .describe("Access to Bevy's REST API, to fetch what webhooks did not bring.")
