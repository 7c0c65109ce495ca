/** A bad afternoon on the real process: every step of the operator is one command. */

import { afterEach, expect, it } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { connectAdmin } from '../../src/admin/client.ts'
import { createLoad } from '../../src/app/load.ts'
import { openOffline } from '../../src/app/offline.ts'
import type { CliDeps } from '../../src/cli/deps.ts'
import { systemClock } from '../../src/clock.ts'
import { endBridgeProcesses, post, RUNTIMES, startBridgeProcess, writeConfig } from '../kit/bridge-process.ts'
import { runTestCli } from '../kit/cli.ts'
import { createMemoryLog } from '../kit/log.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const secret = 'canary-secret-77aa'

it.each(RUNTIMES)(
  'on %s: a revoked token, a refused record, a broken body, a pause over a restart, a replay, an orphan',
  async (runtime) => {
    await using relay = await startFakeReceiver({})
    const folder = folders()
    const config = (destinations: string[]) => ({
      destinations: Object.fromEntries(
        destinations.map((name) => [
          name,
          { plugin: 'webhook', options: { url: `${relay.url}/${name}`, allowPrivateNetworks: true } },
        ]),
      ),
      routes: [{ name: 'all', to: destinations }],
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
    })
    writeConfig(folder, config(['crm']))
    let bridge = await startBridgeProcess(runtime, folder)
    const send = async (body: unknown) =>
      expect(
        await post(bridge.url, typeof body === 'string' ? body : JSON.stringify(body), { 'x-bevy-secret': secret }),
      ).toBe(200)
    const user = (id: number) => [{ type: 'user', data: [{ id, first_name: 'Ada', email: 'canary@example.com' }] }]
    // In this process: to start one for each verb would take a second each time.
    const load = createLoad({ cwd: folder, env: {} })
    const cli: Partial<CliDeps> = {
      cwd: folder,
      clock: systemClock,
      async loadConfig(files) {
        const loaded = await load(files)
        return loaded.ok ? { ...loaded, switches: [] } : loaded
      },
      connectAdmin: ({ admin, storage }) => connectAdmin(admin, storage.path),
      openOffline: (settings) => openOffline(settings, { clock: systemClock, log: createMemoryLog(), version: '0' }),
    }
    const verb = (line: string) => runTestCli(line.split(' '), cli)
    const run = async (line: string, code = 0) => {
      const result = await verb(line)
      expect([line, result.code, result.err]).toEqual([line, code, code === 0 ? '' : result.err])
      expect(result.out + result.err).not.toMatch(/canary/)
      return result.out
    }
    const json = async (line: string, code = 0) => JSON.parse(await run(`${line} --json`, code))

    // A revoked token: paused at once; one command after the mend.
    relay.fallback = () => ({ status: 401 })
    await send(user(1))
    await bridge.line(({ event }) => event === 'destination paused')
    expect((await json('status', 1)).destinations).toMatchObject([
      { state: 'paused', paused: { by: 'refused' }, dead: 0 },
    ])
    relay.fallback = ({ json: body }) => ({ status: JSON.stringify(body).includes('"id":2,') ? 400 : 200 })
    expect(await run('resume crm')).toContain('crm goes on')
    await bridge.line(({ event, delivered }) => event === 'attempt' && delivered === 1)

    // A record it refuses, then a fix there.
    await send(user(2))
    await bridge.line(({ event, dead }) => event === 'attempt' && dead === 1)
    const [letter] = (await json('dead list')).letters
    expect(letter).toMatchObject({ key: 'user:2', cause: 'refused' })
    expect(await run(`dead show ${letter.id}`)).toContain('400')
    expect(JSON.parse((await verb(`dead show ${letter.id} --data --json`)).out)).toMatchObject({
      data: { email: 'canary@example.com' },
      preview: [{ method: 'POST' }],
    })
    relay.fallback = () => ({ status: 200 })
    expect(await run('dead redrive --destination crm')).toContain('redriven: 1')
    await bridge.line(({ event, first, delivered }) => event === 'attempt' && first === '2.1' && delivered === 1)

    // A body nobody can read.
    await send('{"canary":')
    await bridge.line(({ event, seq }) => event === 'request' && seq === 3)
    while ((await json('status')).journal.quarantined === 0) {}
    expect((await json('quarantine list')).items).toMatchObject([{ id: '3', code: 'ERR_BODY_JSON' }])
    expect((await json('quarantine retry 3')).done).toEqual([{ id: '3', seq: 4 }])
    while ((await json('quarantine list')).items[0]?.id !== '4') {}
    await run('quarantine discard 4 --why ours')
    expect((await json('status')).journal.quarantined).toBe(0)

    // A pause outlives the process; what is asked and done meanwhile works on its store.
    await run('pause crm --why rebuilding')
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
    expect(await run('status', 1)).toContain('paused by hand: rebuilding')
    bridge = await startBridgeProcess(runtime, folder)
    await send(user(5))
    while ((await json('status', 1)).journal.indexed < 5) {}
    expect((await json('status', 1)).destinations).toMatchObject([{ state: 'paused', lag: { deliveries: 1 } }])
    expect(await run('skip crm --to now --yes')).toContain('went from 5 to 6')
    await run('resume crm')
    expect((await json('status')).destinations).toMatchObject([{ state: 'running', lag: { deliveries: 0 }, sent: 2 }])

    // What was skipped is replayed after all.
    expect(await json('replay crm --from 5 --dry-run')).toMatchObject({ jobs: 1, byType: { user: 1 } })
    const before = relay.taken.length
    await run('replay crm --from 5 --type user')
    await relay.takes(before + 1)

    // A rename that was forgotten: the orphan says what it holds, and goes.
    writeConfig(folder, config(['sales']))
    bridge.signal('SIGHUP')
    const opened = await bridge.line(
      ({ event, destination }) => event === 'destination opened' && destination === 'sales',
    )
    expect(opened['fill']).toBe('bevy-bridge replay sales --from beginning --to 5')
    expect(await run('status')).toContain('`bevy-bridge forget crm` deletes it')
    await run('forget sales --yes', 1)
    expect(await run('forget crm --yes')).toContain('is forgotten')
    expect((await json('status')).destinations.map(({ name }: { name: string }) => name)).toEqual(['sales'])
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
  },
  60_000,
)
