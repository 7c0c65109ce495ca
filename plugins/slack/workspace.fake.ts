import { blockProblems, isTooLong } from './block-rules.fake.ts'

/** A message as it stands in the fake now. */
export interface FakeMessage {
  readonly channel: string
  readonly ts: string
  text: string
  blocks: unknown
  readonly thread?: string
  readonly broadcast?: boolean
  readonly username?: string
  readonly icon?: string
  /** Times it was changed. */
  edits: number
}

/** A channel of the fake. */
export interface FakeChannel {
  readonly isArchived?: boolean
  readonly isMember?: boolean
}

/** What the fake holds; a test changes it as it likes. */
export interface Workspace {
  /** All messages, oldest first. */
  readonly messages: FakeMessage[]
  /** Texts that would have called people together: `<!channel>` and its like. */
  readonly pings: string[]
  readonly channels: Map<string, FakeChannel>
  /** What it answers in place of accepting the token: `token_expired`. */
  tokenError: string | undefined
  /** The token it accepts; a test that has the app installed again changes it. */
  token: string
  scopes: string[]
  /** One message a second for each channel, by this clock; absent: no limit. */
  clock: (() => number) | undefined
  /** Why a message can be changed no more, by its ts: `edit_window_closed`. */
  readonly frozen: Map<string, string>
}

export const FAKE_TOKEN = 'xoxb-fake-token-of-the-tests'
/** The channel of the webhook. */
export const WEBHOOK_CHANNEL = 'CWEBHOOK'
const POST_KEYS = ['text', 'blocks', 'thread_ts', 'unfurl_links', 'unfurl_media', 'metadata', 'attachments']
const KEYS: Readonly<Record<string, readonly string[]>> = {
  webhook: POST_KEYS,
  'chat.postMessage': [...POST_KEYS, 'channel', 'reply_broadcast', 'mrkdwn', 'username', 'icon_emoji', 'icon_url'],
  'chat.update': ['channel', 'ts', 'text', 'blocks', 'attachments', 'metadata'],
}

/** What is answered: an error, or what goes with `ok: true`. */
export interface Reply {
  readonly status?: number
  readonly error?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly more?: object
}

/** A request, taken apart. */
export interface Asked {
  readonly authorization: string | undefined
  readonly contentType: string
  readonly bytes: Buffer
  readonly query: URLSearchParams
}

type Answerer = (method: string, asked: Asked) => Reply

/** Answers as Slack does, and keeps what was posted. */
export function createAnswerer(workspace: Workspace): Answerer {
  const lastPost = new Map<string, number>()
  let count = 0

  const answer: Answerer = (method: string, { authorization, contentType, bytes, query }: Asked) => {
    if (method !== 'webhook') {
      if (authorization !== `Bearer ${workspace.token}`) return { error: 'invalid_auth' }
      if (workspace.tokenError !== undefined) return { error: workspace.tokenError }
      if (method === 'auth.test') return { more: { user: 'bevy_bridge', team: 'Fake', bot_id: 'B0FAKE' } }
      if (method === 'conversations.info') return info(query.get('channel') ?? '')
    }
    const keys = KEYS[method]
    if (keys === undefined)
      return method === 'webhook' ? { status: 404, error: 'no_service' } : { error: 'unknown_method' }
    if (!/^application\/json(?:; charset=utf-8)?$/.test(contentType)) return refuse(method, 'invalid_post_type')
    const body = parse(bytes)
    if (body === undefined) return refuse(method, method === 'webhook' ? 'invalid_payload' : 'json_not_object')
    if (Object.keys(body).some((key) => !keys.includes(key)))
      return refuse(method, method === 'webhook' ? 'invalid_payload' : 'invalid_arguments')
    return method === 'chat.update' ? change(body) : post(method, body)
  }

  const post = (method: string, body: Body): Reply => {
    const channel = method === 'webhook' ? WEBHOOK_CHANNEL : String(body['channel'])
    if (method !== 'webhook') {
      const problem = workspace.scopes.includes('chat:write') ? channelProblem(channel) : 'missing_scope'
      if (problem !== undefined)
        return { error: problem, more: problem === 'missing_scope' ? { needed: 'chat:write' } : {} }
      if (
        (body['username'] ?? body['icon_emoji'] ?? body['icon_url']) !== undefined &&
        !workspace.scopes.includes('chat:write.customize')
      )
        return { error: 'missing_scope', more: { needed: 'chat:write.customize' } }
    }
    const problem = contentProblem(method, body, 40_000)
    if (problem !== undefined) return problem
    const thread = body['thread_ts']
    if (
      thread !== undefined &&
      !workspace.messages.some((one) => one.channel === channel && one.ts === thread && one.thread === undefined)
    )
      return { error: 'thread_not_found' }
    if (body['reply_broadcast'] !== undefined && thread === undefined) return { error: 'invalid_arguments' }
    const now = workspace.clock?.()
    if (now !== undefined) {
      if (now - (lastPost.get(channel) ?? -Infinity) < 1000)
        return { status: 429, error: 'ratelimited', headers: { 'retry-after': '1' } }
      lastPost.set(channel, now)
    }
    const ts = `1772700000.${String(++count).padStart(6, '0')}`
    const icon = body['icon_emoji'] ?? body['icon_url']
    workspace.messages.push({
      channel,
      ts,
      text: String(body['text'] ?? ''),
      blocks: body['blocks'] ?? [],
      edits: 0,
      ...(thread === undefined ? {} : { thread: String(thread) }),
      ...(body['reply_broadcast'] === true ? { broadcast: true } : {}),
      ...(body['username'] === undefined ? {} : { username: String(body['username']) }),
      ...(icon === undefined ? {} : { icon: String(icon) }),
    })
    return { more: { channel, ts } }
  }

  const change = (body: Body): Reply => {
    const { channel, ts } = body
    const problem = channelProblem(String(channel))
    if (problem !== undefined) return { error: problem }
    const message = workspace.messages.find((one) => one.channel === channel && one.ts === ts)
    if (message === undefined) return { error: 'message_not_found' }
    const frozen = workspace.frozen.get(message.ts)
    if (frozen !== undefined) return { error: frozen }
    const wrong = contentProblem('chat.update', body, 4000)
    if (wrong !== undefined) return wrong
    message.text = String(body['text'] ?? '')
    // What is left out stays.
    if (body['blocks'] !== undefined) message.blocks = body['blocks']
    message.edits += 1
    return { more: { channel, ts } }
  }

  const contentProblem = (method: string, body: Body, max: number): Reply | undefined => {
    const { text, blocks } = body
    const hasBlocks = Array.isArray(blocks) && blocks.length > 0
    if (!hasBlocks && (typeof text !== 'string' || text.trim() === '')) return refuse(method, 'no_text')
    if (typeof text === 'string' && text.length > max) return refuse(method, 'msg_too_long')
    if (typeof text === 'string' && (!text.isWellFormed() || /&(?!(?:amp|lt|gt);)/.test(text)))
      return refuse(method, 'invalid_arguments')
    const messages = blocks === undefined ? [] : blockProblems(blocks)
    if (messages.length > 0) return refuse(method, 'invalid_blocks', { response_metadata: { messages } })
    if (isTooLong(blocks)) return refuse(method, 'msg_blocks_too_long')
    const said = JSON.stringify([text, blocks])
    if (/<!(?:channel|here|everyone|subteam)/.test(said)) workspace.pings.push(said)
    return undefined
  }

  const channelProblem = (id: string): string | undefined => {
    const channel = workspace.channels.get(id)
    if (channel === undefined) return 'channel_not_found'
    if (channel.isArchived === true) return 'is_archived'
    return channel.isMember === false && !workspace.scopes.includes('chat:write.public') ? 'not_in_channel' : undefined
  }

  const info = (id: string): Reply => {
    if (!workspace.scopes.includes('channels:read'))
      return { error: 'missing_scope', more: { needed: 'channels:read' } }
    const channel = workspace.channels.get(id)
    if (channel === undefined) return { error: 'channel_not_found' }
    return {
      more: { channel: { id, is_archived: channel.isArchived === true, is_member: channel.isMember !== false } },
    }
  }

  return answer
}

type Body = Readonly<Record<string, unknown>>

function refuse(method: string, error: string, more: object = {}): Reply {
  return { status: method === 'webhook' ? 400 : 200, error, more }
}

function parse(bytes: Buffer): Body | undefined {
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Body) : undefined
  } catch {
    return undefined
  }
}
