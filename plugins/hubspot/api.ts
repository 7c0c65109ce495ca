import createClient, { type Client } from 'openapi-fetch'
import type { HttpClient, HttpResponse } from '../../src/plugin.ts'
import type { components, paths } from './api-types.ts'

/** Shapes of our OpenAPI document. */
export type Schemas = components['schemas']
/** The typed client. */
export type Api = Client<paths>

/** What HubSpot answered; `body` where the status is 2xx and the body is JSON, `problem` where it is not 2xx. */
export interface Answer<Body> {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly receivedAt?: number
  readonly body?: Body
  readonly problem?: Schemas['Problem']
}

/** One call: gets the typed client and what it has to hand on to it. */
export type Call<Body> = (
  api: Api,
  hand: { readonly fetch: (request: Request) => Promise<Response> },
) => Promise<{ data?: Body }>

/** Makes calls through the bridge's HTTP client. Rejects with what that one rejects with. */
export type Caller = <Body>(call: Call<Body>, signal: AbortSignal) => Promise<Answer<Body>>

/** Answers to a hundred contacts with their properties are long; what is cut cannot be read. */
const MAX_BYTES = 16 * 1024 * 1024

/** @param http the bridge's client, with its pace, deadline and guard */
export function createCaller(settings: { baseUrl: string; accessToken: string }, http: HttpClient): Caller {
  const api = createClient<paths>({
    baseUrl: settings.baseUrl,
    headers: { authorization: `Bearer ${settings.accessToken}`, accept: 'application/json' },
    redirect: 'manual',
  })
  return async (call, signal) => {
    let taken: HttpResponse | undefined
    const fetch = async (request: Request): Promise<Response> => {
      const body = await request.text()
      taken = await http.request({
        method: request.method,
        url: request.url,
        headers: Object.fromEntries(request.headers),
        ...(body === '' ? {} : { body }),
        signal,
        maxBytes: MAX_BYTES,
      })
      return forTypedClient(taken)
    }
    const { data } = await call(api, { fetch })
    const { status, headers, receivedAt } = taken as unknown as HttpResponse
    const answer = { status, headers, ...(receivedAt === undefined ? {} : { receivedAt }) }
    if (status < 200 || status > 299) return { ...answer, problem: problemOf(taken as unknown as HttpResponse) }
    return data === undefined || data === null ? answer : { ...answer, body: data }
  }
}

/**
 * What openapi-fetch is shown. It throws on a body that is not JSON and takes an empty error for none, and `Response` refuses
 * statuses HubSpot may send; so it sees only JSON, and we look at the answer itself.
 */
function forTypedClient(answer: HttpResponse): Response {
  const isGood = answer.status >= 200 && answer.status < 300
  const body = isGood && answer.truncated !== true ? answer.json() : undefined
  const isObject = typeof body === 'object' && body !== null
  return new Response(isObject ? answer.text() : 'null', { status: isGood ? 200 : 500 })
}

function problemOf(answer: HttpResponse): Schemas['Problem'] {
  const body = answer.json()
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Schemas['Problem']) : {}
}
