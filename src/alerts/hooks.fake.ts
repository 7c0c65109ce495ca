/** The services alerts go to, as strict fakes on 127.0.0.1: what the real one would refuse, they refuse and note. */

import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'

/** One request that was taken. */
export interface Taken {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly json: Readonly<Record<string, unknown>> | undefined
}

export interface FakeHook extends AsyncDisposable {
  readonly url: string
  readonly taken: readonly Taken[]
  /** What was wrong with requests. */
  readonly problems: readonly string[]
  /** Answers for the next requests, first come first served; then what the service answers. */
  readonly script: { status: number; body?: string; headers?: Record<string, string> }[]
  /** Resolves when so many were taken or scripted away. */
  seen(count: number): Promise<void>
}

type Judge = (taken: Taken, body: string) => string[]
type Answer = (problems: readonly string[]) => { status: number; body: string }

async function startFake(judge: Judge, answer: Answer): Promise<FakeHook> {
  const taken: Taken[] = []
  const problems: string[] = []
  const script: FakeHook['script'] = []
  const watchers = new Set<() => void>()
  let count = 0
  const server = createServer((request, response) => {
    void readAll(request).then((body) => {
      const one: Taken = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        json: parse(body),
      }
      const scripted = script.shift()
      const wrong = scripted === undefined ? judge(one, body) : []
      const said = scripted ?? answer(wrong)
      problems.push(...wrong)
      if (scripted === undefined && wrong.length === 0) taken.push(one)
      count += 1
      response.writeHead(said.status, { 'content-type': 'text/plain', ...scripted?.headers }).end(said.body ?? '')
      for (const watcher of watchers) watcher()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken,
    problems,
    script,
    seen: (wanted) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (count < wanted) return
          watchers.delete(look)
          resolve()
        }
        watchers.add(look)
        look()
      }),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): Taken['json'] {
  try {
    return JSON.parse(text) as Taken['json']
  } catch {
    return undefined
  }
}

const JSON_POST = ({ method, headers, json }: Taken): string[] => [
  ...(method === 'POST' ? [] : [`method ${method}`]),
  ...(String(headers['content-type']).startsWith('application/json') ? [] : ['no JSON content type']),
  ...(typeof json === 'object' ? [] : ['no JSON']),
]

/** An incoming webhook of Slack (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks). */
export function startFakeSlack(): Promise<FakeHook> {
  return startFake(
    (taken) => {
      const { text, blocks } = (taken.json ?? {}) as { text?: unknown; blocks?: unknown[] }
      const problems = JSON_POST(taken)
      if (typeof text !== 'string' || text === '') problems.push('no_text')
      for (const block of (blocks ?? []) as { type: string; text?: { type: string; text: string } }[]) {
        if (!['section', 'context'].includes(block.type)) problems.push('invalid_blocks')
        const inner = block.text?.text ?? ''
        if (block.type === 'section' && (inner === '' || inner.length > 3000)) problems.push('invalid_blocks: text')
        if (/<(?![!@#]|https?:)/.test(inner)) problems.push('unescaped <')
      }
      return problems
    },
    (problems) => (problems.length === 0 ? { status: 200, body: 'ok' } : { status: 400, body: 'invalid_payload' }),
  )
}

/** A receiver that checks signatures with the reference library. */
export function startFakeReceiver(secret: string | undefined): Promise<FakeHook> {
  return startFake(
    (taken, body) => {
      const problems = JSON_POST(taken)
      const headers = taken.headers as Record<string, string>
      if (secret === undefined) {
        if (headers['webhook-signature'] !== undefined) problems.push('a signature without a secret')
        return problems
      }
      try {
        new Webhook(secret).verify(body, headers)
      } catch (error) {
        problems.push(`signature: ${(error as Error).message}`)
      }
      return problems
    },
    (problems) => ({ status: problems.length === 0 ? 204 : 401, body: '' }),
  )
}

const SEVERITIES = ['critical', 'error', 'warning', 'info']
const EVENT_KEYS = ['routing_key', 'event_action', 'dedup_key', 'payload', 'client', 'client_url', 'links', 'images']

/** Events API v2 of PagerDuty (https://developer.pagerduty.com/docs/send-alert-event). */
export function startFakePagerDuty(routingKey: string): Promise<FakeHook> {
  return startFake(
    (taken) => {
      const event = (taken.json ?? {}) as {
        routing_key?: string
        event_action?: string
        dedup_key?: string
        payload?: { summary?: string; source?: string; severity?: string; timestamp?: string }
      }
      const problems = JSON_POST(taken)
      for (const key of Object.keys(event)) if (!EVENT_KEYS.includes(key)) problems.push(`unknown ${key}`)
      if (event.routing_key !== routingKey) problems.push("'routing_key' is invalid")
      if ((event.dedup_key ?? '').length > 255) problems.push("'dedup_key' is too long")
      if (event.event_action === 'resolve') {
        if (event.dedup_key === undefined) problems.push("'dedup_key' is missing")
      } else if (event.event_action === 'trigger') {
        const { summary = '', source = '', severity = '', timestamp = '' } = event.payload ?? {}
        if (summary === '' || summary.length > 1024) problems.push("'payload.summary'")
        if (source === '') problems.push("'payload.source'")
        if (!SEVERITIES.includes(severity)) problems.push("'payload.severity'")
        if (Number.isNaN(Date.parse(timestamp))) problems.push("'payload.timestamp'")
      } else problems.push("'event_action'")
      return problems
    },
    (problems) => {
      if (problems.length === 0) return { status: 202, body: '{"status":"success","message":"Event processed"}' }
      return { status: 400, body: JSON.stringify({ status: 'invalid event', errors: problems }) }
    },
  )
}
