import { isPrivateHost, secret, z } from '../../src/plugin.ts'
import { channel, type Channel } from './channel.ts'
import { messages, type Messages } from './messages.ts'

/** How messages reach Slack. */
export type Way =
  | { readonly kind: 'webhook'; readonly url: string }
  | { readonly kind: 'token'; readonly token: string; readonly channel: Channel; readonly apiUrl: string }

/** Validated and compiled. */
export interface SlackOptions {
  readonly way: Way
  readonly messages: Messages
  readonly threads: boolean
  readonly broadcast: boolean
  readonly username: string | undefined
  readonly icon: string | undefined
  readonly unfurl: boolean
  readonly allowPrivateNetworks: boolean
}

const url = (text: string): URL | undefined => URL.parse(text.trim()) ?? undefined

const given = z.strictObject({
  webhookUrl: secret()
    .optional()
    .describe(
      'The URL of an incoming webhook, `https://hooks.slack.com/services/…`: the quick way. It posts into one channel, and cannot ' +
        'change what it posted.',
    ),
  token: secret()
    .regex(/^xox/, 'must be a bot token, which begins with xoxb-')
    .optional()
    .describe(
      'A bot token, `xoxb-…`, with the scope `chat:write`: announcements are updated in place, attendees reply in threads.',
    ),
  channel: channel
    .optional()
    .describe(
      'With a token: the id of a channel (`C0123ABCD`), or a mapping that gives one for each record, such as ' +
        '`{ path: chapter.id, table: channels }`. A record without one is skipped.',
    ),
  messages: messages
    .prefault({})
    .describe(
      'What is posted, by kind: a Liquid template, `{ text, blocks }` (Block Kit in YAML, its texts Liquid templates), `true` for the ' +
        'built-in message, `false` for none. What comes from records is escaped; `| raw` opts out.',
    ),
  threads: z
    .boolean()
    .default(true)
    .describe(
      'With a token: attendees reply in the thread of the announcement of their event, where it is in the same channel.',
    ),
  broadcast: z
    .boolean()
    .default(true)
    .describe(
      'With a token: show in the channel too what replies in the thread of an announcement because its event moved or was canceled.',
    ),
  username: z
    .string()
    .min(1)
    .max(80)
    .optional()
    .describe('With a token: the name messages stand under. Needs the scope `chat:write.customize`.'),
  icon: z
    .string()
    .regex(/^(?::[\w+'-]+:|https:\/\/\S+)$/, 'must be an emoji such as :tada: or the https URL of an image')
    .optional()
    .describe('With a token: an emoji (`:tada:`) or the URL of an image. Needs the scope `chat:write.customize`.'),
  unfurl: z.boolean().default(false).describe('Let Slack show a preview of each link.'),
  apiUrl: z
    .string()
    .default('https://slack.com/api')
    .describe('With a token: where the Web API is. `https://slack-gov.com/api` for GovSlack.'),
  allowPrivateNetworks: z
    .boolean()
    .default(false)
    .describe(
      'Let it reach private addresses, also by plain http: for what speaks like Slack in your own network, such as Mattermost.',
    ),
})

/** Options of the Slack plugin. */
export const options = given.transform((all, context): SlackOptions => {
  const wrong = (path: string[], message: string): void =>
    void context.issues.push({ code: 'custom', message, input: all, path })
  const { webhookUrl, token, apiUrl, allowPrivateNetworks, threads, broadcast, username, icon, unfurl } = all

  if ((webhookUrl === undefined) === (token === undefined)) wrong([], 'needs either webhookUrl or token, and not both')
  if (webhookUrl === undefined && token !== undefined && all.channel === undefined) {
    wrong(['channel'], 'is missing: a token needs to be told where to post')
  }
  if (webhookUrl !== undefined) {
    for (const name of ['channel', 'username', 'icon'] as const) {
      if (all[name] !== undefined)
        wrong([name], 'has no effect with webhookUrl: the webhook itself decides it; use a token')
    }
  }
  const [name, address] = webhookUrl === undefined ? ['apiUrl', apiUrl] : ['webhookUrl', webhookUrl]
  for (const message of problemsOf(address, allowPrivateNetworks)) wrong([name], message)

  const rest = { threads, broadcast, username, icon, unfurl, allowPrivateNetworks }
  const way: Way =
    webhookUrl === undefined
      ? {
          kind: 'token',
          token: token ?? '',
          channel: all.channel as Channel,
          apiUrl: apiUrl.trim().replace(/\/+$/, ''),
        }
      : { kind: 'webhook', url: webhookUrl.trim() }
  return { ...rest, way, messages: all.messages(way.kind) }
})

/** Names nothing of the address: it is a secret. */
function problemsOf(address: string, allowPrivateNetworks: boolean): string[] {
  const target = url(address)
  if (target === undefined || !/^https?:$/.test(target.protocol))
    return ['must be a URL such as https://hooks.slack.com/services/…']
  if (/^\/(?:triggers|workflows)\//.test(target.pathname) && target.hostname.endsWith('slack.com')) {
    return ['is the URL of a workflow, which takes no messages; make an incoming webhook']
  }
  const isPrivate = isPrivateHost(target.hostname)
  if (target.protocol === 'http:' && !allowPrivateNetworks) return ['must be https']
  return isPrivate && !allowPrivateNetworks ? ['leads to a private address; allowPrivateNetworks: true allows it'] : []
}
