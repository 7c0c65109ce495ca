/** A person in everything the bridge keeps, erased on the real process; then every byte on the disk is searched. */

import { join } from 'node:path'
import { existsSync, readFileSync } from 'node:fs'
import { afterEach, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { endBridgeProcesses, post, RUNTIMES, runVerb, startBridgeProcess, writeConfig } from '../kit/bridge-process.ts'
import { deliveries, TRACES, tracesIn, walkIn } from '../kit/erasure-person.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const secret = 'canary-secret-77aa'

it.each(RUNTIMES)(
  'on %s: not one byte of a person is left, and all else is as it was',
  async (runtime) => {
    await using relay = await startFakeReceiver({})
    const folder = folders()
    const webhook = { plugin: 'webhook', options: { url: `${relay.url}/hook`, allowPrivateNetworks: true } }
    const columns = { id: 'record.id', mail: 'record.email' }
    writeConfig(folder, {
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
      destinations: {
        told: { ...webhook, options: { ...webhook.options, erasure: true } },
        refusing: { ...webhook, mode: 'latest', options: { ...webhook.options, url: `${relay.url}/refuse` } },
        waiting: { ...webhook, options: { ...webhook.options, url: `${relay.url}/wait` } },
        log: { plugin: 'csv', options: { path: 'exports/log.csv' } },
        table: { plugin: 'csv', options: { as: 'table', path: 'exports/table.csv', columns } },
      },
      routes: [{ name: 'all', to: ['told', 'refusing', 'waiting', 'log', 'table'] }],
    })
    relay.fallback = ({ path }) => ({ status: path === '/refuse' ? 400 : path === '/wait' ? 503 : 200 })
    let bridge = await startBridgeProcess(runtime, folder)
    for (const { body, encoding } of deliveries()) {
      const headers = { 'x-bevy-secret': secret, 'content-type': 'application/json' }
      expect(
        await post(bridge.url, body, encoding === undefined ? headers : { ...headers, 'content-encoding': encoding }),
      ).toBe(200)
    }
    const verb = async (...args: string[]) => {
      const result = await runVerb(runtime, folder, args)
      for (const word of TRACES) expect(result.stdout + result.stderr).not.toContain(word)
      return result
    }
    // The last one has arrived everywhere, so all before it have.
    const last = JSON.stringify([{ type: 'user', data: [{ id: 6, email: 'last@stays.example' }] }])
    expect(await post(bridge.url, last, { 'x-bevy-secret': secret })).toBe(200)
    const arrived = (path: string): boolean =>
      relay.taken.some((request) => request.path === path && JSON.stringify(request.json).includes('last@stays'))
    const written = (name: string): boolean =>
      existsSync(join(folder, name)) && readFileSync(join(folder, name), 'utf8').includes('last@stays')
    await expect
      .poll(
        () => [
          arrived('/hook'),
          arrived('/refuse'),
          arrived('/wait'),
          written('exports/log.csv'),
          written('exports/table.csv'),
        ],
        { timeout: 20_000 },
      )
      .toEqual([true, true, true, true, true])
    expect(tracesIn(folder).length).toBeGreaterThan(8)
    const rows = (): string[] => readFileSync(join(folder, 'exports/log.csv'), 'utf8').split('\r\n')
    const others = rows().filter((row) => !/canary|event,9001/i.test(row))

    const done = await verb('erase', '--user', '4', '--exports', '--yes', '--json')
    expect([done.code, done.stderr]).toEqual([0, ''])
    const report = JSON.parse(done.stdout)
    expect(report).toMatchObject({ state: 'done', scrubbed: true, accounts: 1, addresses: 2, unopened: 0, shared: 0 })
    expect(report.counts).toMatchObject({ records: 8, heads: 5, quarantine: 1 })
    const states = Object.fromEntries(
      report.destinations.map(({ name, state }: { name: string; state: string }) => [name, state]),
    )
    expect(states).toEqual({ told: 'told', refusing: 'cannot', waiting: 'cannot', log: 'told', table: 'told' })
    expect(tracesIn(folder)).toEqual([])

    // Others are as they were, byte for byte.
    expect(rows().filter((row) => !/event,9001/.test(row))).toEqual(others)
    const told = relay.taken.filter(({ json }) => (json as { type?: string } | undefined)?.type === 'user.erased')
    expect(told.map(({ json }) => (json as { data: unknown }).data)).toMatchObject([{ users: ['4'] }])

    // Killed and started again it sends nothing of what is left of them, and takes what comes as new.
    bridge.signal('SIGKILL')
    await bridge.exited
    const asked = relay.taken.length
    bridge = await startBridgeProcess(runtime, folder)
    expect(await post(bridge.url, walkIn, { 'x-bevy-secret': secret })).toBe(200)
    await expect
      .poll(() => relay.taken.slice(asked).filter(({ path }) => path === '/hook').length, { timeout: 20_000 })
      .toBe(1)
    // A waiting job of an event goes on, without the person.
    const after = relay.taken.slice(asked)
    expect(after.filter(({ json }) => (json as { data?: { erased?: true } }).data?.erased === true)).toEqual([])
    expect(after.map(({ text }) => text).filter((text) => /peregrina|oxblood|since-1999/i.test(text))).toEqual([])
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)

    // The same at rest; an index made again from what is left brings nothing back.
    expect(tracesIn(folder)).not.toEqual([])
    const again = await verb('erase', '--email', 'WALK-IN@canary.example', '--exports', '--yes', '--json')
    expect(JSON.parse(again.stdout)).toMatchObject({ state: 'telling', live: false, counts: { records: 1 } })
    expect((await verb('rebuild', '--json')).code).toBe(0)
    // Until the next start tells them, the erasure itself and the exports hold what destinations need.
    bridge = await startBridgeProcess(runtime, folder)
    await bridge.line(({ event, erasure }) => event === 'an erasure is done' && erasure === JSON.parse(again.stdout).id)
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    expect(tracesIn(folder)).toEqual([])
  },
  60_000,
)
