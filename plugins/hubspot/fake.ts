import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { parse } from 'yaml'
import type { Schemas } from './api.ts'
import * as calls from './fake-calls.fake.ts'
import {
  type Crm,
  createCrm,
  findBy,
  type FakeAttendance,
  type FakeObject,
  objectsOf,
  problem,
} from './fake-crm.fake.ts'

/** What the fake does with a request in place of its own answer. */
export type FakeAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** Writes, then closes the connection without an answer. */
  | 'lost'
  /** Never answers. */
  | 'hang'
  /** Answers as it would, after so many milliseconds. */
  | { readonly delay: number }
  /** Answers as it would, with what came of some inputs left out. */
  | { readonly without: (result: Record<string, unknown>) => boolean }

/** A request that came. */
export interface FakeRequest {
  readonly method: string
  readonly path: string
  readonly body: unknown
}

/** How strict it is beyond what it always is. */
export interface FakeOptions {
  readonly token?: string
  readonly scopes?: readonly string[]
  /** Properties by type of object; those of contacts in place of the standard ones. */
  readonly definitions?: Readonly<Record<string, readonly Schemas['Property'][]>>
  /** Requests per ten seconds of `now`. */
  readonly limit?: number
  /** Wall clock. */
  readonly now?: () => number
}

/** A HubSpot account that believes nothing. */
export interface FakeHubSpot extends AsyncDisposable {
  readonly url: string
  readonly crm: Crm
  readonly requests: readonly FakeRequest[]
  /** Requests that do not fit our OpenAPI document, or that HubSpot would laugh at. Empty when all is well. */
  readonly problems: readonly string[]
  /** For the next requests whose `METHOD path` fits, in order. */
  readonly script: { readonly on: RegExp; readonly answer: FakeAnswer }[]
  /** For every request while it is set and the script has nothing: an outage. */
  always: FakeAnswer | undefined
  /** May be changed: a token that expires. */
  token: string
  scopes: ReadonlySet<string>
  contact(email: string): FakeObject | undefined
  /** What the timeline of a person says about an event, oldest first: `register 2026-03-02T09:14:05.000Z`. */
  attendance(event: string, email: string): string[]
}

/** All scopes the plugin may need. */
export const ALL_SCOPES = [
  'crm.objects.contacts.read',
  'crm.objects.contacts.write',
  'crm.objects.marketing_events.read',
  'crm.objects.marketing_events.write',
  'crm.objects.companies.read',
  'crm.objects.companies.write',
]

interface Operation {
  readonly operationId: string
  readonly requestBody?: { readonly $ref?: string }
}
type Document = { readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>> }
type Handler = (crm: Crm, path: Readonly<Record<string, string>>, body: never) => calls.Reply

const HANDLERS: Readonly<Record<string, Handler>> = {
  readProperties: (crm, { objectType = '' }) => {
    const results = crm.definitions.get(objectType)
    return results === undefined
      ? { status: 404, body: problem('OBJECT_NOT_FOUND', 'no such type') }
      : { status: 200, body: { results } }
  },
  upsertObjects: calls.upsertObjects,
  updateObjects: calls.updateObjects,
  readObjects: calls.readObjects,
  forgetContact: (crm, _path, body) => calls.forgetContact(crm, body),
  associate: calls.associate,
  upsertEvents: calls.upsertEvents,
  readEvent: (crm, path) => calls.actOnEvent(crm, path, {}),
  cancelEvent: (crm, path) => calls.actOnEvent(crm, path, { eventCancelled: true }),
  completeEvent: (crm, path) => calls.actOnEvent(crm, path, { eventCompleted: true }),
  recordAttendance: calls.recordAttendance,
}

const validators = compile()

/** Starts one on a free port of 127.0.0.1. */
export async function startFakeHubSpot(options: FakeOptions = {}): Promise<FakeHubSpot> {
  const { limit = 100, now = Date.now, definitions = {} } = options
  const crm = createCrm(definitions)
  const requests: FakeRequest[] = []
  const problems: string[] = []
  const times: number[] = []

  const refuse = (method: string, path: string, authorization: string | undefined): calls.Reply | undefined => {
    if (authorization !== `Bearer ${fake.token}`) {
      return { status: 401, body: problem('INVALID_AUTHENTICATION', `the token ${authorization} is expired`) }
    }
    const scope = scopeOf(method, path)
    if (!fake.scopes.has(scope)) {
      const errors = [{ message: 'missing', context: { requiredGranularScopes: [scope] } }]
      return {
        status: 403,
        body: problem('MISSING_SCOPES', 'This app hasn’t been granted all required scopes', { errors }),
      }
    }
    while (times[0] !== undefined && times[0] <= now() - 10_000) times.shift()
    if (times.length >= limit) {
      const body = {
        status: 'error',
        message: 'Ten secondly rolling limit',
        errorType: 'RATE_LIMIT',
        policyName: 'TEN_SECONDLY_ROLLING',
      }
      return { status: 429, body: { ...body, correlationId: 'c0ffee00-0000-4000-8000-000000000429' } }
    }
    times.push(now())
    return undefined
  }

  const answerOf = (method: string, url: URL, body: unknown): calls.Reply => {
    const found = validators.find((candidate) => candidate.method === method && candidate.pattern.test(url.pathname))
    const groups = found?.pattern.exec(url.pathname)?.groups ?? {}
    const path = Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]))
    const wrong = found === undefined ? 'no such call' : problemOf(found, path, url, body)
    if (found === undefined || wrong !== undefined) {
      problems.push(`${method} ${url.pathname}: ${wrong}`)
      return { status: found === undefined ? 404 : 400, body: problem('VALIDATION_ERROR', 'Invalid input JSON') }
    }
    return (HANDLERS[found.operationId] as Handler)(crm, path, body as never)
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const sent = Buffer.concat(chunks).toString('utf8')
    const { method = '', url = '' } = incoming
    const body: unknown = sent === '' ? undefined : JSON.parse(sent)
    requests.push({ method, path: url, body })
    const at = fake.script.findIndex(({ on }) => on.test(`${method} ${url}`))
    const [scripted] = at < 0 ? [] : fake.script.splice(at, 1)
    const answer = scripted === undefined ? fake.always : scripted.answer
    if (answer === 'hang') return
    if (typeof answer === 'object' && 'status' in answer) {
      return void response.writeHead(answer.status, answer.headers ?? {}).end(answer.body ?? '')
    }
    const reply =
      refuse(method, url, incoming.headers.authorization) ?? answerOf(method, new URL(url, 'http://fake'), body)
    if (answer === 'lost') return void response.destroy()
    const headers = {
      'content-type': 'application/json;charset=utf-8',
      'x-hubspot-ratelimit-max': String(limit),
      'x-hubspot-ratelimit-remaining': String(limit - times.length),
      'x-hubspot-ratelimit-interval-milliseconds': '10000',
    }
    const shown = typeof answer === 'object' && 'without' in answer ? hide(reply.body, answer.without) : reply.body
    const end = (): void =>
      void response.writeHead(reply.status, headers).end(shown === undefined ? '' : JSON.stringify(shown))
    if (typeof answer === 'object' && 'delay' in answer) setTimeout(end, answer.delay)
    else end()
  }

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeHubSpot = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    crm,
    requests,
    problems,
    script: [],
    always: undefined,
    token: options.token ?? 'pat-na1-fake-token',
    scopes: new Set(options.scopes ?? ALL_SCOPES),
    contact: (email) => findBy(crm, 'contacts', 'email', email),
    attendance(event, email) {
      const { id } = findBy(crm, 'contacts', 'email', email) ?? {}
      const entries: FakeAttendance[] = crm.timeline.filter((entry) => entry.event === event && entry.contact === id)
      return entries
        .sort((a, b) => a.at - b.at)
        .map(({ state, at: time }) => `${state} ${new Date(time).toISOString()}`)
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  objectsOf(crm, 'contacts')
  return fake
}

function hide(body: unknown, without: (result: Record<string, unknown>) => boolean): unknown {
  const { results = [], ...rest } = body as { results?: Record<string, unknown>[] }
  return { ...rest, results: results.filter((result) => !without(result)) }
}

function scopeOf(method: string, path: string): string {
  const [, type = 'marketing_events'] = /^\/crm\/(?:objects|properties)\/[^/]+\/([a-z]+)/.exec(path) ?? []
  const object = path.startsWith('/crm/associations') ? 'contacts' : type === '0' ? 'marketing_events' : type
  return `crm.objects.${object}.${method === 'GET' || path.endsWith('/batch/read') ? 'read' : 'write'}`
}

interface Compiled {
  readonly method: string
  readonly pattern: RegExp
  readonly operationId: string
  readonly hasBody: boolean
  readonly validate?: ValidateFunction
}

function problemOf(
  call: Compiled,
  path: Readonly<Record<string, string>>,
  url: URL,
  body: unknown,
): string | undefined {
  const query = [...url.searchParams.keys()].join()
  const wantsAccount = /\/(?:attendance|events\/[^/]+$|events\/[^/]+\/(?:cancel|complete)$)/.test(url.pathname)
  if (query !== (wantsAccount && call.operationId !== 'upsertEvents' ? 'externalAccountId' : ''))
    return `query is ${query}`
  if (!/^\d{4}-\d{2}$/.test(path.version ?? '')) return 'no version'
  if (call.hasBody !== (body !== undefined)) return call.hasBody ? 'no body' : 'a body'
  if (call.validate !== undefined && !call.validate(body)) return JSON.stringify(call.validate.errors)
  return undefined
}

/** Every call of our OpenAPI document, with what validates its body. */
function compile(): Compiled[] {
  const document = parse(readFileSync(join(import.meta.dirname, 'openapi.yaml'), 'utf8')) as Document
  const ajv = new Ajv2020({ strict: false })
  addFormats.default(ajv)
  ajv.addSchema(document, 'openapi')
  return Object.entries(document.paths).flatMap(([template, item]) =>
    ['get', 'post'].flatMap((method) => {
      const operation = item[method]
      if (operation === undefined) return []
      const { operationId, requestBody } = operation
      const own = `#/paths/${template.replaceAll('~', '~0').replaceAll('/', '~1')}/${method}/requestBody`
      const pointer = `openapi${encodeURI(requestBody?.$ref ?? own)}/content/application~1json/schema`
      const pattern = new RegExp(`^${template.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`)
      const common = { method: method.toUpperCase(), pattern, operationId, hasBody: requestBody !== undefined }
      return [requestBody === undefined ? common : { ...common, validate: ajv.compile({ $ref: pointer }) }]
    }),
  )
}
