/** `doctor --probe` on the real process, against Bevy played much faster than it is. */

import { afterEach, expect, it } from 'vitest'
import { connectAdmin } from '../../src/admin/client.ts'
import { createLoad } from '../../src/app/load.ts'
import type { CliDeps } from '../../src/cli/deps.ts'
import { systemClock } from '../../src/clock.ts'
import type { DelayLaw, Reading } from '../../src/core/bevy/sending.ts'
import { endBridgeProcesses, startBridgeProcess, writeConfig, type Runtime } from '../kit/bridge-process.ts'
import { runTestCli } from '../kit/cli.ts'
import { playInRealTime } from '../kit/readings.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'

const folders = useTemporaryFolders()
afterEach(endBridgeProcesses)

const SPEED = 900
const secret = 'canary-secret-51de'

it.each<[Runtime, Reading, DelayLaw, string, string]>([
  ['node', 'R1', 'linear', 'closed, after 10m answered 503, after 20m answered 204, after 30m taken', 'R1'],
  ['bun', 'R3', 'linear', 'closed, after 10m answered 503, it did not come again', 'R3'],
])(
  'on %s: Bevy as %s with %s delays is found out, and nothing is lost',
  async (runtime, reading, delays, way, found) => {
    const folder = folders()
    writeConfig(folder, {
      receiver: { host: '127.0.0.1', port: 0, secrets: [secret] },
      destinations: { file: { plugin: 'csv', options: { as: 'log', path: 'out.csv', columns: { id: 'record.id' } } } },
      routes: [{ name: 'all', to: ['file'] }],
    })
    const bridge = await startBridgeProcess(runtime, folder)
    const load = createLoad({ cwd: folder, env: {} })
    let playing: ReturnType<typeof playInRealTime> | undefined
    let asked = 0
    const cli: Partial<CliDeps> = {
      cwd: folder,
      clock: systemClock,
      interactive: true,
      // The second question is whether to find out the delays too.
      ask: async () => (asked++ === 0 ? 'yes' : 'no'),
      async loadConfig(files) {
        const loaded = await load(files)
        return loaded.ok ? { ...loaded, switches: [] } : loaded
      },
      async connectAdmin({ admin, storage }) {
        const access = await connectAdmin(admin, storage.path)
        return (
          access && {
            ...access,
            async startProbe(input) {
              const report = await access.startProbe(input)
              const data = { id: 7, title: 'canary', status: 'Draft' }
              const changes = [{ at: 0, type: 'event', key: 'event:7', data }]
              const rest = { bulk: false, speed: SPEED, seed: 1, secret, url: () => bridge.url }
              playing = playInRealTime({ changes, reading, delays, ...rest })
              return report
            },
          }
        )
      },
    }
    const run = (line: string) => runTestCli(line.split(' '), cli)
    const probed = await run(`doctor --probe --speed ${SPEED}`)
    const said = probed.out.replace(
      /after (\d+)(?:\.\d+)?m/g,
      (_, minutes) => `after ${Math.floor(minutes / 10) * 10}m`,
    )
    expect([said, probed.err]).toEqual([expect.stringContaining(`event:7: ${way}`), ''])
    expect(probed.out).toMatch(new RegExp(`acknowledged by: .*\\(${found}, likely, seen once\\)`))
    expect(probed.out).not.toContain('canary')
    const { player, answers } = (await playing) ?? {}
    expect(player?.counts()).toMatchObject({ pending: 0, acknowledged: 1 })
    expect(Object.fromEntries(answers ?? [])).toEqual(
      reading === 'R1' ? { reset: 1, 503: 1, 204: 1, 200: 1 } : { reset: 1, 503: 1 },
    )
    // Stored though Bevy was told otherwise, and taken for what it is.
    const status = JSON.parse((await run('status --json')).out)
    expect(status).toMatchObject({ journal: { tail: reading === 'R1' ? 4 : 2 }, destinations: [{ sent: 1 }] })
    // A simulation leaves nothing behind.
    const after = await run('doctor')
    expect(after.out).toContain('seen: no refused delivery yet')
    expect(after.out).toMatch(/secret 1 +[0-9a-f]{6} +last used/)
    bridge.signal('SIGTERM')
    expect(await bridge.exited).toBe(0)
  },
  30_000,
)
