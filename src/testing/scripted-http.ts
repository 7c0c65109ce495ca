import { TransportError } from '../core/errors.ts'
import type { HttpClient, HttpRequest, HttpResponse } from '../core/ports.ts'

/** What a scripted server answers: a status with headers and a body, no answer at all, or one that never comes. */
export type ScriptedAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  /** `not-sent`: no connection. `lost`: sent, and the answer never arrived. `hang`: nothing until the signal aborts. */
  | 'not-sent'
  | 'lost'
  | 'hang'

/** An HttpClient that goes nowhere: it keeps what it was asked and answers as it was told. */
export interface ScriptedHttp extends HttpClient {
  readonly requests: HttpRequest[]
  /** Decides each answer; `number` counts requests from 1. Default: 200 with `{}`. */
  answer: (request: HttpRequest, number: number) => ScriptedAnswer
}

export function createScriptedHttp(answer: ScriptedHttp['answer'] = () => ({ status: 200 })): ScriptedHttp {
  const requests: HttpRequest[] = []
  const http: ScriptedHttp = {
    requests,
    answer,
    async request(request) {
      if (request.signal?.aborted) throw aborted(request.signal, false)
      requests.push(request)
      const scripted = http.answer(request, requests.length)
      if (scripted === 'not-sent') throw new TransportError('ERR_HTTP_CONNECT', 'no connection', { sent: false })
      if (scripted === 'lost') throw new TransportError('ERR_HTTP_LOST', 'no answer', { sent: true })
      if (scripted === 'hang') return hang(request.signal)
      return toResponse(scripted)
    },
    async connect() {},
  }
  return http
}

function hang(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, fail) => {
    signal?.addEventListener('abort', () => fail(aborted(signal, true)), { once: true })
  })
}

function aborted(signal: AbortSignal, sent: boolean): TransportError {
  return new TransportError('ERR_HTTP_ABORTED', 'aborted', { sent, cause: signal.reason })
}

function toResponse({ status, headers = {}, body = '{}' }: Exclude<ScriptedAnswer, string>): HttpResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: new TextEncoder().encode(body),
    text: () => body,
    json: () => {
      try {
        return JSON.parse(body)
      } catch {
        return undefined
      }
    },
  }
}
