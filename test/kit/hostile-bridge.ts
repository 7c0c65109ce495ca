import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { connectAdmin } from '../../src/admin/client.ts'
import { startBridge } from '../../src/app.ts'
import { builtinsByName } from '../../src/builtins.ts'
import { systemClock } from '../../src/clock.ts'
import type { BridgeQueries } from '../../src/core/dispatch/reports.ts'
import type { Settings } from '../../src/core/settings.ts'
import { createLog, type LogLevel } from '../../src/log.ts'
import { folderOf, goodSettings, loadFrom } from './config.ts'

/** A whole bridge in this process, with all that `main` gives it. */
export interface WholeBridge {
  readonly folder: string
  readonly settings: Settings
  /** The receiver's. */
  readonly port: number
  readonly admin: BridgeQueries
  close(): Promise<void>
}

/** Starts one from a config; each line of its log goes to `write`. Closed when the test ends. */
export async function startWholeBridge(
  config: string,
  log: { readonly level: LogLevel; readonly secrets: readonly string[]; write(line: string): void },
): Promise<WholeBridge> {
  const folder = await folderOf({ 'c.yaml': config })
  const settings = goodSettings(await loadFrom(folder, { plugins: builtinsByName }))
  const bridge = await startBridge(settings, {
    clock: systemClock,
    log: createLog({ format: 'json', level: log.level, stream: log, secrets: () => log.secrets }),
    version: '0.0.0',
    terminal: false,
    secretValues: () => {},
  })
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= bridge.close(8_000))
  onTestFinished(close)
  const admin = await connectAdmin(settings.admin, join(folder, 'data'))
  if (admin === undefined) throw new Error('no admin API')
  return { close, folder, settings, port: Number(new URL(bridge.url).port), admin }
}
