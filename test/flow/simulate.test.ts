import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { CliDeps } from '../../src/cli/deps.ts'
import type { SimulateReport } from '../../src/cli/format-simulate.ts'
import { cliSettings, runTestCli } from '../kit/cli.ts'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** What the receiver does with the n-th POST, from 1: a status, close without an answer, or say nothing. */
let behave: (n: number) => number | 'close' | 'silent'
let received: Received[]
let server: Server
let port: number

beforeEach(async () => {
  behave = () => 200
  received = []
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) })
      const does = behave(received.length)
      if (does === 'close') request.socket.destroy()
      else if (does !== 'silent') response.writeHead(does).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function simulate(line: string, deps: Partial<CliDeps> = {}) {
  const argv = [
    'simulate',
    '--to',
    `http://127.0.0.1:${port}/bevy`,
    '--secret',
    'a secret',
    '--json',
    ...line.split(' '),
  ]
  const { code, out, err } = await runTestCli(argv, deps)
  return { code, err, report: JSON.parse(out) as SimulateReport }
}

const records = ({ body }: Received) =>
  (JSON.parse(body.toString()) as { type: string; data: { id: number }[] }[]).flatMap(({ type, data }) =>
    data.map(({ id }) => `${type}:${id}`),
  )

describe('simulate', () => {
  it('posts as Bevy does, one record each', async () => {
    const { code, report } = await simulate('--type event --count 3 --header X-Own')
    expect(code).toBe(0)
    expect(report).toMatchObject({
      posts: 3,
      retries: 0,
      answers: { '200': 3 },
      acknowledged: 3,
      givenUp: 0,
      pending: 0,
    })
    expect(received.map((one) => records(one).length)).toEqual([1, 1, 1])
    expect(received[0]!.headers).toMatchObject({ 'content-type': 'application/json', 'x-own': 'a secret' })
  })
  it('posts in bulk, compressed when asked', async () => {
    const { report } = await simulate('--count 700 --bulk --gzip --seed 5')
    expect(report).toMatchObject({ posts: 2, acknowledged: 700, seed: 5 })
    expect(received[0]!.headers['content-encoding']).toBe('gzip')
    expect(records({ ...received[0]!, body: gunzipSync(received[0]!.body) })).toHaveLength(500)
  })
  it('tries again what was refused or not answered, sooner when time is compressed', async () => {
    behave = (n) => (n === 1 ? 'close' : n === 2 ? 503 : 200)
    const { code, report } = await simulate('--speed 60000')
    expect(code).toBe(0)
    expect(report).toMatchObject({
      posts: 3,
      retries: 2,
      answers: { '200': 1, '503': 1, 'no answer (reset)': 1 },
      acknowledged: 1,
    })
    expect(new Set(received.flatMap(records)).size).toBe(1)
  })
  it('goes by the reading: under R3 an error ends the matter, under R2 a 202 does', async () => {
    behave = (n) => (n === 1 ? 500 : 202)
    expect((await simulate('--reading R3')).report).toMatchObject({ posts: 1, acknowledged: 1 })
    expect((await simulate('--reading R2')).report).toMatchObject({ posts: 1, acknowledged: 1 })
  })
  it('ends with 1 when something was given up', async () => {
    behave = () => 'close'
    expect(await simulate('--count 2 --once')).toMatchObject({ code: 1, report: { posts: 2, retries: 0, givenUp: 2 } })
  })
  it('keeps its POSTs under way within the concurrency', async () => {
    behave = () => 'silent'
    const held: ServerResponse[] = []
    const most: number[] = []
    server.on('request', (_request, response: ServerResponse) => {
      held.push(response)
      if (held.length !== 4) return
      // Whoever sends a fifth before an answer has the time for it.
      setTimeout(() => {
        most.push(held.length)
        for (const one of held.splice(0)) one.end('{}')
      }, 5)
    })
    await simulate('--count 40 --concurrency 4')
    expect(most).toEqual(Array(10).fill(4))
  })
  it('sends a file, or every .json of a folder, byte for byte', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bevy-bridge-simulate-'))
    await writeFile(join(folder, 'b.json'), '[ {"type": 1} ]\n')
    await writeFile(join(folder, 'a.json'), 'not json')
    await writeFile(join(folder, 'c.txt'), 'x')
    behave = (n) => (n === 1 ? 500 : 200)
    const { code, report } = await simulate(`--file ${folder} --bulk --speed 60000`)
    await rm(folder, { recursive: true })
    expect([code, report.posts, report.acknowledged]).toEqual([0, 3, 2])
    expect(received.map(({ body }) => body.toString())).toEqual(['not json', '[ {"type": 1} ]\n', 'not json'])
  })
  it('ends when it is told to, saying what is pending', async () => {
    behave = () => 'silent'
    const controller = new AbortController()
    server.on('request', (request) => request.on('end', () => controller.abort()))
    const { code, report } = await simulate('--count 3', { signal: controller.signal })
    expect([code, report.pending, report.acknowledged]).toEqual([1, 3, 0])
  })
  it('tells while it waits long', async () => {
    behave = () => 'close'
    const controller = new AbortController()
    const waits: string[] = []
    const stderr = {
      write(text: string) {
        waits.push(text)
        controller.abort()
      },
    }
    await simulate('--count 1', { signal: controller.signal, stderr })
    expect(waits).toEqual(['1 pending, last: no answer (reset); next in 10m (--speed makes it shorter)\n'])
  })
})

describe('where it goes', () => {
  const settings = (overrides = {}) => {
    const base = cliSettings()
    return { ...base, receiver: { ...base.receiver, port, ...overrides } }
  }
  const config = (overrides = {}): Partial<CliDeps> => ({
    loadConfig: async () => ({ ok: true, settings: settings(overrides), warnings: [], switches: [] }),
  })
  it('to this bridge, with the secret and header of its config', async () => {
    const { code, out } = await runTestCli(['simulate', '--seed', '3'], config())
    expect(code).toBe(0)
    expect(out).toContain(`target   http://127.0.0.1:${port}/bevy (seed 3)`)
    expect(received[0]!.headers['x-test-secret']).toBe('configured-secret')
  })
  it('never takes the secret of the config elsewhere', async () => {
    // The machine's own name is not one that is surely local; nothing listens, and nothing may be asked of the config.
    const deps: Partial<CliDeps> = { loadConfig: () => Promise.reject(new Error('the config was read')) }
    const { code, err } = await runTestCli(['simulate', '--to', 'http://0.0.0.0:1/', '--yes', '--once'], deps)
    expect([code, err]).toEqual([1, 'no secret is known: sending without one\n'])
  })
  it('does not go with a config that is wrong', async () => {
    const problem = { file: '/srv/a.yaml', line: 1, column: 1, path: '', message: 'wrong' }
    const { code, err } = await runTestCli(['simulate'], {
      loadConfig: async () => ({ ok: false, problems: [problem] }),
    })
    expect([code, err, received.length]).toEqual([1, 'a.yaml:1:1 wrong\n', 0])
  })
})
