/**
 * Days of a bridge in a few seconds: the process of a bridge as a user runs it, with real files, sockets and database, its clock moved by
 * hand; Bevy sends all the time, people type commands.
 */

import { connectAdmin } from '../../src/admin/client.ts'
import { testAlerts } from '../../src/app/alert-test.ts'
import { createLoad } from '../../src/app/load.ts'
import { checkLive } from '../../src/app/live.ts'
import { openOffline } from '../../src/app/offline.ts'
import { run } from '../../src/app/run.ts'
import { createPoster } from '../../src/cli/post.ts'
import type { Answer } from '../../src/core/bevy/sending.ts'
import { runPlayer } from '../../src/cli/run-player.ts'
import type { Change, Player } from '../../src/core/bevy/play.ts'
import { createPlayer } from '../../src/core/bevy/player.ts'
import { switchesOf } from '../../src/core/bevy/switches.ts'
import type { Clock } from '../../src/core/ports.ts'
import { runTestCli, type CliResult } from './cli.ts'
import { createMemoryLog, type MemoryLog } from './log.ts'
import { quiet, watchIo } from './quiet.ts'
import { createFaults } from './storage-faults.ts'

/** A clock moved by hand over real I/O: time stands while anything is under way. */
export interface DayClock extends Clock {
  /** Moves on to this wall clock (milliseconds since 1970), running due timers in order. */
  until(at: number): Promise<void>
}

/** The config's files are looked at each minute instead of every two seconds: days have many of these. */
const LOOK = 60_000

/** Starts at this wall clock. */
export function createDayClock(start: number): DayClock {
  watchIo()
  let passed = 0
  let count = 0
  const timers = new Map<number, { readonly at: number; readonly fn: () => void }>()
  return {
    now: () => start + passed,
    monotonic: () => passed,
    timer(ms, fn) {
      const id = ++count
      timers.set(id, { at: passed + Math.max(0, ms), fn })
      return () => void timers.delete(id)
    },
    async until(at) {
      const end = at - start
      if (end < passed) throw new Error(`${new Date(at).toISOString()} is over`)
      await quiet()
      for (;;) {
        let due: number | undefined
        for (const [id, timer] of timers) {
          if (timer.at <= end && (due === undefined || timer.at < (timers.get(due)?.at ?? 0))) due = id
        }
        const timer = due === undefined ? undefined : timers.get(due)
        if (timer === undefined) break
        timers.delete(due as number)
        passed = Math.max(passed, timer.at)
        timer.fn()
        await quiet()
      }
      passed = end
    },
  }
}

interface Options {
  /** Has `bevy-bridge.yaml`. */
  readonly folder: string
  readonly clock: DayClock
  readonly env: Readonly<Record<string, string>>
  /** What Bevy's records become, in order. */
  readonly changes: readonly Change[]
  readonly secret: string
}

/** A bridge, Bevy before it, and people behind it. */
export interface Days {
  readonly log: MemoryLog
  readonly bevy: Player
  /** The disk of the data folder has so many bytes left; without any, commits fail as well. */
  free(bytes: number): void
  start(): Promise<void>
  /** As SIGTERM. Resolves with the exit code. */
  stop(): Promise<number>
  /** As a power cut: nothing reaches the disk any more. */
  cut(): Promise<void>
  /** A person types a command line. */
  types(line: string): Promise<CliResult>
}

/** Starts Bevy; the bridge is started by `start`. */
export function openDays({ folder, clock, env, changes, secret }: Options): Days {
  const log = createMemoryLog()
  const faults = createFaults()
  const load = createLoad({ cwd: folder, env })
  const signals = new Map<string, () => void>()
  let bytes = 100_000_000_000
  let url: URL | undefined
  let running: Promise<number> | undefined

  /** On a connection of its own: how long one may stay open is measured by the machine's clock. */
  async function post(body: Uint8Array, signal: AbortSignal): Promise<Answer> {
    if (url === undefined) return { failed: 'connect' }
    const poster = createPoster({ url, header: 'X-BEVY-SECRET', secret, gzip: false, concurrency: 1 })
    try {
      return await poster.post(body, signal)
    } finally {
      poster.close()
    }
  }

  const player = createPlayer({ changes, start: clock.monotonic() })
  void runPlayer({
    player,
    poster: { post, close() {} },
    bodyOf: ({ body }) => new TextEncoder().encode(body),
    clock,
    signal: new AbortController().signal,
    onAnswer() {},
    onWait() {},
  })

  const started = (from: number) => log.lines.slice(from).find(({ event }) => event === 'started')
  const ended = async (): Promise<number> => {
    let code: number | undefined
    void running?.then((given) => (code = given))
    while (code === undefined) {
      // What closes sockets waits on the machine's clock.
      await new Promise((resolve) => setTimeout(resolve, 5))
      await clock.until(clock.now() + 100)
    }
    url = undefined
    running = undefined
    return code
  }

  return {
    log,
    bevy: player,
    free(left) {
      bytes = left
      if (left === 0) faults.arm('write', 'full', { always: true })
      else faults.disarm()
    },
    async start() {
      const from = log.lines.length
      running = run({
        clock,
        log,
        version: '1.0.0',
        signals: { on: (signal, fn) => void signals.set(signal, fn) },
        stdout: { write() {} },
        stderr: { write: (text) => log.info('printed', { text }) },
        load: () => load([]),
        secretValues() {},
        exit() {},
        interval: LOOK,
        internals: {
          faults: { module: faults.module, data: faults.data },
          measure: async () => bytes,
          random: () => 0.5,
        },
      })
      let code: number | undefined
      void running.then((given) => (code = given))
      while (started(from) === undefined) {
        await quiet()
        if (code !== undefined) throw new Error(`it did not start: ${JSON.stringify(log.lines.slice(from))}`)
      }
      url = new URL(String(started(from)?.facts['url']))
    },
    async stop() {
      if (running === undefined) return 0
      signals.get('SIGTERM')?.()
      return ended()
    },
    async cut() {
      faults.arm('write', 'io', { always: true })
      signals.get('SIGTERM')?.()
      await ended()
      faults.disarm()
    },
    async types(line) {
      const deps = { clock, log, version: '1.0.0', signal: new AbortController().signal }
      const result = await runTestCli(wordsOf(line), {
        version: '1.0.0',
        cwd: folder,
        clock,
        async loadConfig(files) {
          const loaded = await load(files)
          return loaded.ok ? { ...loaded, switches: switchesOf(loaded.settings.routes) } : loaded
        },
        connectAdmin: ({ admin, storage }) => connectAdmin(admin, storage.path),
        openOffline: (settings) => openOffline(settings, deps),
        checkLive: (settings) => checkLive(settings, deps),
        testAlerts: (settings, channels) => testAlerts(settings, channels, deps),
      })
      await quiet()
      return { ...result, out: result.out.replaceAll(`${folder}/`, '') }
    },
  }
}

/** A command line without the program's name, as a shell takes it apart. */
function wordsOf(line: string): string[] {
  return [...line.replace(/^bevy-bridge /, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  )
}
