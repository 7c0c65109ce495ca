import {
  DestinationError,
  outcomeOf,
  reject,
  retry,
  retryAfter,
  unknown,
  type HttpResponse,
  type Outcome,
} from '../../src/plugin.ts'
import type { Call } from './request.ts'

/** What an answer means. Codes: https://docs.slack.dev/reference/methods/chat.postMessage and …/messaging/sending-messages-using-incoming-webhooks */
export type Reading =
  | { readonly state: 'done'; readonly channel?: string; readonly ts?: string }
  /** The message that was to be changed cannot be. */
  | { readonly state: 'afresh'; readonly code: string }
  /** The channel takes messages, but no reply there. */
  | { readonly state: 'unthreaded'; readonly code: string }
  | { readonly state: 'failed'; readonly outcome: Outcome }

/** What was asked, as far as it decides what an answer means. */
export interface Asked {
  readonly method: Call['method']
  /** The channel was found for this record, so a wrong one is the record's matter. */
  readonly isMapped: boolean
  readonly isReply: boolean
}

const set = (codes: string): ReadonlySet<string> => new Set(codes.trim().split(/\s+/))

/** No other message would fare better. */
const ACCOUNT = set(`
  invalid_auth not_authed token_revoked token_expired account_inactive missing_scope no_permission not_allowed_token_type
  ekm_access_denied team_access_not_granted org_login_required access_denied two_factor_setup_required
  accesslimited invalid_token action_prohibited team_disabled deprecated_endpoint method_deprecated unknown_method`)
const GONE = set('no_service no_service_id no_team no_active_hooks')
/** The channel will not have it. */
const CHANNEL =
  /^(?:channel_not_found|not_in_channel|is_archived|channel_is_archived|posting_to_general_channel_denied|restricted_action.*|cannot_dm_bot|channel_type_not_supported|messages_tab_disabled|user_is_.*|slack_connect_.*_blocked)$/
const REPLY = set(`
  thread_not_found cannot_reply_to_message restricted_action_thread_locked restricted_action_non_threadable_channel`)
const NOT_CHANGEABLE = set('message_not_found cant_update_message edit_window_closed is_inactive')
const MESSAGE = set(`
  invalid_payload invalid_blocks invalid_blocks_format msg_too_long msg_blocks_too_long no_text too_many_attachments
  attachment_payload_limit_exceeded markdown_text_conflict metadata_too_large invalid_metadata_format invalid_metadata_schema
  invalid_arguments invalid_arg_name invalid_array_arg invalid_form_data invalid_post_type invalid_charset user_not_found
  too_many_contact_cards block_mismatch cannot_update_blocks`)
const LATER = set('service_unavailable request_timeout team_added_to_org')
/** Part of the work may have been done. */
const HALF_DONE = set('internal_error fatal_error rollup_error')
const LIMITED = set('ratelimited rate_limited')
const HOUR = 3_600_000

/**
 * Sorts an answer: by the code in its body first, by its status second.
 *
 * @throws DestinationError for what is wrong with the account or the channel of all records
 */
export function readAnswer(response: HttpResponse, asked: Asked): Reading {
  const { status } = response
  const body = response.json()
  const answer = isRecord(body) ? body : {}
  const isApi = asked.method !== 'webhook'
  if (status >= 200 && status < 300 && (!isApi || answer['ok'] === true)) return done(answer)
  const code = codeOf(answer, response)
  if (code !== undefined) {
    const reading = byCode(code, asked, answer, response)
    if (reading !== undefined) return reading
  }
  if (status >= 200 && status < 300 && code === undefined) {
    throw new DestinationError('answered, but not as Slack does; is apiUrl right?')
  }
  if (status >= 500) return failed(mayBePosted(asked, `answered ${status}`))
  const outcome =
    status < 300 ? retry({ reason: `Slack answered ${code}, which is not known here` }) : outcomeOf(response)
  return failed(outcome.state === 'retry' && status === 429 ? limited(asked, response) : outcome)
}

function byCode(
  code: string,
  asked: Asked,
  answer: Readonly<Record<string, unknown>>,
  response: HttpResponse,
): Reading | undefined {
  const reason = `Slack answered ${code}${detailsOf(answer)}`
  if (asked.isReply && REPLY.has(code)) return { state: 'unthreaded', code }
  if (asked.method === 'chat.update' && (NOT_CHANGEABLE.has(code) || CHANNEL.test(code)))
    return { state: 'afresh', code }
  if (ACCOUNT.has(code)) throw new DestinationError(reason, { code: 'ERR_DESTINATION_AUTH' })
  if (GONE.has(code)) throw new DestinationError(`${reason}: the webhook is no more`, { code: 'ERR_DESTINATION_GONE' })
  if (CHANNEL.test(code)) {
    if (asked.isMapped) return failed(reject(`${reason}: the channel found for this record cannot be posted to`))
    throw new DestinationError(reason, { code: 'ERR_DESTINATION_NOT_FOUND' })
  }
  if (MESSAGE.has(code)) return failed(reject(reason))
  if (LIMITED.has(code)) return failed(limited(asked, response))
  if (code === 'message_limit_exceeded') return failed(retry({ after: HOUR, scope: 'account', reason }))
  if (LATER.has(code)) return failed(retry({ reason }))
  return HALF_DONE.has(code) ? failed(mayBePosted(asked, reason)) : undefined
}

const failed = (outcome: Outcome): Reading => ({ state: 'failed', outcome })

function done(answer: Readonly<Record<string, unknown>>): Reading {
  const { channel, ts } = answer
  return {
    state: 'done',
    ...(typeof channel === 'string' ? { channel } : {}),
    ...(typeof ts === 'string' ? { ts } : {}),
  }
}

/** Changing a message twice is the same as once; a second post is a second message. */
function mayBePosted({ method }: Asked, reason: string): Outcome {
  return method === 'chat.update' ? retry({ reason }) : unknown(reason)
}

/** A post is limited in its channel; other methods in the whole workspace. */
function limited({ method }: Asked, { headers, receivedAt }: HttpResponse): Outcome {
  const after = retryAfter(headers, receivedAt)
  const scope = method === 'chat.update' ? 'account' : 'bucket'
  return retry({
    ...(after === undefined ? {} : { after }),
    scope,
    reason: 'Slack answered that it is too much at once',
  })
}

/** The code of an error: in JSON, or as plain text. */
function codeOf(answer: Readonly<Record<string, unknown>>, response: HttpResponse): string | undefined {
  if (typeof answer['error'] === 'string') return /^[a-z0-9_]{1,60}$/.exec(answer['error'])?.[0]
  return /^[a-z]+(?:_[a-z]+)+$|^ratelimited$|^accesslimited$/.exec(response.text().trim().slice(0, 100))?.[0]
}

/** What helps: the scope that is missing, the block that is wrong. Nothing of what was sent. */
function detailsOf(answer: Readonly<Record<string, unknown>>): string {
  const { needed, response_metadata: metadata } = answer
  const scopes = typeof needed === 'string' && /^[\w:,.]{1,200}$/.test(needed) ? ` (needed: ${needed})` : ''
  const messages = isRecord(metadata) && Array.isArray(metadata['messages']) ? metadata['messages'] : []
  const places = messages
    .filter((message) => typeof message === 'string')
    .map((message) =>
      message
        .replace(/(["'`]).*\1|https?:\S+/g, '…')
        .replace(/\s+/g, ' ')
        .slice(0, 160),
    )
  return `${scopes}${places.length === 0 ? '' : `: ${places.slice(0, 3).join('; ')}`}`
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
