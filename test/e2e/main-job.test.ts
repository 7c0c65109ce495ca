/** The main job on the real process: Bevy's bodies in, rows in CSV files and signed requests out. */

import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parse } from 'csv-parse/sync'
import { afterEach, describe, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { splitBody } from '../../src/core/records/bodies.ts'
import { parseExact } from '../../src/core/records/exact-json.ts'
import { endBridgeProcesses, post, runVerb, RUNTIMES, startBridgeProcess, writeConfig } from '../kit/bridge-process.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const samples = resolve(import.meta.dirname, '../samples/bevy')
const names = readdirSync(samples).sort()
const body = (name: string): string => readFileSync(join(samples, name), 'utf8')
const secret = 'canary-secret-1f7a'
const relaySecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const csv = { plugin: 'csv', options: { path: 'exports/{{ type }}.csv' } }
const everything = (to: string[]) => [{ name: 'everything', to }]
const rows = (folder: string, type: string): Record<string, string>[] =>
  parse(readFileSync(join(folder, `exports/${type}.csv`)), { columns: true })

/** Keys of the records in a sample, `id`-less ones left out. */
function keysIn(name: string): string[] {
  const split = splitBody(parseExact(body(name)))
  return split.state === 'items'
    ? split.items.flatMap((item) => (item.state === 'record' ? [item.record.key] : []))
    : []
}

describe.each(RUNTIMES)('on %s', (runtime) => {
  it('takes every sample body and forwards each new state to CSV and, signed, to a webhook receiver', async () => {
    await using relay = await startFakeReceiver({ secrets: [relaySecret], refusesDuplicates: true })
    const folder = folders()
    writeConfig(folder, {
      destinations: {
        export: csv,
        relay: {
          plugin: 'webhook',
          options: { url: `${relay.url}/in`, secrets: [relaySecret], allowPrivateNetworks: true },
        },
      },
      routes: everything(['export', 'relay']),
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
    })
    const bridge = await startBridgeProcess(runtime, folder)
    const keys: string[] = []
    for (const name of names) {
      expect([name, await post(bridge.url, body(name), { 'x-bevy-secret': secret })]).toEqual([name, 200])
      keys.push(...keysIn(name))
    }
    expect(keys.length).toBeGreaterThan(520)
    // Every state that differs from the one before is sent once; the samples repeat some of theirs.
    const status = async () => {
      const { stdout } = await runVerb(runtime, folder, ['status', '--json'])
      return JSON.parse(stdout) as {
        destinations: { name: string; sent: number; lag: { deliveries: number }; retrying: number }[]
      }
    }
    const first = await status()
    const expected = relay.taken.length
    await relay.takes(Math.max(expected, 500))
    await bridge.line(
      ({ event, destination, delivered }) => event === 'attempt' && destination === 'export' && Number(delivered) > 0,
    )
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    expect(first.destinations.map(({ name }) => name)).toEqual(['export', 'relay'])

    const again = await startBridgeProcess(runtime, folder)
    const settled = async (): Promise<Awaited<ReturnType<typeof status>>> => {
      for (;;) {
        const now = await status()
        if (now.destinations.every(({ lag, retrying }) => lag.deliveries === 0 && retrying === 0)) return now
      }
    }
    const { destinations } = await settled()
    expect(relay.problems).toEqual([])
    const [toCsv, toRelay] = destinations
    expect(toCsv?.sent).toBe(toRelay?.sent)
    expect(relay.taken).toHaveLength(toRelay?.sent ?? 0)
    const relayed = relay.taken.map(({ json }) => String((json as { data: { id: unknown } }).data.id))
    const exported = [...new Set(keys.map((key) => key.split(':')[0] as string))].flatMap((type) =>
      rows(folder, type).map((row) => row['id'] ?? row['_id']),
    )
    expect(exported.sort()).toEqual(relayed.sort())
    expect(new Set(relay.taken.map(({ id }) => id)).size).toBe(relay.taken.length)
    expect(
      rows(folder, 'attendee')
        .filter(({ id }) => id === '5001')
        .map(({ status: state }) => state),
    ).toContain('checked-in')
    again.signal('SIGTERM')
    expect(await again.exited).toBe(0)
  }, 120_000)

  it('never prints a secret, an e-mail address or a name of a person, whatever goes wrong', async () => {
    const folder = folders()
    writeConfig(folder, {
      destinations: {
        export: csv,
        relay: {
          plugin: 'webhook',
          options: {
            url: 'http://127.0.0.1:9/canary-path?token=canary-token-77',
            secrets: [relaySecret],
            allowPrivateNetworks: true,
            headers: { Authorization: 'Bearer canary-bearer-55' },
          },
        },
        strict: {
          plugin: 'csv',
          options: { path: 'strict.csv', columns: { x: { path: 'record.canary_field', required: true } } },
        },
      },
      routes: everything(['export', 'relay', 'strict']),
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
    })
    const bridge = await startBridgeProcess(runtime, folder, { BEVY_BRIDGE_LOG_LEVEL: 'debug' })
    const canary = {
      id: 1,
      email: 'canary.person@example.com',
      first_name: 'Canaryfirst',
      last_name: 'Canarylast',
      event_id: 2,
    }
    const good = JSON.stringify([{ type: 'attendee', data: [canary] }])
    const bad = [
      `[{"type":"attendee","data":[{"email":"canary.person@example.com","first_name":"Canaryfirst"`,
      JSON.stringify([{ type: 'attendee', data: [{ ...canary, id: null }] }]),
      JSON.stringify({ Canaryfirst: 'canary.person@example.com' }),
      JSON.stringify([{ type: 'Canaryfirst@Canarylast', data: [{ id: 1 }] }]),
    ]
    for (const each of [good, ...bad]) expect(await post(bridge.url, each, { 'x-bevy-secret': secret })).toBe(200)
    expect(await post(bridge.url, good, { 'x-bevy-secret': 'canary-wrong-99' })).toBeUndefined()
    expect(await post(bridge.url, good, { 'x-other': secret })).toBeUndefined()
    expect(await post(bridge.url.replace('/bevy', '/canary-other'), good, { 'x-bevy-secret': secret })).toBeUndefined()
    await bridge.line(({ event, destination }) => event === 'attempt' && destination === 'relay')
    await bridge.line(({ event, destination }) => event === 'attempt' && destination === 'strict')
    bridge.signal('SIGTERM')
    await bridge.exited
    const text = bridge.output()
    expect(text).toContain('stopped')
    for (const word of [
      'canary.person',
      'Canaryfirst',
      'Canarylast',
      'canary-secret',
      'canary-wrong',
      'canary-bearer',
      'canary-token',
      relaySecret,
    ]) {
      expect(text.includes(word) ? `${word} in: ${text.split('\n').find((part) => part.includes(word))}` : '').toBe('')
    }
  })

  it('makes a secret once, mode 0600, and says what to enter in Bevy', async () => {
    const folder = folders()
    writeConfig(folder, { destinations: { export: csv }, routes: everything(['export']) })
    const bridge = await startBridgeProcess(runtime, folder)
    const file = join(folder, 'data/secret')
    const made = readFileSync(file, 'utf8').trim()
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(made).toMatch(/^[\w-]{43}$/)
    const simulated = await runVerb(runtime, folder, [
      'simulate',
      '--to',
      bridge.url,
      '--type',
      'all',
      '--count',
      '20',
      '--seed',
      '7',
      '--json',
    ])
    expect([simulated.code, simulated.stderr]).toEqual([0, ''])
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    expect(bridge.output()).not.toContain(made)
    expect(bridge.output()).toContain(`in the file ${file}`)
    expect(bridge.output()).toMatch(/Webhooks Secret Key +X-BEVY-SECRET/)
    expect(bridge.output()).toMatch(/Switches +attendee, event, chapter, chaptermember, user/)

    const again = await startBridgeProcess(runtime, folder)
    expect(readFileSync(file, 'utf8').trim()).toBe(made)
    again.signal('SIGTERM')
    await again.exited
    // A store with deliveries that has lost its secret is refused: a new one would lock Bevy out.
    rmSync(file)
    await expect(startBridgeProcess(runtime, folder)).rejects.toThrow('ERR_SECRET_MISSING')
  })

  it('is killed while it works, and goes on where it was: every row once', async () => {
    const folder = folders()
    writeConfig(folder, {
      destinations: { export: csv },
      routes: everything(['export']),
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
    })
    let bridge = await startBridgeProcess(runtime, folder)
    const acknowledged: number[] = []
    for (let round = 0; round < 3; round++) {
      const killed = bridge
      const posts = Array.from({ length: 30 }, async (_, index) => {
        const id = round * 100 + index
        const answer = await post(killed.url, JSON.stringify([{ type: 'user', data: [{ id }] }]), {
          'x-bevy-secret': secret,
        })
        if (answer === 200) acknowledged.push(id)
        if (index === 20) killed.signal('SIGKILL')
      })
      await Promise.all(posts)
      expect(await killed.exited).toBe('SIGKILL')
      bridge = await startBridgeProcess(runtime, folder)
    }
    expect(acknowledged.length).toBeGreaterThan(0)
    expect(
      await post(bridge.url, JSON.stringify([{ type: 'user', data: [{ id: 999 }] }]), { 'x-bevy-secret': secret }),
    ).toBe(200)
    for (;;) {
      const { stdout } = await runVerb(runtime, folder, ['status', '--json'])
      if (JSON.parse(stdout).destinations[0].lag.deliveries === 0) break
    }
    bridge.signal('SIGTERM')
    await bridge.exited
    const ids = rows(folder, 'user').map(({ id }) => Number(id))
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual(expect.arrayContaining([...acknowledged, 999]))
  }, 120_000)

  it('reloads on SIGHUP and by itself; a bad file keeps the running config and says why', async () => {
    const folder = folders()
    const config = (path: string) => ({
      destinations: { export: { plugin: 'csv', options: { path } } },
      routes: everything(['export']),
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
    })
    const file = writeConfig(folder, config('exports/one-{{ type }}.csv'))
    const bridge = await startBridgeProcess(runtime, folder)
    const send = (id: number) =>
      post(bridge.url, JSON.stringify([{ type: 'user', data: [{ id }] }]), { 'x-bevy-secret': secret })
    const good = readFileSync(file, 'utf8')
    writeFileSync(file, good.replace('plugin: csv', 'plugin: cvs'))
    bridge.signal('SIGHUP')
    const refused = await bridge.line(({ event }) => event === 'config not reloaded')
    expect(refused['problem']).toMatch(/bevy-bridge\.yaml:\d+:\d+ destinations\.export\.plugin: .*did you mean "csv"/)
    expect(await send(1)).toBe(200)
    writeConfig(folder, config('exports/two-{{ type }}.csv'))
    // No signal: the change itself is enough.
    await bridge.line(({ event }) => event === 'config reloaded')
    expect(await send(2)).toBe(200)
    await bridge.line(({ event, first }) => event === 'attempt' && first === '2.1')
    bridge.signal('SIGTERM')
    await bridge.exited
    expect(readFileSync(join(folder, 'exports/one-user.csv'), 'utf8')).toContain('\r\n1.1,')
    expect(readFileSync(join(folder, 'exports/two-user.csv'), 'utf8')).toContain('\r\n2.1,')
  })
})
