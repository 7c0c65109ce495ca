import { describe, expect, it } from 'vitest'
import type { HttpResponse } from '../../src/plugin.ts'
import { readAnswer, type Asked, type Reading } from './answers.ts'

const answer = (status: number, body: string, headers: Record<string, string> = {}): HttpResponse => ({
  status,
  headers,
  body: new TextEncoder().encode(body),
  text: () => body,
  json: () => {
    try {
      return JSON.parse(body) as unknown
    } catch {
      return undefined
    }
  },
})
const api = (error: string, more: object = {}) => answer(200, JSON.stringify({ ok: false, error, ...more }))
const asked = (facts: Partial<Asked> = {}): Asked => ({
  method: 'chat.postMessage',
  isMapped: false,
  isReply: false,
  ...facts,
})
const stateOf = (reading: Reading): string => (reading.state === 'failed' ? reading.outcome.state : reading.state)
const read = (response: HttpResponse, facts: Partial<Asked> = {}): string => {
  try {
    return stateOf(readAnswer(response, asked(facts)))
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the Web API', () => {
  it.each([
    ['invalid_blocks', 'reject'],
    ['msg_too_long', 'reject'],
    ['msg_blocks_too_long', 'reject'],
    ['no_text', 'reject'],
    ['invalid_arguments', 'reject'],
    ['metadata_too_large', 'reject'],
    ['invalid_auth', 'ERR_DESTINATION_AUTH'],
    ['token_revoked', 'ERR_DESTINATION_AUTH'],
    ['token_expired', 'ERR_DESTINATION_AUTH'],
    ['account_inactive', 'ERR_DESTINATION_AUTH'],
    ['missing_scope', 'ERR_DESTINATION_AUTH'],
    ['not_allowed_token_type', 'ERR_DESTINATION_AUTH'],
    ['channel_not_found', 'ERR_DESTINATION_NOT_FOUND'],
    ['not_in_channel', 'ERR_DESTINATION_NOT_FOUND'],
    ['is_archived', 'ERR_DESTINATION_NOT_FOUND'],
    ['restricted_action_read_only_channel', 'ERR_DESTINATION_NOT_FOUND'],
    ['ratelimited', 'retry'],
    ['service_unavailable', 'retry'],
    ['request_timeout', 'retry'],
    ['team_added_to_org', 'retry'],
    ['message_limit_exceeded', 'retry'],
    ['internal_error', 'unknown'],
    ['fatal_error', 'unknown'],
    ['an_error_of_tomorrow', 'retry'],
    ['thread_not_found', 'retry'],
  ])('%s: %s', (code, expected) => expect(read(api(code))).toBe(expected))

  it('a wrong channel is the matter of the record it was found for', () => {
    for (const code of ['channel_not_found', 'not_in_channel', 'is_archived', 'restricted_action']) {
      expect(read(api(code), { isMapped: true })).toBe('reject')
    }
    expect(read(api('token_expired'), { isMapped: true })).toBe('ERR_DESTINATION_AUTH')
  })

  it.each(['message_not_found', 'cant_update_message', 'edit_window_closed', 'channel_not_found'])(
    'an update that answers %s is posted afresh',
    (code) => expect(read(api(code), { method: 'chat.update' })).toBe('afresh'),
  )

  it('an update is never unknown: it may be made twice', () => {
    expect(read(api('internal_error'), { method: 'chat.update' })).toBe('retry')
    expect(read(answer(502, 'bad gateway'), { method: 'chat.update' })).toBe('retry')
  })

  it.each(['thread_not_found', 'restricted_action_thread_locked'])(
    'a reply that answers %s goes to the channel',
    (code) => expect(read(api(code), { isReply: true })).toBe('unthreaded'),
  )

  it.each([
    [answer(200, '{"ok":true,"channel":"C1","ts":"1.2"}'), 'done'],
    [answer(200, '<html>a proxy</html>'), 'ERR_DESTINATION'],
    [answer(302, ''), 'ERR_DESTINATION_REDIRECT'],
    [answer(500, 'oops'), 'unknown'],
    [answer(503, '{"ok":false,"error":"service_unavailable"}'), 'retry'],
    [answer(429, '', { 'retry-after': '30' }), 'retry'],
    [answer(404, 'nothing here'), 'ERR_DESTINATION_NOT_FOUND'],
    [answer(413, ''), 'reject'],
  ])('%j', (response, expected) => expect(read(response)).toBe(expected))

  it('too much at once waits as long as it is told: the channel, or for updates the account', () => {
    const limited = answer(429, '{"ok":false,"error":"ratelimited"}', { 'retry-after': '30' })
    const posted = readAnswer(limited, asked())
    expect(posted).toMatchObject({ outcome: { state: 'retry', after: 30_000, scope: 'bucket' } })
    const updated = readAnswer(limited, asked({ method: 'chat.update' }))
    expect(updated).toMatchObject({ outcome: { state: 'retry', after: 30_000, scope: 'account' } })
  })

  it('tells which scope is missing and which block is wrong, and nothing of what was sent', () => {
    expect(() => readAnswer(api('missing_scope', { needed: 'chat:write.customize' }), asked())).toThrow(
      'missing_scope (needed: chat:write.customize)',
    )
    const messages = [
      '[ERROR] must be less than 151 characters [json-pointer:/blocks/0/text/text]',
      '[ERROR] invalid url "https://x.example/Peregrina" [json-pointer:/blocks/1]',
    ]
    const reading = readAnswer(api('invalid_blocks', { response_metadata: { messages } }), asked())
    const reason = reading.state === 'failed' && 'reason' in reading.outcome ? reading.outcome.reason : ''
    expect(reason).toContain('[json-pointer:/blocks/0/text/text]')
    expect(reason).not.toContain('Peregrina')
  })
})

describe('a webhook', () => {
  it.each([
    [200, 'ok', 'done'],
    [400, 'invalid_payload', 'reject'],
    [400, 'invalid_blocks', 'reject'],
    [400, 'no_text', 'reject'],
    [400, 'too_many_attachments', 'reject'],
    [400, 'user_not_found', 'reject'],
    [400, 'invalid_token', 'ERR_DESTINATION_AUTH'],
    [403, 'invalid_token', 'ERR_DESTINATION_AUTH'],
    [403, 'action_prohibited', 'ERR_DESTINATION_AUTH'],
    [403, 'team_disabled', 'ERR_DESTINATION_AUTH'],
    [403, 'posting_to_general_channel_denied', 'ERR_DESTINATION_NOT_FOUND'],
    [404, 'no_service', 'ERR_DESTINATION_GONE'],
    [404, 'no_service_id', 'ERR_DESTINATION_GONE'],
    [404, 'no_team', 'ERR_DESTINATION_GONE'],
    [404, 'no_active_hooks', 'ERR_DESTINATION_GONE'],
    [404, 'channel_not_found', 'ERR_DESTINATION_NOT_FOUND'],
    [410, 'channel_is_archived', 'ERR_DESTINATION_NOT_FOUND'],
    [302, '', 'ERR_DESTINATION_REDIRECT'],
    [429, 'rate_limited', 'retry'],
    [500, 'rollup_error', 'unknown'],
    [500, '', 'unknown'],
    // By body first: pages differ in the status.
    [500, 'no_service', 'ERR_DESTINATION_GONE'],
    [400, 'something else', 'reject'],
  ])('%i %s: %s', (status, body, expected) => expect(read(answer(status, body), { method: 'webhook' })).toBe(expected))
})
