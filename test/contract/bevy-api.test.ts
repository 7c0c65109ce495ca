/** What the bridge asks of Bevy's REST API, against a fake that refuses what the real one is known to refuse. */

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startFakeBevy, type FakeBevy } from '../../src/bevy-api/bevy.fake.ts'
import { createRestApi } from '../../src/bevy-api/rest-api.ts'
import type { PageQuery, RestApi, RestList } from '../../src/core/reconcile/rest.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { systemClock } from '../../src/clock.ts'
import { createMemoryLog, type MemoryLog } from '../kit/log.ts'

let fake: FakeBevy
let api: RestApi
let log: MemoryLog
const { signal } = new AbortController()

const open = (
  more: { token?: string; pageSize?: number; api?: string; allowPrivateNetworks?: boolean } = {},
): RestApi => {
  const { token = fake.token, pageSize = 2, allowPrivateNetworks = true } = more
  const http = createHttpClient({
    allowHttp: true,
    allowPrivateNetworks,
    userAgent: 'bevy-bridge/0',
    secrets: () => [fake.token],
    clock: systemClock,
    log,
  })
  return createRestApi({ api: more.api ?? fake.api, token, pageSize }, http)
}

const all = async (list: RestList): Promise<JsonObject[]> => {
  const records: JsonObject[] = []
  for (let query: PageQuery | undefined = {}; query !== undefined;) {
    const answer = await api.page(list, query, signal)
    if (answer.state !== 'found') throw new Error(answer.state)
    records.push(...answer.value.records)
    query = answer.value.next
  }
  return records
}

beforeEach(async () => {
  fake = await startFakeBevy()
  log = createMemoryLog()
  api = open()
})
afterEach(async () => {
  await api.close()
  await fake.close()
})

describe('lists', () => {
  it('are read page by page, with requests the other side has nothing against', async () => {
    for (let id = 1; id <= 5; id++) fake.events.push({ id, title: `Event ${id}` })
    fake.attendees.push({ id: 1, event_id: 3 }, { id: 2, event_id: 4 }, { id: 3, event_id: 3 }, { id: 4, event_id: 3 })
    fake.members.push({ id: 8, chapter: 77 }, { id: 9, chapter: 78 })
    expect((await all({ state: 'events' })).map(({ id }) => id)).toEqual([1, 2, 3, 4, 5])
    expect((await all({ state: 'attendees', event: '3' })).map(({ id }) => id)).toEqual([1, 3, 4])
    expect((await all({ state: 'members', chapter: '77' })).map(({ id }) => id)).toEqual([8])
    expect(fake.complaints).toEqual([])
    expect(fake.requests.slice(0, 2)).toEqual(['/event/?page_size=2', '/event/?page_size=2&page=2'])
  })

  it('a link decides parameters, never where the token goes or which list it is', async () => {
    fake.events.push({ id: 1 })
    fake.attendees.push({ id: 5, event_id: 3 })
    fake.script = (path) =>
      path === '/attendee/' && fake.requests.length === 1
        ? {
            status: 200,
            body: { results: [{ id: 4 }], links: { next: 'https://evil.example/event/?event=99&page=1' } },
          }
        : undefined
    expect((await all({ state: 'attendees', event: '3' })).map(({ id }) => id)).toEqual([4, 5])
    expect(fake.requests[1]).toBe('/attendee/?page_size=2&event=3&page=1')
  })

  it('end where a link leads in a circle, and go by the number of the page where there is no link', async () => {
    fake.script = (_path, query) => {
      if (fake.requests.length > 3) return { status: 500 }
      const page = Number(query.get('page') ?? 1)
      return { status: 200, body: { results: [{ id: page }], pagination: { next_page: page < 3 ? page + 1 : page } } }
    }
    expect(await all({ state: 'events' })).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  })

  it('keep ids that are too long for a number', async () => {
    await fake.close()
    fake = await startFakeBevy()
    const { createServer } = await import('node:http')
    const server = createServer((_request, response) => response.end('{"results":[{"id":9007199254740993}]}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    await api.close()
    api = open({ api: `http://127.0.0.1:${port}/api` })
    expect(await all({ state: 'events' })).toEqual([{ id: '9007199254740993' }])
    server.close()
    server.closeAllConnections()
  })
})

describe('answers', () => {
  it('a record by its id, or none', async () => {
    fake.chapters.push({ id: 77, title: 'Berlin' })
    expect(await api.record('chapter', '77', signal)).toEqual({ state: 'found', value: { id: 77, title: 'Berlin' } })
    expect(await api.record('event', '12', signal)).toEqual({ state: 'none' })
    expect(fake.complaints).toEqual([])
  })

  it.each([
    [
      { status: 429, headers: { 'retry-after': '7' } },
      { state: 'again', after: 7000 },
    ],
    [{ status: 503 }, { state: 'again' }],
    [{ drop: true } as const, { state: 'again' }],
    [{ status: 401 }, { state: 'refused' }],
    [{ status: 400, body: { page_size: 'someone@example.org' } }, { state: 'odd' }],
    [{ status: 302, headers: { location: 'https://elsewhere.example/' } }, { state: 'odd' }],
    [{ status: 200, body: { results: 'none' } }, { state: 'odd' }],
    [{ status: 200 }, { state: 'odd' }],
  ])('%j', async (scripted, expected) => {
    fake.script = () => scripted
    const answer = await api.page({ state: 'events' }, {}, signal)
    expect(answer).toMatchObject(expected)
    expect(JSON.stringify([answer, log.lines])).not.toMatch(/someone@|bevy-key/)
  })

  it('a wrong token is refused, and so is an address that may not be reached', async () => {
    await api.close()
    api = open({ token: 'another-key-98765' })
    expect(await api.record('event', '1', signal)).toMatchObject({ state: 'refused' })
    await api.close()
    api = open({ allowPrivateNetworks: false })
    expect(await api.record('event', '1', signal)).toMatchObject({ state: 'refused' })
    expect(fake.requests).toHaveLength(1)
  })

  it('a request ends with its signal', async () => {
    const ending = new AbortController()
    fake.script = () => {
      ending.abort(new Error('enough'))
      return new Promise(() => {})
    }
    await expect(api.page({ state: 'events' }, {}, ending.signal)).rejects.toThrow('enough')
  })
})
