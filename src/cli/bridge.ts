import type { BridgeAccess } from '../core/dispatch/actions.ts'
import type { Settings } from '../core/settings.ts'
import type { CliDeps, ConfigReport, ExitCode } from './deps.ts'
import { formatProblems } from './format-check.ts'

/** Loads the config; what is wrong with it is printed, and the result is then undefined. */
export async function loadOrExplain(
  deps: CliDeps,
  files: readonly string[],
): Promise<Extract<ConfigReport, { ok: true }> | undefined> {
  const report = await deps.loadConfig(files)
  if (report.ok) return report
  deps.stderr.write(formatProblems(report.problems, deps.cwd))
  return undefined
}

/** Asks the running bridge, else its store; the store is closed whatever happens. */
export async function askBridge(
  deps: CliDeps,
  files: readonly string[],
  ask: (bridge: BridgeAccess, settings: Settings) => Promise<ExitCode>,
): Promise<ExitCode> {
  const config = await loadOrExplain(deps, files)
  if (config === undefined) return 1
  const running = await deps.connectAdmin(config.settings)
  if (running !== undefined) return ask(running, config.settings)
  const offline = await deps.openOffline(config.settings)
  try {
    return await ask(offline, config.settings)
  } finally {
    await offline.close()
  }
}

/** Prints a value as JSON. */
export function printJson(deps: CliDeps, value: unknown): void {
  deps.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
