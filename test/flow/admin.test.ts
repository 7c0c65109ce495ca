import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectAdmin } from '../../src/admin/client.ts'
import { createAdmin, type Admin } from '../../src/admin/server.ts'
import { ensureAdminToken } from '../../src/admin/token.ts'
import { BridgeError } from '../../src/core/errors.ts'
import type { BridgeAccess, ExplainInput, InspectQuery, StatusReport } from '../../src/core/dispatch/reports.ts'
import { createMemoryLog } from '../kit/log.ts'

const STATUS: StatusReport = {
  state: 'running',
  version: '1.2.3',
  runtime: 'node 24',
  journal: { first: 1, tail: 4, indexed: 4, quarantined: 0 },
  receiver: [],
  unmatched: {},
  stale: {},
  destinations: [],
}
const SETTINGS = { host: '127.0.0.1', port: 0 }

let dataPath: string
let admin: Admin
let token: string
let asked: (InspectQuery | ExplainInput)[]
let queries: Pick<BridgeAccess, 'status' | 'inspect' | 'explain'> & Partial<BridgeAccess>
const log = createMemoryLog()

beforeEach(async () => {
  dataPath = await mkdtemp(join(tmpdir(), 'bevy-bridge-admin-'))
  token = await ensureAdminToken(dataPath)
  asked = []
  log.lines.length = 0
  queries = {
    status: async () => STATUS,
    async inspect(query) {
      asked.push(query)
      return { records: [] }
    },
    async explain(input) {
      asked.push(input)
      return { records: [] }
    },
  }
  admin = await createAdmin(SETTINGS, { access: proxy(), token, log, version: '1.2.3', dataPath })
})

afterEach(async () => {
  await admin.close()
  await rm(dataPath, { recursive: true })
})

/** Looks at `queries` at each call, so that a test can replace one. */
function proxy(): BridgeAccess {
  const look = (_: unknown, name: string) => (input: unknown) =>
    (queries[name as 'inspect'] as (input: unknown) => unknown)(input)
  return new Proxy({}, { get: look }) as BridgeAccess
}

function get(path: string, headers: Record<string, string>, method = 'GET'): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port: admin.port, path, method, headers, agent: false }
    const sent = request(options, (response) => {
      let body = ''
      response.on('data', (part: Buffer) => (body += part.toString()))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('admin token', () => {
  it('is made once and kept, readable for its owner alone', async () => {
    const file = join(dataPath, 'admin-token')
    await chmod(file, 0o644)
    expect(await ensureAdminToken(dataPath)).toBe(token)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect((await readFile(file, 'utf8')).trim()).toBe(token)
  })
  it('is made anew when its file was cut short', async () => {
    await writeFile(join(dataPath, 'admin-token'), '')
    const fresh = await ensureAdminToken(dataPath)
    expect(fresh).toMatch(/^[\w-]{43}$/)
    expect(fresh).not.toBe(token)
  })
})

describe('admin API', () => {
  it.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['the right one without its scheme', { authorization: 'TOKEN' }],
    ['a part of it', { authorization: 'Bearer PART' }],
  ])('answers 401 with %s as token, on every path', async (_name, headers: Record<string, string>) => {
    const given = headers['authorization']?.replace('TOKEN', token).replace('PART', token.slice(0, -1))
    for (const path of ['/', '/status', '/inspect?key=a:1', '/nothing']) {
      const { status, body } = await get(path, given === undefined ? {} : { authorization: given })
      expect(status).toBe(401)
      expect(body).not.toContain('journal')
    }
  })
  it.each([
    ['evil.example', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost.evil.example:80', 403],
    ['localhost:8081', 200],
    ['[::1]:8081', 200],
  ])('looks at the Host header: %s gets %i', async (host, status) => {
    expect((await get('/status', { authorization: `Bearer ${token}`, host })).status).toBe(status)
  })
  it('answers 400 for a bad question and 404 for an unknown path', async () => {
    const headers = { authorization: `Bearer ${token}` }
    expect((await get('/inspect', headers)).status).toBe(400)
    expect((await get('/explain?seq=-1', headers, 'POST')).status).toBe(400)
    expect((await get('/nothing', headers)).status).toBe(404)
  })
  it('logs neither the token nor an address, and hides what a bug says', async () => {
    queries = { ...queries, inspect: () => Promise.reject(new TypeError('canary in a bug')) }
    const answer = await get('/inspect?email=canary%40example.com', { authorization: `Bearer ${token}` })
    expect(answer.status).toBe(500)
    expect(answer.body).not.toContain('canary')
    expect(log.lines.map(({ event }) => event)).toEqual(['admin request', 'admin request failed'])
    expect(JSON.stringify(log.lines)).not.toMatch(new RegExp(`example\\.com|${token}`))
  })
})

describe('admin client', () => {
  it('asks the running bridge', async () => {
    const bridge = (await connectAdmin({ host: '127.0.0.1', port: 1 }, dataPath))!
    expect(await bridge.status()).toEqual(STATUS)
    await bridge.inspect({ key: 'attendee:1' })
    await bridge.inspect({ email: 'a+b@example.com', data: true })
    await bridge.explain({ seq: 7 })
    await bridge.explain({ body: new TextEncoder().encode('[{"type":"é"}]') })
    expect(asked.slice(0, 3)).toEqual([
      { key: 'attendee:1', data: false },
      { email: 'a+b@example.com', data: true },
      { seq: 7 },
    ])
    expect(new TextDecoder().decode((asked[3] as { body: Uint8Array }).body)).toBe('[{"type":"é"}]')
  })
  it('hands on errors with their kind and code', async () => {
    queries = {
      ...queries,
      explain: () => Promise.reject(new BridgeError('store', 'ERR_JOURNAL_GAP', 'delivery 3 is missing')),
    }
    const bridge = (await connectAdmin(SETTINGS, dataPath))!
    const error = await bridge.explain({ seq: 3 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ kind: 'store', code: 'ERR_JOURNAL_GAP', message: 'delivery 3 is missing' })
  })
  it('asks and acts for people: input and answer as they are, nothing for what is not there', async () => {
    const calls: unknown[] = []
    const note = (name: string, answer: unknown) => async (input: unknown) => {
      calls.push([name, input])
      return answer as never
    }
    queries = {
      ...queries,
      deadLetter: note('deadLetter', undefined),
      deadLetters: note('deadLetters', { letters: [], total: 0 }),
      redrive: note('redrive', { done: 1, destinations: { crm: 1 }, notes: ['ü'] }),
      discardDead: note('discardDead', { done: 0, destinations: {}, notes: [] }),
      skip: note('skip', { name: 'crm' }),
      replay: note('replay', { id: 'r1' }),
    }
    const bridge = (await connectAdmin(SETTINGS, dataPath))!
    expect(await bridge.deadLetter({ id: 'crm:1', data: true })).toBeUndefined()
    expect(await bridge.deadLetters({ limit: 3 })).toEqual({ letters: [], total: 0 })
    expect(await bridge.redrive({ destination: 'crm' })).toMatchObject({ notes: ['ü'] })
    await bridge.discardDead({ id: 'crm:1', why: 'x' })
    await bridge.skip({ name: 'crm', to: { seq: 4, n: 1 } })
    const span = { name: 'crm', from: { at: 5 }, types: ['user'], where: { record: { a: [1, null] } } }
    await bridge.replay(span)
    expect(calls).toEqual([
      ['deadLetter', { id: 'crm:1', data: true }],
      ['deadLetters', { limit: 3 }],
      ['redrive', { destination: 'crm' }],
      ['discardDead', { id: 'crm:1', why: 'x' }],
      ['skip', { name: 'crm', to: { seq: 4, n: 1 } }],
      ['replay', span],
    ])
  })
  it('refuses input that is not what a call takes, before anything is done, and acts on POST alone', async () => {
    const headers = { authorization: `Bearer ${token}` }
    expect((await get('/actions/forget', headers, 'GET')).status).toBe(404)
    expect((await get('/actions/forget', headers, 'POST')).status).toBe(400)
    expect((await get('/actions/forget', {}, 'POST')).status).toBe(401)
    const bridge = (await connectAdmin(SETTINGS, dataPath))!
    const wrong = { name: 'crm', to: 'soon' } as unknown as Parameters<BridgeAccess['skip']>[0]
    await expect(bridge.skip(wrong)).rejects.toMatchObject({ message: expect.stringContaining('400') })
  })
  it('finds none when none runs, and says so when something else answers', async () => {
    const other = createServer((_request, response) => response.end('hello'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await admin.close()
    await expect(connectAdmin({ host: '127.0.0.1', port }, dataPath)).rejects.toMatchObject({
      code: 'ERR_ADMIN_FOREIGN',
    })
    await new Promise((resolve) => other.close(resolve))
    expect(await connectAdmin({ host: '127.0.0.1', port }, dataPath)).toBeUndefined()
    expect(await connectAdmin(SETTINGS, join(dataPath, 'empty'))).toBeUndefined()
  })
  it('says which setting to change when the port is taken', async () => {
    const taken = createAdmin(
      { host: '127.0.0.1', port: admin.port },
      { access: proxy(), token, log, version: '1', dataPath },
    )
    await expect(taken).rejects.toMatchObject({
      code: 'ERR_ADMIN_LISTEN',
      message: expect.stringContaining('admin.port'),
    })
  })
})

describe('metrics', () => {
  const page = async () => ({ contentType: 'text/plain; version=0.0.4', text: 'bevy_bridge_info 1\n' })
  const reopen = async (metrics?: 'open' | 'token' | 'off'): Promise<void> => {
    await admin.close()
    admin = await createAdmin(
      { ...SETTINGS, metrics },
      { access: proxy(), token, log, version: '1.2.3', dataPath, metrics: page },
    )
  }
  const bearer = () => ({ authorization: `Bearer ${token}` })

  it('need the token unless told otherwise, whatever name they are asked for by', async () => {
    await reopen()
    expect((await get('/metrics', {})).status).toBe(401)
    expect(await get('/metrics', { ...bearer(), host: 'bridge:8081' })).toEqual({
      status: 200,
      body: 'bevy_bridge_info 1\n',
    })
  })

  it('open: for everybody, and nothing else is', async () => {
    await reopen('open')
    expect((await get('/metrics', { host: 'bridge:8081' })).status).toBe(200)
    expect((await get('/metrics/', {})).status).not.toBe(200)
    expect((await get('/status', {})).status).toBe(401)
  })

  it('off: for nobody', async () => {
    await reopen('off')
    expect((await get('/metrics', bearer())).status).toBe(404)
  })
})
