/** The whole bridge, receiver to plugins, in this process; the faults of its disk and its clock are in the hand of the test. */

import { startBridge, type Bridge } from '../../src/app.ts'
import { createLoad } from '../../src/app/load.ts'
import { systemClock } from '../../src/clock.ts'
import type { Clock } from '../../src/core/ports.ts'
import { writeConfig } from './bridge-process.ts'
import { goodSettings } from './config.ts'
import { createMemoryLog, type MemoryLog } from './log.ts'
import { createFaults, type Faults } from './storage-faults.ts'

/** One life of it. */
export interface WholeBridge {
  readonly url: string
  readonly bridge: Bridge
  readonly log: MemoryLog
  readonly faults: Faults
  /** Resolves with the first line, past or to come, that fits. */
  line(fits: (line: MemoryLog['lines'][number]) => boolean): Promise<MemoryLog['lines'][number]>
  /** Stops it cleanly; a second call does nothing. */
  close(): Promise<void>
}

/** The secret of {@link openWhole}'s receiver. */
export const SECRET = 'canary-secret-1f7a'

const open = new Set<WholeBridge>()

/** Starts one in a folder, with a config made of this and defaults. Rejects as the bridge does. */
export async function openWhole(
  folder: string,
  config: Record<string, unknown>,
  { clock = systemClock, faults = createFaults() }: { readonly clock?: Clock; readonly faults?: Faults } = {},
): Promise<WholeBridge> {
  const file = writeConfig(folder, { receiver: { host: '127.0.0.1', port: 0, secrets: [SECRET] }, ...config })
  const settings = goodSettings(await createLoad({ cwd: folder, env: {} })([file]))
  const memory = createMemoryLog()
  const watchers = new Set<() => void>()
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (event: string, facts = {}, error?: unknown): void => {
      memory[level](event, facts, error)
      for (const watcher of watchers) watcher()
    }
  const log: MemoryLog = {
    lines: memory.lines,
    debug: say('debug'),
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  }
  const internals = { faults: { module: faults.module, data: faults.data } }
  const deps = { clock, log, version: '0.0.0', terminal: false, secretValues() {}, internals }
  const bridge = await startBridge(settings, deps)
  let closing: Promise<void> | undefined
  const whole: WholeBridge = {
    url: bridge.url,
    bridge,
    log,
    faults,
    line: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = log.lines.find(fits)
          if (found === undefined) return
          watchers.delete(look)
          resolve(found)
        }
        watchers.add(look)
        look()
      }),
    close() {
      open.delete(whole)
      return (closing ??= bridge.close(3_000))
    },
  }
  open.add(whole)
  return whole
}

/** Stops what a failed test left running. */
export async function closeWholeBridges(): Promise<void> {
  for (const whole of open) {
    whole.faults.disarm()
    await whole.close()
  }
}

/** A clock that runs so many times faster than the machine's; its wall clock can be made to jump. */
export function createFastClock(speed: number): Clock & { jump(ms: number): void } {
  let offset = Date.now()
  const start = performance.now()
  const monotonic = (): number => (performance.now() - start) * speed
  return {
    monotonic,
    now: () => Math.round(offset + monotonic()),
    timer: (ms, fn) => systemClock.timer(ms / speed, fn),
    jump(ms) {
      offset += ms
    },
  }
}
