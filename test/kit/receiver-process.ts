import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { ReceiverSettings } from '../../src/core/settings.ts'
import type { Tuning } from '../../src/receiver/types.ts'
import type { Command, Look } from './receiver-child.ts'

/** The runtimes the same cases run against. */
export const RUNTIMES = ['node', 'bun'] as const

/** One of them. */
export type Runtime = (typeof RUNTIMES)[number]

/** A receiver in a child process. */
export interface ReceiverProcess {
  readonly port: number
  readonly url: string
  readonly settings: ReceiverSettings
  tell(command: Exclude<Command, { do: 'look' }>): Promise<void>
  look(): Promise<Look>
  /** Looks until it is as wanted. */
  sees(wanted: (look: Look) => boolean): Promise<Look>
  /** Everything it printed besides its answers: must stay empty. */
  noise(): string
  kill(): Promise<void>
}

const root = join(import.meta.dirname, '../..')

/** Settings for tests: the header and secret of {@link SECRET_HEADER} and {@link SECRET}. */
export function receiverSettings(changes: Partial<ReceiverSettings> = {}): ReceiverSettings {
  return {
    host: '127.0.0.1',
    port: 0,
    path: '/bevy',
    secretHeader: SECRET_HEADER,
    secrets: [SECRET],
    refuse: 'close',
    maxBody: 1_000_000,
    maxInFlight: 4_000_000,
    admissionTimeout: 20_000,
    trustedProxies: [],
    ...changes,
  }
}

/** The header of {@link receiverSettings}. */
export const SECRET_HEADER = 'X-Bevy-Secret'
/** The secret of {@link receiverSettings}; a canary that must show up nowhere. */
export const SECRET = 'canary-secret-7f3a'

/** Starts one and waits until it listens. */
export async function startReceiver(
  runtime: Runtime,
  settings: ReceiverSettings = receiverSettings(),
  tuning: Partial<Tuning> = {},
): Promise<ReceiverProcess> {
  const program = runtime === 'node' ? process.execPath : join(root, 'node_modules/.bin/bun')
  const child = spawn(program, [join(import.meta.dirname, 'receiver-child.ts')], {
    env: { ...process.env, RECEIVER_SETTINGS: JSON.stringify(settings), RECEIVER_TUNING: JSON.stringify(tuning) },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let noise = ''
  child.stderr.on('data', (chunk) => (noise += String(chunk)))
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let started: (facts: { port: number; url: string }) => void
  const listening = new Promise<{ port: number; url: string }>((resolve, reject) => {
    started = resolve
    child.once('exit', () => reject(new Error(`the receiver ended: ${noise}`)))
  })
  listening.catch(() => {})
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (!line.startsWith('{')) return void (noise += `${line}\n`)
    const said = JSON.parse(line) as { answers?: number; result?: unknown; error?: string; port: number; url: string }
    if (said.answers === undefined) return started(said)
    const asked = waiting.get(said.answers)
    waiting.delete(said.answers)
    if (said.error === undefined) asked?.resolve(said.result)
    else asked?.reject(new Error(said.error))
  })
  const { port, url } = await listening
  let count = 0
  const ask = (command: Command): Promise<unknown> =>
    new Promise((resolve, reject) => {
      count += 1
      waiting.set(count, { resolve, reject })
      child.stdin.write(`${JSON.stringify({ n: count, command })}\n`)
    })
  const look = async (): Promise<Look> => (await ask({ do: 'look' })) as Look
  return {
    port,
    url,
    settings,
    tell: async (command) => void (await ask(command)),
    look,
    async sees(wanted) {
      for (;;) {
        const found = await look()
        if (wanted(found)) return found
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    },
    noise: () => noise,
    async kill() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await gone
    },
  }
}
