import { isBridgeError, type HttpClient, type HttpResponse } from '../../src/plugin.ts'
import type { SlackOptions, Way } from './options.ts'

type TokenWay = Extract<Way, { kind: 'token' }>
type Answer = Readonly<Record<string, unknown>>

/** One line for each thing that would keep messages from being posted. Posts nothing. */
export async function checkAccount(options: SlackOptions, http: HttpClient, signal: AbortSignal): Promise<string[]> {
  const { way } = options
  try {
    if (way.kind === 'token') return await checkToken(options, way, http, signal)
    // A webhook can be asked nothing without posting: only whether it can be reached.
    await http.connect?.(way.url, signal)
    return []
  } catch (error) {
    if (isBridgeError(error)) return [error.message]
    throw error
  }
}

async function checkToken(
  options: SlackOptions,
  way: TokenWay,
  http: HttpClient,
  signal: AbortSignal,
): Promise<string[]> {
  const authorization = `Bearer ${way.token}`
  const ask = (method: string, query = ''): Promise<HttpResponse> =>
    http.request({ method: 'GET', url: `${way.apiUrl}/${method}${query}`, headers: { authorization }, signal })

  const response = await ask('auth.test')
  const who = answerOf(response)
  if (who['ok'] !== true) return [`the token is not accepted: ${errorOf(who, response)}`]
  const scopes = scopesOf(response)
  const problems = missing(options, scopes)
  if (way.channel.kind !== 'fixed') return problems

  const { id } = way.channel
  // A direct message is opened by posting.
  if (!/^[CG]/.test(id)) return problems
  const asked = await ask('conversations.info', `?channel=${encodeURIComponent(id)}`)
  return [...problems, ...channelProblems(answerOf(asked), asked, { id, name: nameOf(who), scopes })]
}

function missing({ username, icon }: SlackOptions, scopes: ReadonlySet<string> | undefined): string[] {
  if (scopes === undefined) return []
  const needed = ['chat:write', ...(username === undefined && icon === undefined ? [] : ['chat:write.customize'])]
  const lacking = needed.filter((scope) => !scopes.has(scope))
  return lacking.map(
    (scope) => `the token lacks the scope ${scope}: add it under OAuth & Permissions and install the app again`,
  )
}

function channelProblems(
  answer: Answer,
  response: HttpResponse,
  { id, name, scopes }: { id: string; name: string; scopes: ReadonlySet<string> | undefined },
): string[] {
  if (answer['ok'] !== true) {
    const code = errorOf(answer, response)
    // Looking at channels needs a scope of its own, which posting does without.
    if (code === 'missing_scope') return []
    if (code === 'channel_not_found') {
      return [`there is no channel ${id}, or it is private and ${name} was not invited: type /invite @${name} there`]
    }
    return [`the channel ${id} cannot be looked at: ${code}`]
  }
  const channel = isRecord(answer['channel']) ? answer['channel'] : {}
  if (channel['is_archived'] === true) return [`the channel ${id} is archived`]
  if (channel['is_member'] !== false || scopes?.has('chat:write.public') === true) return []
  return [`${name} is not in the channel ${id}: type /invite @${name} there, or give it the scope chat:write.public`]
}

function scopesOf({ headers }: HttpResponse): ReadonlySet<string> | undefined {
  const listed = headers['x-oauth-scopes']
  return listed === undefined ? undefined : new Set(listed.split(',').map((scope) => scope.trim()))
}

function nameOf({ user }: Answer): string {
  return typeof user === 'string' && /^[\w.-]{1,80}$/.test(user) ? user : 'the app'
}

function answerOf(response: HttpResponse): Answer {
  const body = response.json()
  return isRecord(body) ? body : {}
}

function errorOf({ error }: Answer, { status }: HttpResponse): string {
  return typeof error === 'string' && /^[a-z0-9_]{1,60}$/.test(error) ? error : `it answered ${status}`
}

function isRecord(value: unknown): value is Answer {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
