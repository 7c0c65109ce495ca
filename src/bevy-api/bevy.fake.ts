/**
 * A fake of Bevy's REST API for tests, strict where reference and public clients show a rule: token, method, paths with their slash,
 * parameters, page sizes, rate. What it refuses it counts, so that a test can ask for none.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Row = Record<string, unknown> & { id: number | string }

export interface FakeBevy {
  /** `http://127.0.0.1:PORT/api` */
  readonly api: string
  token: string
  readonly events: Row[]
  /** Each with `event_id`, which the lists leave out. */
  readonly attendees: Row[]
  readonly chapters: Row[]
  /** Each with `chapter`, which the lists leave out. */
  readonly members: Row[]
  readonly users: Row[]
  /** Requests in order, `/event/?page_size=2`, those refused too. */
  readonly requests: string[]
  /** Why requests were refused that a good client does not make. */
  readonly complaints: string[]
  /** Answers a request in place of the fake; undefined: it answers itself. */
  script: ((path: string, query: URLSearchParams) => Scripted | undefined | Promise<Scripted | undefined>) | undefined
  /** Requests allowed in a span of milliseconds. */
  rate: { limit: number; per: number } | undefined
  close(): Promise<void>
}

/** An answer; `drop` closes the connection. */
export type Scripted = { status: number; headers?: Record<string, string>; body?: unknown } | { drop: true }

/** Starts one. `now` is for the rate. */
export async function startFakeBevy(now: () => number = () => performance.now()): Promise<FakeBevy> {
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  let taken: number[] = []

  const fake: FakeBevy = {
    api: `${origin}/api`,
    token: 'bevy-key-0123456789',
    events: [],
    attendees: [],
    chapters: [],
    members: [],
    users: [],
    requests: [],
    complaints: [],
    script: undefined,
    rate: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = new URL(request.url ?? '/', origin)
    const path = url.pathname.replace(/^\/api/, '')
    fake.requests.push(`${path}${url.search}`)
    const scripted = await fake.script?.(path, url.searchParams)
    const given = scripted ?? decide(request, url, path)
    if ('drop' in given) return void request.socket.destroy()
    const body = given.body === undefined ? '' : JSON.stringify(given.body)
    response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers })
    response.end(body)
  }

  const decide = (request: IncomingMessage, url: URL, path: string): Exclude<Scripted, { drop: true }> => {
    const complain = (status: number, why: string, body: unknown) => {
      fake.complaints.push(`${why}: ${path}`)
      return { status, body }
    }
    if (!url.pathname.startsWith('/api/')) return complain(404, 'no such path', {})
    if (request.headers.authorization !== `Token ${fake.token}`) {
      return { status: 403, body: { detail: 'Invalid token.' } }
    }
    if (fake.rate !== undefined) {
      const { limit, per } = fake.rate
      taken = taken.filter((at) => at > now() - per)
      if (taken.length >= limit) {
        fake.complaints.push(`too many: ${path}`)
        return {
          status: 429,
          headers: { 'retry-after': String(Math.ceil(per / 1000)) },
          body: { detail: 'Throttled.' },
        }
      }
      taken.push(now())
    }
    if (request.method !== 'GET') return complain(405, 'method', { detail: 'Method not allowed.' })
    if (!path.endsWith('/')) return complain(404, 'no slash at the end', {})
    const [, kind, id, sub] = /^\/(event|attendee|chapter|user)\/(?:([^/]+)\/)?(?:([^/]+)\/)?$/.exec(path) ?? []
    const rows = rowsOf(kind, id, sub, url.searchParams)
    if (rows === undefined) return complain(404, 'no such path', {})
    if ('problem' in rows) return complain(400, 'parameters', rows.problem)
    if ('one' in rows)
      return rows.one === undefined ? { status: 404, body: { detail: 'Not found.' } } : { status: 200, body: rows.one }
    return pageOf(rows.list, url, complain)
  }

  const without = (row: Row, field: string): Row => {
    const { [field]: _, ...rest } = row
    return rest as Row
  }

  const rowsOf = (
    kind: string | undefined,
    id: string | undefined,
    sub: string | undefined,
    query: URLSearchParams,
  ) => {
    const one = (rows: Row[]) => ({ one: rows.find((row) => String(row.id) === id) })
    if (kind === 'chapter' && id !== undefined && sub === 'member') {
      return {
        list: fake.members.filter(({ chapter }) => String(chapter) === id).map((row) => without(row, 'chapter')),
      }
    }
    if (sub !== undefined) return undefined
    if (kind === 'event') return id === undefined ? { list: fake.events } : one(fake.events)
    if (kind === 'chapter') return id === undefined ? undefined : one(fake.chapters)
    if (kind === 'user') return id === undefined ? undefined : one(fake.users)
    if (kind !== 'attendee') return undefined
    if (id !== undefined) return one(fake.attendees)
    const event = query.get('event')
    if (event === null) return { problem: { event: 'This field is required.' } }
    return {
      list: fake.attendees.filter((row) => String(row['event_id']) === event).map((row) => without(row, 'event_id')),
    }
  }

  const pageOf = (
    list: Row[],
    url: URL,
    complain: (status: number, why: string, body: unknown) => Exclude<Scripted, { drop: true }>,
  ): Exclude<Scripted, { drop: true }> => {
    const known = new Set(['page', 'page_size', 'event'])
    const unknown = [...url.searchParams.keys()].find((name) => !known.has(name))
    if (unknown !== undefined) return complain(400, 'unknown parameter', { [unknown]: 'Unknown.' })
    const size = Number(url.searchParams.get('page_size') ?? 20)
    const page = Number(url.searchParams.get('page') ?? 1)
    if (!Number.isInteger(size) || size < 1 || size > 500)
      return complain(400, 'page size', { page_size: 'From 1 to 500.' })
    const pages = Math.max(1, Math.ceil(list.length / size))
    if (!Number.isInteger(page) || page < 1 || page > pages) return complain(404, 'page', { detail: 'Invalid page.' })
    const link = (number: number): string | null => {
      if (number < 1 || number > pages) return null
      const to = new URL(url)
      to.searchParams.set('page', String(number))
      return to.toString()
    }
    return {
      status: 200,
      body: {
        count: list.length,
        results: list.slice((page - 1) * size, page * size),
        links: { next: link(page + 1), previous: link(page - 1) },
        pagination: {
          current_page: page,
          next_page: page < pages ? page + 1 : null,
          previous_page: page > 1 ? page - 1 : null,
          page_size: size,
        },
      },
    }
  }

  return fake
}
