/** Hands `torture` the rest of the program: its child processes, its Bevy, the way to look into a store. */

import { fileURLToPath } from 'node:url'
import { connectAdmin } from '../admin/client.ts'
import { runPlayer } from '../cli/run-player.ts'
import type { LoadedConfig } from '../config/load.ts'
import { formatProblem } from '../config/problem.ts'
import { BridgeError } from '../core/errors.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { Settings } from '../core/settings.ts'
import type { TortureOptions, TortureReport } from '../core/torture/report.ts'
import { torture, type TortureDeps } from '../torture/torture.ts'
import { openStoreReader } from './store-reader.ts'

interface Deps extends Pick<TortureDeps, 'signal' | 'cwd' | 'env' | 'progress'> {
  readonly clock: Clock
  readonly log: Log
  load(files: readonly string[]): Promise<LoadedConfig>
  /** What runs a bridge with faults; default: this runtime. */
  readonly command?: TortureDeps['command']
}

const CHILD = new URL(import.meta.url.endsWith('.ts') ? '../torture-child.ts' : '../torture-child.js', import.meta.url)

/** Tortures a bridge with a copy of these settings, on the runtime of this process. */
export function startTorture(settings: Settings, options: TortureOptions, deps: Deps): Promise<TortureReport> {
  return torture(settings, options, {
    command: [process.execPath, fileURLToPath(CHILD)],
    ...deps,
    play: runPlayer,
    async load(files) {
      const loaded = await deps.load(files)
      if (loaded.ok) return loaded.settings
      throw new BridgeError(
        'config',
        'ERR_TORTURE_CONFIG',
        loaded.problems.map((problem) => formatProblem(problem)).join('\n'),
      )
    },
    openStore: (storage) => openStoreReader(storage, deps),
    status: async ({ admin, storage }) => (await connectAdmin(admin, storage.path))?.status(),
  })
}
