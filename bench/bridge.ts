/** A bridge in a folder of its own, with the config a measurement needs. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { freePort, startServer, type Runtime, type Server } from './processes.ts'

/** The secret of all measurements. */
export const SECRET = 'a-secret-for-the-benchmark'
/** Where deliveries go, at the bridge and at the references. */
export const PATH = '/bevy'

/** A bridge that can be started and stopped again over the same store. */
export interface BridgeFolder {
  readonly folder: string
  start(runtime: Runtime): Promise<Server>
  remove(): void
}

/** Makes a folder with a config that forwards everything to these ports, one webhook destination each, from `start` on. */
export function makeBridge(sinks: readonly number[], start: 'now' | 'beginning' = 'now'): BridgeFolder {
  const folder = mkdtempSync(join(tmpdir(), 'bevy-bridge-bench-'))
  const names = sinks.map((_, index) => `sink-${index + 1}`)
  const configFor = (port: number) => ({
    receiver: { host: '127.0.0.1', port, path: PATH, secrets: [SECRET] },
    admin: { port: 0 },
    storage: { path: './data', minFree: '1MB' },
    destinations: Object.fromEntries(
      sinks.map((sink, index) => [
        names[index],
        {
          plugin: 'webhook',
          start,
          concurrency: 16,
          options: { url: `http://127.0.0.1:${sink}/hook`, allowPrivateNetworks: true },
        },
      ]),
    ),
    routes: names.length === 0 ? [] : [{ name: 'everything', to: names }],
  })
  return {
    folder,
    async start(runtime) {
      const port = await freePort()
      const config = join(folder, 'bevy-bridge.yaml')
      writeFileSync(config, stringify(configFor(port)))
      return startServer(runtime, { config, port })
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}
