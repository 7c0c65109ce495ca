/** The life of the process that runs a bridge: config, start, signals, reload, end. */

import type { Clock, Log } from '../core/ports.ts'
import { coerceError } from '../core/errors.ts'
import { startBridge, type Bridge, type BridgeInternals } from '../app.ts'
import type { LoadedConfig } from '../config/load.ts'
import { formatProblem, type Problem } from '../config/problem.ts'
import { watchConfig } from '../config/watch.ts'

/** Where signals come from. */
export interface Signals {
  on(signal: 'SIGTERM' | 'SIGINT' | 'SIGHUP', fn: () => void): void
}

interface Deps {
  readonly clock: Clock
  readonly log: Log
  readonly version: string
  readonly signals: Signals
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean }
  readonly stderr: { write(text: string): unknown }
  load(): Promise<LoadedConfig>
  secretValues(values: readonly string[]): void
  /** Ends the process now, whatever is under way. */
  exit(code: number): void
  /** Milliseconds between two looks at the config's files, default 2000. */
  readonly interval?: number
  /** Tests and `torture` only. */
  readonly internals?: BridgeInternals
}

/** Docker kills after 10 s. */
const DRAIN = 8000
/** What the last commits may take after that. A disk that does not answer must not hold the process for ever. */
const LAST_COMMITS = 1500

/** Runs until told to stop; resolves with the exit code: 0 after a clean end, 1 for a config that cannot be used, 3 when it could not start. */
export async function run(deps: Deps): Promise<number> {
  const { log } = deps
  // From the first moment: a signal during the start must find someone.
  const told = listen(deps)
  const loaded = await deps.load()
  if (!loaded.ok) {
    for (const problem of loaded.problems) deps.stderr.write(`${formatProblem(problem)}\n`)
    return 1
  }
  warn(loaded.warnings, log)
  let bridge: Bridge
  try {
    bridge = await startBridge(loaded.settings, { ...deps, terminal: deps.stdout.isTTY === true })
  } catch (error) {
    log.error('start failed', { reason: coerceError(error).message }, error)
    return 3
  }
  // A stream of log lines is read by machines; the banner is for people.
  const people = deps.stdout.isTTY === true ? deps.stdout : deps.stderr
  people.write(bridge.banner)
  const watch = watchConfig(loaded.sources, deps, () => reload(bridge, deps))
  told.onReload(() => void watch.reload())
  log.info('started', { url: bridge.url, adminPort: bridge.admin.port, version: deps.version })

  const signal = await told.stop
  log.info('stopping', { signal, withinMs: DRAIN })
  watch.close()
  const cancelExit = deps.clock.timer(DRAIN + LAST_COMMITS, () => {
    log.error('did not stop in time', {
      reason: 'the disk or a plugin does not answer; what was not written is done again',
    })
    deps.exit(1)
  })
  try {
    await bridge.close(DRAIN)
    log.info('stopped')
    return 0
  } catch (error) {
    log.error('did not stop cleanly', {}, error)
    return 1
  } finally {
    cancelExit()
  }
}

/** What the process is told from outside; a second request to stop ends it at once. */
function listen({ signals, log, exit }: Deps): { readonly stop: Promise<string>; onReload(fn: () => void): void } {
  let reloadNow = (): void => {}
  const stop = new Promise<string>((resolve) => {
    let stopping = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      signals.on(signal, () => {
        if (stopping) {
          log.warn('stopped at once', { signal })
          return exit(1)
        }
        stopping = true
        resolve(signal)
      })
    }
    signals.on('SIGHUP', () => reloadNow())
  })
  return {
    stop,
    onReload(fn) {
      reloadNow = fn
    },
  }
}

async function reload(bridge: Bridge, { load, log }: Deps): Promise<LoadedConfig['sources']> {
  const next = await load()
  if (!next.ok) {
    for (const problem of next.problems) log.error('config not reloaded', { problem: formatProblem(problem) })
    log.warn('the running config stays in force', { problems: next.problems.length })
    const [first] = next.problems
    const more = next.problems.length > 1 ? ` (and ${next.problems.length - 1} more)` : ''
    if (first !== undefined) bridge.refused(`${formatProblem(first)}${more}`)
    return next.sources
  }
  warn(next.warnings, log)
  try {
    await bridge.apply(next.settings)
  } catch (error) {
    log.error('config not reloaded', { reason: 'the running config stays in force' }, error)
    bridge.refused(coerceError(error).message)
  }
  return next.sources
}

function warn(warnings: readonly Problem[], log: Log): void {
  for (const warning of warnings) log.warn('config', { warning: formatProblem(warning) })
}
