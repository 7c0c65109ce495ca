/**
 * The bridge as `bevy-bridge torture` runs it: the same process as `start`, with faults in its storage worker.
 * Arguments: the folder the faults are read from, then the config files.
 */

import { createLoad } from './app/load.ts'
import { startProcess } from './app/start-process.ts'
import { shorten } from './torture/shorten.ts'

const [folder = '', ...files] = process.argv.slice(2)
const load = createLoad({ cwd: process.cwd(), env: process.env })
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'

// Whoever tortures may be killed too; nobody would end this process then.
process.stdin.on('close', () => process.exit(1)).resume()

const code = await startProcess({
  version: 'torture',
  logLevel: 'info',
  logFormat: 'json',
  async load() {
    const loaded = await load(files)
    return loaded.ok ? { ...loaded, settings: shorten(loaded.settings) } : loaded
  },
  exit: (status) => process.exit(status),
  internals: { faults: { module: new URL(`./torture/faults.${extension}`, import.meta.url).href, data: { folder } } },
})
process.exit(code)
