/** What makes a process the bridge: its log, its last handlers, and the run itself. */

import { systemClock } from '../clock.ts'
import type { LoadedConfig } from '../config/load.ts'
import { createLog, logOptionsFrom } from '../log.ts'
import type { StoreDeps } from '../storage/open.ts'
import { run } from './run.ts'

interface Options {
  readonly version: string
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly logFormat?: 'auto' | 'pretty' | 'json'
  load(): Promise<LoadedConfig>
  /** Ends the process now, whatever is under way. */
  exit(code: number): void
  /** Tests and `torture` only: faults in the storage worker. */
  readonly internals?: StoreDeps['internals']
}

/** Runs the bridge as this process until it is told to stop; resolves with the exit code. */
export function startProcess({ version, logLevel, logFormat, load, exit, internals }: Options): Promise<number> {
  let hidden: readonly string[] = []
  const log = createLog({
    ...logOptionsFrom(process.env),
    ...(logLevel === undefined ? {} : { level: logLevel }),
    ...(logFormat === undefined ? {} : { format: logFormat }),
    stream: process.stdout,
    secrets: () => hidden,
  })
  // A promise that a plugin let go must not take the deliveries of all others down with it.
  process.on('unhandledRejection', (reason) => log.error('unhandled rejection', {}, reason))
  process.on('uncaughtException', (error) => {
    log.error('uncaught exception', {}, error)
    exit(1)
  })
  return run({
    clock: systemClock,
    log,
    version,
    signals: process,
    stdout: process.stdout,
    stderr: process.stderr,
    load,
    secretValues(values) {
      hidden = values
    },
    exit,
    ...(internals === undefined ? {} : { internals }),
  })
}
