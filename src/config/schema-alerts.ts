import { z } from 'zod'
import { parseSigningKey } from '../core/standard-webhooks.ts'
import { secret } from '../core/schema-helpers.ts'
import { positive } from './schema-account.ts'
import { checkNetwork, network } from './schema-network.ts'

const webhookUrl = z
  .url({ protocol: /^https$/, error: 'expected an https URL such as https://hooks.slack.com/services/…' })
  .meta({ writeOnly: true })

const url = z.url({ protocol: /^https?$/ }).meta({ writeOnly: true })

const signingSecret = secret().superRefine((text, context) => {
  const key = parseSigningKey(text)
  if (typeof key === 'string') context.addIssue({ code: 'custom', message: key })
})

const address = z.string().regex(/^[^\s@]+@[^\s@]+$|^[^<>]*<[^\s@]+@[^\s@]+>$/, 'expected an e-mail address')

const slack = z
  .strictObject({
    kind: z.literal('slack').describe('An incoming webhook of Slack.'),
    webhookUrl: webhookUrl.describe('Its URL, https://hooks.slack.com/services/…; whoever has it can post.'),
  })
  .describe('A Slack channel.')

const webhook = z
  .strictObject({
    kind: z.literal('webhook').describe('A POST with JSON, signed as Standard Webhooks.'),
    url: url.describe('Where to.'),
    secrets: z.array(signingSecret).prefault([]).describe('Signing secrets, whsec_…. None: unsigned.'),
    ...network,
  })
  .superRefine((channel, context) => checkNetwork(channel.url, 'url', channel, context))
  .describe('Any receiver of webhooks.')

const pagerduty = z
  .strictObject({
    kind: z.literal('pagerduty').describe('Events API v2 of PagerDuty.'),
    routingKey: secret().describe('Integration key of the service.'),
    region: z.enum(['us', 'eu']).prefault('us').describe('Where the account lives. Default us.'),
  })
  .describe('A service of PagerDuty: raised, and resolved when it is over.')

const email = z
  .strictObject({
    kind: z.literal('email').describe('An e-mail over SMTP. Needs the package nodemailer.'),
    to: z
      .union([address, z.array(address).min(1)])
      .transform((to) => (typeof to === 'string' ? [to] : to))
      .describe('Address, or several.'),
    from: address.optional().describe('Address of the sender. Default: the first of `to`.'),
    smtp: z
      .strictObject({
        host: z.string().min(1).describe('Mail server.'),
        port: z.int().min(1).max(65_535).optional().describe('Default 587; 465 with tls: always, 25 with tls: never.'),
        tls: z
          .enum(['starttls', 'always', 'never'])
          .prefault('starttls')
          .describe(
            'starttls (default): encrypt or send nothing; always: from the first byte; never: only inside a machine.',
          ),
        user: z.string().min(1).optional().describe('User name. None: without a log-in.'),
        password: secret().optional().describe('Password of the user.'),
      })
      .prefault({ host: 'localhost', tls: 'never' })
      .describe('How to reach the mail server. Default: the one on this machine, port 25.'),
  })
  .describe('Mail.')

const channelSchema = z.discriminatedUnion('kind', [slack, webhook, pagerduty, email])

const never = (what: string): z.ZodType<number, string | number> =>
  z.union([z.literal('never').transform(() => Infinity), positive()]).describe(what) as z.ZodType<
    number,
    string | number
  >

const rulesSchema = z
  .strictObject({
    interval: positive()
      .prefault('1h')
      .describe('Least time between two messages of one cause and subject. Default 1h.'),
    perHour: z.int().min(1).prefault(20).describe('Messages in an hour, all together. Default 20.'),
    grace: positive().prefault('1m').describe('Time after a start in which nothing is told. Default 1m.'),
    remind: never('A trouble that lasts is told again after so long, or never. Default 1d.').prefault('1d'),
    late: never('A destination whose oldest job waits longer is late, or never. Default 1h.').prefault('1h'),
    silence: never('Alert when nothing has come from Bevy for so long. Default never.').prefault('never'),
  })
  .prefault({})
  .describe('When people are told.')

/** Alerts to people. */
export const alertsSchema = z
  .strictObject({
    channels: z
      .record(
        z.string().regex(/^[a-z0-9-]{1,40}$/, 'expected a name of small letters, digits and -, 40 at most'),
        channelSchema,
      )
      .prefault({})
      .describe('Where alerts go, by name. None: to the log only.'),
    heartbeat: z
      .strictObject({
        url: z.union([z.literal('').transform(() => undefined), url]).describe('Asked with GET; empty: off.'),
        every: positive().prefault('1m').describe('How often. Default 1m.'),
        ...network,
      })
      .superRefine((heartbeat, context) => checkNetwork(heartbeat.url, 'url', heartbeat, context))
      .optional()
      .describe('A URL that is asked while the bridge is well, so that someone outside notices when it is not.'),
    rules: rulesSchema,
  })
  .prefault({})
  .describe('Alerts to the people who run this.')
