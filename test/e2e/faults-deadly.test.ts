/** A record, and a body, that end the process each time: on real processes. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parse } from 'csv-parse/sync'
import { afterEach, describe, expect, it } from 'vitest'
import {
  endBridgeProcesses,
  post,
  runVerb,
  startBridgeProcess,
  writeConfig,
  type BridgeProcess,
} from '../kit/bridge-process.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const secret = 'canary-secret-1f7a'
const receiver = { host: '127.0.0.1', port: 0, secrets: [secret] }
const csv = {
  plugin: 'csv',
  batch: { wait: '1ms' },
  options: { path: 'exports/all.csv', columns: { id: 'record.id' } },
}
const user = (id: number, more: object = {}) => JSON.stringify([{ type: 'user', data: [{ id, ...more }] }])
const send = (bridge: BridgeProcess, body: string) => post(bridge.url, body, { 'x-bevy-secret': secret })
const idsIn = (folder: string): number[] =>
  parse<Record<string, string>>(readFileSync(join(folder, 'exports/all.csv')), { columns: true }).map(({ id }) =>
    Number(id),
  )

const DEADLY = `
export default (bridge) =>
  bridge.definePlugin({
    name: 'deadly',
    options: bridge.z.strictObject({}),
    create: () => ({
      async send(jobs) {
        if (jobs.some((job) => job.data.deadly)) process.kill(process.pid, 'SIGKILL')
      },
    }),
  })
`

/** Starts it until one life lasts until `survived`; gives that life and the number of deaths before. */
async function startUntil(
  start: () => Promise<BridgeProcess>,
  survived: (line: BridgeProcess['lines'][number]) => boolean,
): Promise<{ bridge: BridgeProcess; deaths: number }> {
  for (let deaths = 0; ; deaths++) {
    if (deaths > 12) throw new Error('it dies for ever')
    try {
      const bridge = await start()
      await bridge.line(survived)
      return { bridge, deaths }
    } catch (error) {
      if (!(error instanceof Error) || !error.message.includes('the bridge ended')) throw error
    }
  }
}

describe('what ends the process each time', () => {
  it('is set aside: a record starts its destination paused, others go on, nothing is lost', async () => {
    const folder = folders()
    writeFileSync(join(folder, 'deadly.ts'), DEADLY)
    writeConfig(folder, {
      receiver,
      plugins: { deadly: './deadly.ts' },
      destinations: { fragile: { plugin: 'deadly', options: {} }, export: csv },
      routes: [{ name: 'everything', to: ['fragile', 'export'] }],
    })
    const first = await startBridgeProcess('node', folder)
    for (const id of [1, 2]) expect(await send(first, user(id))).toBe(200)
    expect(await send(first, user(3, { deadly: true }))).toBe(200)
    expect(await first.exited).toBe('SIGKILL')

    const start = () => startBridgeProcess('node', folder)
    const { bridge, deaths } = await startUntil(start, ({ event }) => event === 'destination set aside')
    // Two raise the suspicion, three more prove it; the first of the five is the life that received it.
    expect(deaths).toBe(4)
    expect(bridge.lines.filter(({ event }) => event === 'destination set aside')).toMatchObject([
      { destination: 'fragile', position: '3.1', deaths: 3 },
    ])
    expect(bridge.output()).toContain('fragile starts paused: sending record 3.1 has ended the process 3 times')
    expect(await send(bridge, user(4))).toBe(200)
    await bridge.line(
      ({ event, destination, first: at }) => event === 'attempt' && destination === 'export' && at === '4.1',
    )
    const { stdout } = await runVerb('node', folder, ['status', '--json'])
    expect(JSON.parse(stdout).destinations).toMatchObject([
      { name: 'fragile', state: 'paused', reason: expect.stringContaining('3.1'), sent: 2 },
      { name: 'export', state: 'running', sent: 4 },
    ])
    expect(idsIn(folder)).toEqual([1, 2, 3, 4])
    // A kill from outside changes nothing of it.
    bridge.signal('SIGKILL')
    await bridge.exited
    const again = await start()
    expect(again.lines.some(({ event }) => event === 'destination set aside')).toBe(true)
    // A reload is a person's word: it is sent to again.
    again.signal('SIGHUP')
    expect(await again.exited).toBe('SIGKILL')
  }, 90_000)

  it('is set aside: a body goes to quarantine unopened, those behind it go on', async () => {
    const folder = folders()
    // Parsing this very body ends the process, as one would that exhausts the memory.
    const preload = join(folder, 'deadly-parser.mjs')
    writeFileSync(
      preload,
      `const { parse } = JSON
       JSON.parse = (text, ...more) => {
         if (String(text).includes('"deadly":true')) process.kill(process.pid, 'SIGKILL')
         return parse(text, ...more)
       }`,
    )
    writeConfig(folder, { receiver, destinations: { export: csv }, routes: [{ name: 'everything', to: ['export'] }] })
    const start = () => startBridgeProcess('node', folder, { NODE_OPTIONS: `--import=${pathToFileURL(preload).href}` })
    const first = await start()
    expect(await send(first, user(1))).toBe(200)
    await first.line(({ event }) => event === 'attempt')
    // It is stored before it is looked at; whether the answer still gets out is a race.
    await send(first, user(2, { deadly: true }))
    expect(await first.exited).toBe('SIGKILL')

    const { bridge, deaths } = await startUntil(start, ({ event }) => event === 'body set aside')
    expect(deaths).toBe(4)
    expect(bridge.lines.find(({ event }) => event === 'body set aside')).toMatchObject({ seq: 2, deaths: 3 })
    await bridge.line(({ event, code }) => event === 'put into quarantine' && code === 'ERR_BODY_DEADLY')
    expect(await send(bridge, user(3))).toBe(200)
    await bridge.line(({ event, first: at }) => event === 'attempt' && at === '3.1')
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    expect(idsIn(folder)).toEqual([1, 3])
    // It stays closed for ever, also to those who look at it.
    const { code, stdout } = await runVerb('node', folder, ['explain', '--seq', '2', '--json'])
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { seq: 2, records: [] }])
  }, 90_000)
})
