import { z } from 'zod'
import { accountSchema } from './schema-account.ts'
import { alertsSchema } from './schema-alerts.ts'
import { bevySchema } from './schema-bevy.ts'
import { destinationSchema, nameSchema } from './schema-destination.ts'
import { erasureSchema } from './schema-erasure.ts'
import { adminSchema, receiverSchema, storageSchema } from './schema-receiver.ts'
import { retentionSchema } from './schema-retention.ts'
import { timezone } from './schema-timezone.ts'

const timezoneSchema = timezone()
  .prefault('UTC')
  .describe('IANA time zone for dates whose chapter has none, such as Europe/Berlin. Default UTC.')

const routeSchema = z.strictObject({
  name: z.string().min(1).max(80).describe('Unique; shown wherever this route decided.'),
  use: z.array(z.string()).optional().describe('Names under filters that must match too.'),
  when: z.unknown().optional().describe('Filter a record must match, such as { type: event }. None: every record.'),
  to: z.array(z.string()).min(1, 'names no destination').describe('Names of the destinations a match goes to.'),
})

/** The whole config. Filters, `when` and the options of plugins are checked by their own compilers. */
export const configSchema = z
  .strictObject({
    timezone: timezoneSchema,
    receiver: receiverSchema,
    admin: adminSchema,
    storage: storageSchema,
    accounts: z
      .record(nameSchema, accountSchema)
      .prefault({})
      .describe('Credentials and rates that destinations share, by name.'),
    tables: z
      .record(z.string().min(1).max(80), z.string().min(1))
      .prefault({})
      .describe('Lookup tables for mappings, by name: CSV files with a header line; first column key, second value.'),
    filters: z
      .record(z.string().min(1).max(80), z.unknown())
      .prefault({})
      .describe('Filters that routes share with use.'),
    destinations: z.record(nameSchema, destinationSchema).prefault({}).describe('Where records go, by name.'),
    alerts: alertsSchema,
    erasure: erasureSchema,
    retention: retentionSchema,
    bevy: bevySchema,
    routes: z.array(routeSchema).prefault([]).describe('Which records go where. A record may match several.'),
    plugins: z
      .record(nameSchema, z.string().min(1))
      .prefault({})
      .describe('Plugins of your own, by name: a .ts or .js file, or an npm package.'),
  })
  .superRefine(({ receiver, admin }, context) => {
    const wide = receiver.host === '0.0.0.0' || receiver.host === '::'
    if (receiver.port === 0 || receiver.port !== admin.port || !(wide || receiver.host === admin.host)) return
    context.addIssue({ code: 'custom', path: ['admin', 'port'], message: 'the receiver listens on this port already' })
  })

/** The config as the schema gives it: defaults filled, durations in milliseconds, sizes in bytes. */
export type Config = z.output<typeof configSchema>
