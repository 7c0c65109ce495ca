import { plainText, subjectLine, type AlertMessage } from '../core/alerts/text.ts'
import { outcomeOf } from '../core/dispatch/outcomes.ts'
import type { ChannelSettings } from '../core/settings.ts'
import type { Channel, ChannelDeps } from './channel.ts'

/** A section's text may have 3,000 characters (https://docs.slack.dev/reference/block-kit/blocks/section-block). */
const MAX_SECTION = 3000

/** Posts to an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). */
export function createSlackChannel(
  { webhookUrl }: Extract<ChannelSettings, { kind: 'slack' }>,
  { http }: Pick<ChannelDeps, 'http'>,
): Channel {
  return {
    async send(message, signal) {
      const headers = { 'content-type': 'application/json; charset=utf-8' }
      const body = JSON.stringify(toSlack(message))
      return outcomeOf(await http.request({ method: 'POST', url: webhookUrl, headers, body, signal }))
    },
    close: () => http.close(),
  }
}

/** The message in Slack's form: `text` is what notifications show. */
export function toSlack(message: AlertMessage): object {
  const head = `${ICONS[message.state === 'recovered' ? 'recovered' : message.severity]} *${escape(message.title)}*`
  return {
    text: escape(`${subjectLine(message)}. ${plainText(message)}`),
    blocks: [
      { type: 'section', text: { type: 'mrkdwn', text: cut(`${head}\n${escape(message.text)}`, MAX_SECTION) } },
      { type: 'context', elements: [{ type: 'mrkdwn', text: `More: \`${escape(message.command)}\`` }] },
    ],
  }
}

const ICONS = {
  critical: ':rotating_light:',
  error: ':red_circle:',
  warning: ':warning:',
  info: ':information_source:',
  recovered: ':white_check_mark:',
}

/** https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/&[a-z]*$/, '')}…`
}
