import { runCli } from '../../src/cli/run-cli.ts'
import type { CliDeps } from '../../src/cli/deps.ts'
import { BridgeError } from '../../src/core/errors.ts'
import type { BridgeAccess } from '../../src/core/dispatch/actions.ts'
import type { Settings } from '../../src/core/settings.ts'

/** What a command line printed, and how it ended. */
export interface CliResult {
  readonly code: number
  readonly out: string
  readonly err: string
}

const ALERT_RULES = { interval: 1, perHour: 1, grace: 1, remind: 1, late: undefined, silence: undefined }

/** Settings as little as the command line needs. */
export function cliSettings(overrides: Partial<Settings> = {}): Settings {
  return {
    timezone: 'UTC',
    tables: new Map(),
    receiver: {
      host: '0.0.0.0',
      port: 8080,
      path: '/bevy',
      secretHeader: 'X-Test-Secret',
      secrets: ['configured-secret'],
      refuse: 'close',
      maxBody: 64_000_000,
      maxInFlight: 256_000_000,
      admissionTimeout: 20_000,
      trustedProxies: [],
    },
    admin: { host: '127.0.0.1', port: 8081 },
    storage: { driver: 'memory', path: '/data', unsafe: false, minFree: 0 },
    alerts: { channels: {}, notify: {}, rules: ALERT_RULES },
    erasure: { onBevyDeletion: false, exports: false },
    retention: { journal: {}, heads: {}, sent: {}, dead: {}, quarantine: {} },
    destinations: [],
    routes: [],
    files: ['/srv/bevy-bridge.yaml'],
    baseDir: '/srv',
    hash: 'x',
    secretValues: [],
    ...overrides,
  }
}

/** Runs one command line in this process, with strict deps: what a verb does not need must not be called. */
export async function runTestCli(argv: readonly string[], given: Partial<CliDeps> = {}): Promise<CliResult> {
  let out = ''
  let err = ''
  const unexpected = (name: string) => () => {
    throw new Error(`${name} was not expected to be called`)
  }
  const deps: CliDeps = {
    version: '1.2.3',
    stdout: { write: (text) => void (out += text) },
    stderr: { write: (text) => void (err += text) },
    stdin: unexpected('stdin'),
    interactive: false,
    ask: unexpected('ask'),
    env: {},
    cwd: '/srv',
    clock: {
      now: () => Date.UTC(2026, 2, 1),
      monotonic: () => performance.now(),
      timer(ms, fn) {
        const timer = setTimeout(fn, Math.max(0, ms))
        return () => clearTimeout(timer)
      },
    },
    signal: new AbortController().signal,
    start: unexpected('start'),
    loadConfig: async () => ({ ok: true, settings: cliSettings(), warnings: [], switches: [] }),
    connectAdmin: unexpected('connectAdmin'),
    openOffline: unexpected('openOffline'),
    rebuild: unexpected('rebuild'),
    seenFields: async () => undefined,
    checkLive: unexpected('checkLive'),
    tryOut: unexpected('tryOut'),
    testAlerts: unexpected('testAlerts'),
    bevySecret: async (settings) => settings.receiver.secrets[0],
    torture: unexpected('torture'),
    initFiles: unexpected('initFiles'),
    jsonSchema: unexpected('jsonSchema'),
    ...given,
  }
  return { code: await runCli(argv, deps), out, err }
}

/** A bridge that answers only what is given. */
export function fakeQueries(given: Partial<BridgeAccess>): BridgeAccess {
  const unexpected = (name: string) => () => Promise.reject(new BridgeError('store', 'ERR_TEST', `unexpected ${name}`))
  return new Proxy(given, {
    // `then` must be absent: it is handed through promises.
    get: (of, name: string) => of[name as keyof BridgeAccess] ?? (name === 'then' ? undefined : unexpected(name)),
    ownKeys: (of) => Reflect.ownKeys(of),
  }) as BridgeAccess
}
