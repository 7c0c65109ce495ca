import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAnswerer, FAKE_TOKEN, type Reply, type Workspace } from './workspace.fake.ts'

export { FAKE_TOKEN, WEBHOOK_CHANNEL } from './workspace.fake.ts'

/** What the fake does with a request in place of what it would do. Nothing is posted, unless said so. */
export type FakeAnswer =
  /** An error as the way in question tells it: `ok: false` or plain text. */
  | { readonly error: string; readonly status?: number; readonly retryAfter?: number; readonly more?: object }
  /** Anything: an error page of a proxy. */
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Does it, then answers this status. */
  | { readonly doneBut: number }
  /** Does it, then closes the connection without an answer. */
  | 'lost'
  /** Closes the connection when the head of the request is there; posts nothing. */
  | 'drop'
  /** Posts nothing and never answers. */
  | 'hang'
  /** As it would without a script. */
  | 'go on'

/** Slack as far as this plugin uses it, and as strict. */
export interface FakeSlack extends Workspace, AsyncDisposable {
  readonly apiUrl: string
  readonly webhookUrl: string
  /** `chat.update ok`, `webhook 400 invalid_blocks`: what was asked and answered, in order. */
  readonly calls: string[]
  /** For the next requests, in order. Push to it. */
  readonly script: FakeAnswer[]
  /** Resolves when it is so, after this or a later call. */
  until(fits: () => boolean): Promise<void>
}

const WEBHOOK_PATH = '/services/T0FAKE/B0FAKE/secret-of-the-webhook'

/** Starts one on a free port of 127.0.0.1. */
export async function startFakeSlack(): Promise<FakeSlack> {
  const watchers = new Set<() => void>()
  const note = (call: string): void => {
    fake.calls.push(call)
    for (const look of watchers) look()
  }
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const scripted = fake.script.shift() ?? 'go on'
    if (scripted === 'drop') return void incoming.socket.destroy()
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://fake')
    const method = pathname === WEBHOOK_PATH ? 'webhook' : pathname.replace('/api/', '')
    const say = (reply: Reply): void => {
      const { status = 200, error, headers = {}, more = {} } = reply
      note(`${method} ${status === 200 ? '' : `${status} `}${error ?? 'ok'}`)
      const body = method === 'webhook' ? (error ?? 'ok') : JSON.stringify({ ok: error === undefined, error, ...more })
      const type = method === 'webhook' ? 'text/plain' : 'application/json; charset=utf-8'
      response
        .writeHead(status, { 'content-type': type, 'x-oauth-scopes': fake.scopes.join(','), ...headers })
        .end(body)
    }
    if (scripted === 'hang') return void note(`${method} hang`)
    if (typeof scripted === 'object' && 'error' in scripted) {
      const { error, status = method === 'webhook' ? 400 : 200, retryAfter, more = {} } = scripted
      return say({
        error,
        status,
        more,
        ...(retryAfter === undefined ? {} : { headers: { 'retry-after': String(retryAfter) } }),
      })
    }
    if (typeof scripted === 'object' && 'status' in scripted) {
      note(`${method} ${scripted.status}`)
      return void response.writeHead(scripted.status, scripted.headers).end(scripted.body ?? '')
    }
    const { authorization, 'content-type': contentType = '' } = incoming.headers
    const reply = answer(method, { authorization, contentType, bytes: Buffer.concat(chunks), query: searchParams })
    if (scripted === 'go on') return say(reply)
    note(`${method} ${scripted === 'lost' ? 'lost' : scripted.doneBut}`)
    if (scripted === 'lost') return void response.destroy()
    response.writeHead(scripted.doneBut).end('oops')
  }

  const server = createServer((incoming, response) => {
    // The other side may go away at any time.
    handle(incoming, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fake: FakeSlack = {
    apiUrl: `${base}/api`,
    webhookUrl: `${base}${WEBHOOK_PATH}`,
    messages: [],
    calls: [],
    pings: [],
    script: [],
    until: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!fits()) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
      }),
    channels: new Map([['C0EVENTS', {}]]),
    tokenError: undefined,
    token: FAKE_TOKEN,
    scopes: ['chat:write', 'channels:read'],
    clock: undefined,
    frozen: new Map(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const answer = createAnswerer(fake)
  return fake
}
