import type { HttpRequest, JsonObject } from '../../src/plugin.ts'
import type { Message } from './limits.ts'
import type { SlackOptions, Way } from './options.ts'
import type { Place } from './ref.ts'

/** A call of Slack, before it has its secrets. */
export interface Call {
  readonly method: 'webhook' | 'chat.postMessage' | 'chat.update'
  readonly body: JsonObject
  /** Whose pace it keeps; see `limits` of the plugin. */
  readonly bucket: string
}

/** Milliseconds a call may take once its turn has come. */
const TIMEOUT = 15_000
/** Answers repeat the message. */
const MAX_BYTES = 262_144
/** The bucket of a webhook, whose URL is one channel. */
export const ONE_CHANNEL = 'channel'
/** `chat.update` is counted by itself, some 50 a minute for the whole workspace (https://docs.slack.dev/apis/web-api/rate-limits). */
const UPDATES = 'chat.update'

/** Posts a message; `channel` is undefined with a webhook. */
export function toPost(
  options: SlackOptions,
  message: Message,
  to: { readonly channel: string | undefined; readonly thread?: string | undefined; readonly broadcast?: boolean },
): Call {
  const { way, username, icon, unfurl } = options
  const unfurling = { unfurl_links: unfurl, unfurl_media: unfurl }
  if (way.kind === 'webhook' || to.channel === undefined) {
    return { method: 'webhook', bucket: ONE_CHANNEL, body: { ...contentOf(message), ...unfurling } }
  }
  return {
    method: 'chat.postMessage',
    bucket: to.channel,
    body: {
      channel: to.channel,
      ...contentOf(message),
      ...(to.thread === undefined ? {} : { thread_ts: to.thread }),
      ...(to.thread !== undefined && to.broadcast === true ? { reply_broadcast: true } : {}),
      ...(username === undefined ? {} : { username }),
      ...(icon === undefined ? {} : icon.startsWith(':') ? { icon_emoji: icon } : { icon_url: icon }),
      ...unfurling,
    },
  }
}

/** Puts a message in the place of another: all of it, for what is left out might stay. */
export function toUpdate(message: Message, at: Place): Call {
  const body = { channel: at.channel, ts: at.ts, text: message.text, blocks: message.blocks ?? [] }
  return { method: 'chat.update', bucket: UPDATES, body }
}

/** The request of a call. */
export function toRequest(way: Way, { method, body, bucket }: Call): HttpRequest {
  const json = { 'content-type': 'application/json; charset=utf-8' }
  return {
    method: 'POST',
    url: way.kind === 'webhook' ? way.url : `${way.apiUrl}/${method}`,
    headers: way.kind === 'webhook' ? json : { ...json, authorization: `Bearer ${way.token}` },
    body: JSON.stringify(body),
    bucket,
    timeout: TIMEOUT,
    maxBytes: MAX_BYTES,
  }
}

/** The same as it may be shown. */
export function toPreview(way: Way, { method, body }: Call): JsonObject {
  if (way.kind === 'webhook') return { method: 'POST', url: `${new URL(way.url).origin}/[secret]`, body }
  return { method: 'POST', url: `${way.apiUrl}/${method}`, headers: { authorization: 'Bearer [secret]' }, body }
}

function contentOf({ text, blocks }: Message): JsonObject {
  return blocks === undefined ? { text } : { text, blocks }
}
