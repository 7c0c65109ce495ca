/** Bevy's REST API over the bridge's HTTP client. */

import { retryAfter } from '../core/dispatch/outcomes.ts'
import { isBridgeError } from '../core/errors.ts'
import type { HttpClient, HttpResponse } from '../core/ports.ts'
import { isObject } from '../core/records/bodies.ts'
import { parseExact } from '../core/records/exact-json.ts'
import type { PageQuery, RestAnswer, RestApi, RestList, RestPage, RestType } from '../core/reconcile/rest.ts'
import type { Json, JsonObject } from '../core/types.ts'
import type { components, paths } from './api-types.ts'

/** Where it is, and who asks. */
export interface RestAccess {
  /** `https://community.example.org/api` */
  readonly api: string
  readonly token: string
  /** Records of a page, 1 to 500. */
  readonly pageSize: number
}

/** Pages of 500 records with everything that hangs on them are long. */
const MAX_BYTES = 64 * 1024 * 1024
const PATHS = {
  event: '/event/{id}/',
  chapter: '/chapter/{id}/',
  user: '/user/{id}/',
} as const satisfies Record<RestType, keyof paths>

/** The parameters of a path's GET. */
type Query<Path extends keyof paths> = paths[Path] extends { get: { parameters: { query?: infer Given } } }
  ? Given
  : never
/** A page as the document describes it; nothing of it is believed unseen. */
type Page = components['schemas']['Page']

/** Makes it. Closing it closes `http`, which keeps the pace, the deadline and the guard against private addresses. */
export function createRestApi(
  { api, token, pageSize }: RestAccess,
  http: HttpClient & { close(): Promise<void> },
): RestApi {
  const headers = { authorization: `Token ${token}`, accept: 'application/json; version=1.0' }

  /** All is built from our own paths: a link of the other side decides only parameters, never where the token goes. */
  const get = async <Path extends keyof paths>(
    path: Path,
    id: string | undefined,
    query: Query<Path> | PageQuery,
    signal: AbortSignal,
  ): Promise<RestAnswer<Json>> => {
    const filled = id === undefined ? path : path.replace('{id}', encodeURIComponent(id))
    const parameters = Object.entries((query ?? {}) as Record<string, string | number>).map(
      ([name, value]): [string, string] => [name, String(value)],
    )
    const search = parameters.length === 0 ? '' : `?${new URLSearchParams(parameters)}`
    try {
      const answer = await http.request({ url: `${api}${filled}${search}`, headers, signal, maxBytes: MAX_BYTES })
      return toAnswer(answer, path)
    } catch (error) {
      signal.throwIfAborted()
      if (isBridgeError(error, 'transport')) return { state: 'again', reason: error.message }
      // The address may not be reached at all.
      if (isBridgeError(error)) return { state: 'refused', reason: error.message }
      throw error
    }
  }

  const first = (list: RestList, signal: AbortSignal, query: PageQuery): Promise<RestAnswer<Json>> => {
    const size = { page_size: pageSize }
    // Which list it is stands in our hands also on later pages.
    if (list.state === 'attendees')
      return get('/attendee/', undefined, { ...size, ...query, event: list.event }, signal)
    if (list.state === 'members') return get('/chapter/{id}/member/', list.chapter, { ...size, ...query }, signal)
    return get('/event/', undefined, { ...size, ...query }, signal)
  }

  return {
    async page(list, query, signal) {
      const answer = await first(list, signal, query)
      return answer.state === 'found' ? toPage(answer.value, query) : answer
    },
    async record(type, id, signal) {
      const answer = await get(PATHS[type], id, {}, signal)
      if (answer.state !== 'found') return answer
      const { value } = answer
      const usable = isObject(value) && (type === 'user' || value['id'] !== undefined)
      return usable ? { state: 'found', value: value as JsonObject } : { state: 'odd', reason: `its ${type} is none` }
    },
    close: () => http.close(),
  }
}

function toAnswer(answer: HttpResponse, path: string): RestAnswer<Json> {
  const { status } = answer
  const reason = `GET ${path} answered ${status}`
  if (status === 429 || status >= 500 || status === 408) {
    const after = retryAfter(answer.headers, answer.receivedAt)
    return { state: 'again', reason, ...(after === undefined ? {} : { after }) }
  }
  if (status === 401 || status === 403) return { state: 'refused', reason }
  if (status === 404 || status === 410) return { state: 'none' }
  if (status !== 200) return { state: 'odd', reason }
  if (answer.truncated === true) return { state: 'odd', reason: `${reason} with too much: make bevy.pageSize smaller` }
  try {
    return { state: 'found', value: parseExact(answer.text()) }
  } catch {
    return { state: 'odd', reason: `${reason} and no JSON` }
  }
}

function toPage(value: Json, asked: PageQuery): RestAnswer<RestPage> {
  const page = value as Json & Partial<Page>
  if (!isObject(page) || !Array.isArray(page['results'])) return { state: 'odd', reason: 'a list came without results' }
  const records = (page['results'] as readonly Json[]).filter(isObject)
  const next = nextQuery(page, asked)
  if (next === undefined) return { state: 'found', value: { records } }
  // A link that leads in a circle would have no end.
  if (same(next, asked) || records.length === 0) return { state: 'found', value: { records } }
  return { state: 'found', value: { records, next } }
}

/** Parameters of the link to the next page; its number, where there is no link. */
function nextQuery(page: JsonObject, asked: PageQuery): PageQuery | undefined {
  const link = isObject(page['links']) ? page['links']['next'] : page['next']
  if (typeof link === 'string' && link !== '') {
    const url = URL.parse(link, 'https://bevy.invalid')
    if (url !== null && url.search !== '') return Object.fromEntries(url.searchParams)
  }
  const number = isObject(page['pagination']) ? page['pagination']['next_page'] : undefined
  return typeof number === 'number' && Number.isInteger(number) ? { ...asked, page: String(number) } : undefined
}

function same(a: PageQuery, b: PageQuery): boolean {
  const text = (query: PageQuery): string => JSON.stringify(Object.entries(query).sort())
  return text(a) === text(b)
}
