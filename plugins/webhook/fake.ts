import { createPublicKey, verify } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** What the fake does with a request it has no objection to. */
export type FakeAnswer =
  | {
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      readonly body?: string
      /** Milliseconds until it answers. */
      readonly delay?: number
    }
  /** Closes the connection as soon as the head of the request is there, and takes nothing. */
  | 'drop-before-reading'
  /** Takes the request, then closes the connection without an answer. */
  | 'drop-after-reading'
  /** Takes the request and never answers. */
  | 'hang'
  /** 200, and a body without end. */
  | 'endless'
  /** 302 to another path of its own, which counts as a problem when it is followed. */
  | 'redirect'

/** A request that was taken. */
export interface TakenRequest {
  readonly id: string
  readonly timestamp: number
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly text: string
  readonly json: unknown
}

/** A webhook receiver that believes nothing. */
export interface FakeReceiver extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** What it took, in order, also what it took without an answer. */
  readonly taken: readonly TakenRequest[]
  /** What it refused and why: bad signatures, odd requests. Empty when all is well. */
  readonly problems: readonly string[]
  /** Answers for the next requests, in order; then `fallback`. Push to it. */
  readonly script: FakeAnswer[]
  /** Decides when the script is empty. Default 200. */
  fallback: (request: TakenRequest) => FakeAnswer
  /** Resolves when so many requests have been taken. */
  takes(count: number): Promise<void>
}

/** What it insists on. */
export interface FakeOptions {
  /** `whsec_…`; a request must bear a `v1` signature by one of them, checked by the official package. */
  readonly secrets?: readonly string[]
  /** `whpk_…`; a request must bear a `v1a` signature by one of them. */
  readonly publicKeys?: readonly string[]
  /** Answers 409 to a `webhook-id` it has answered with 2xx before, and takes nothing. */
  readonly refusesDuplicates?: boolean
  /** Wall clock, for the tolerance of five minutes; give it the hand-moved one. */
  readonly now?: () => number
}

const TOLERANCE = 300
/** An SPKI Ed25519 key is these bytes, then the key (https://www.rfc-editor.org/rfc/rfc8410#section-4). */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex')

/** Starts one on a free port of 127.0.0.1. */
export async function startFakeReceiver(options: FakeOptions = {}): Promise<FakeReceiver> {
  const taken: TakenRequest[] = []
  const problems: string[] = []
  const accepted = new Set<string>()
  const waiting = new Set<() => void>()

  const take = (request: TakenRequest): void => {
    taken.push(request)
    for (const look of waiting) look()
  }

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const next = fake.script[0]
    if (next === 'drop-before-reading') {
      fake.script.shift()
      incoming.socket.destroy()
      return
    }
    const request = await read(incoming)
    const problem = problemOf(request, options)
    if (problem !== undefined) {
      problems.push(problem)
      return void response.writeHead(problem.startsWith('signature') ? 401 : 400).end(problem)
    }
    if (options.refusesDuplicates === true && accepted.has(request.id)) return void response.writeHead(409).end()
    const answer = fake.script.shift() ?? fake.fallback(request)
    if (typeof answer === 'object' && answer.status >= 200 && answer.status < 300) accepted.add(request.id)
    take(request)
    give(answer, response)
  }

  const server = createServer((incoming, response) => {
    // The other side may go away at any time.
    handle(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const fake: FakeReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    problems,
    script: [],
    fallback: () => ({ status: 200, body: 'ok' }),
    takes: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (taken.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return fake
}

async function read(incoming: IncomingMessage): Promise<TakenRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks))
  const headers = incoming.headers as Record<string, string>
  const { method = '', url: path = '' } = incoming
  return {
    id: headers['webhook-id'] ?? '',
    timestamp: Number(headers['webhook-timestamp']),
    method,
    path,
    headers,
    text,
    json: JSON.parse(text) as unknown,
  }
}

function problemOf(request: TakenRequest, options: FakeOptions): string | undefined {
  const { secrets = [], publicKeys = [], now = Date.now } = options
  const { id, timestamp, headers, text, method, path } = request
  if (path === '/redirected') return 'a redirect was followed'
  if (!['POST', 'PUT', 'PATCH'].includes(method)) return `odd method ${method}`
  if (!/^application\/(?:[\w.-]+\+)?json(?:;|$)/.test(headers['content-type'] ?? '')) return 'content-type is not JSON'
  if (headers['content-length'] !== String(Buffer.byteLength(text))) return 'content-length is missing or wrong'
  if (!/^[A-Za-z0-9_-]+$/.test(id)) return 'webhook-id is missing, or holds a dot or odd characters'
  if (!/^\d{10}$/.test(headers['webhook-timestamp'] ?? '')) return 'webhook-timestamp is not in whole seconds'
  if (Math.abs(now() / 1000 - timestamp) > TOLERANCE) return 'signature: webhook-timestamp is out of tolerance'
  const signatures = headers['webhook-signature']?.split(' ') ?? []
  if (secrets.length > 0 && !secrets.some((secret) => signatures.includes(officially(secret, request)))) {
    return 'signature: no v1 signature fits'
  }
  const content = Buffer.from(`${id}.${timestamp}.${text}`)
  if (publicKeys.length > 0 && !publicKeys.some((key) => signatures.some((one) => isSignedBy(key, content, one)))) {
    return 'signature: no v1a signature fits'
  }
  return undefined
}

/** As the official package signs it. Its own `verify` looks at the real clock, which a test may not use. */
function officially(secret: string, { id, timestamp, text }: TakenRequest): string {
  return new Webhook(secret).sign(id, new Date(timestamp * 1000), text)
}

function isSignedBy(publicKey: string, content: Buffer, signature: string): boolean {
  if (!signature.startsWith('v1a,')) return false
  const bytes = Buffer.from(publicKey.slice('whpk_'.length), 'base64')
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, bytes]), format: 'der', type: 'spki' })
  return verify(null, content, key, Buffer.from(signature.slice('v1a,'.length), 'base64'))
}

function give(answer: FakeAnswer, response: ServerResponse): void {
  if (typeof answer === 'object') {
    const { status, headers = {}, body = '', delay = 0 } = answer
    const end = (): void => void response.writeHead(status, headers).end(body)
    if (delay === 0) end()
    else setTimeout(end, delay)
    return
  }
  if (answer === 'hang') return
  if (answer === 'redirect') return void response.writeHead(302, { location: '/redirected' }).end()
  if (answer !== 'endless') return void response.destroy()
  response.writeHead(200)
  const more = (): void => {
    if (!response.destroyed) response.write('x'.repeat(8192), more)
  }
  more()
}
