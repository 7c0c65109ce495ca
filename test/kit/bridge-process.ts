import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { stringify } from 'yaml'

/** The runtimes the bridge runs on, as binaries of this project. */
export const RUNTIMES = ['node', 'bun'] as const
export type Runtime = (typeof RUNTIMES)[number]

const root = resolve(import.meta.dirname, '../..')
export const runtimePath = (runtime: Runtime): string => join(root, 'node_modules/.bin', runtime)
export const mainPath = join(root, 'src/main.ts')

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly event: string; readonly level: string }

/** A bridge as a process of its own, on free ports of 127.0.0.1. */
export interface BridgeProcess {
  readonly folder: string
  readonly pid: number
  /** Where deliveries go. */
  readonly url: string
  readonly lines: readonly LogLine[]
  /** All it printed, both streams. */
  output(): string
  /** Resolves with the first line, past or to come, that fits. */
  line(fits: (line: LogLine) => boolean): Promise<LogLine>
  signal(signal: NodeJS.Signals): void
  /** Exit code, or the signal that ended it. */
  exited: Promise<number | string>
}

/** Writes `bevy-bridge.yaml` into a folder. */
export function writeConfig(folder: string, config: Record<string, unknown>): string {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'bevy-bridge.yaml')
  const base = {
    receiver: { host: '127.0.0.1', port: 0 },
    admin: { port: 0 },
    storage: { path: './data', minFree: '1MB' },
  }
  writeFileSync(file, stringify({ ...base, ...config }))
  return file
}

/** What Node has compiled, kept from start to start: half of the time each one takes. */
const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/bevy-bridge')

/**
 * Starts a bridge in a folder that has a `bevy-bridge.yaml`, and waits until it takes deliveries. `limit` is a line of the shell that
 * goes before it: `ulimit -n 48`.
 */
export async function startBridgeProcess(
  runtime: Runtime,
  folder: string,
  env: Readonly<Record<string, string>> = {},
  limit?: string,
): Promise<BridgeProcess> {
  const command = [runtimePath(runtime), mainPath, 'start']
  const [program = '', ...args] = limit === undefined ? command : ['sh', '-c', `${limit}; exec "$@"`, 'sh', ...command]
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  processes.add(child)
  const lines: LogLine[] = []
  const watchers = new Set<() => void>()
  let text = ''
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk
    const parts = (rest + chunk).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) if (part.startsWith('{')) lines.push(JSON.parse(part) as LogLine)
    for (const watcher of watchers) watcher()
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const exited = once(child, 'close').then(([code, signal]) => {
    processes.delete(child)
    for (const watcher of watchers) watcher()
    return (code ?? signal) as number | string
  })
  let gone = false
  void exited.then(() => (gone = true))

  const line = (fits: (line: LogLine) => boolean): Promise<LogLine> =>
    new Promise((done, fail) => {
      const look = (): void => {
        const found = lines.find(fits)
        if (found === undefined && !gone && child.exitCode === null && child.signalCode === null) return
        watchers.delete(look)
        if (found !== undefined) done(found)
        else fail(new Error(`the bridge ended before that line came:\n${text}`))
      }
      watchers.add(look)
      look()
    })

  const started = await line(({ event }) => event === 'started')
  return {
    folder,
    pid: child.pid as number,
    url: String(started['url']),
    lines,
    output: () => text,
    line,
    signal: (signal) => void child.kill(signal),
    exited,
  }
}

const processes = new Set<ChildProcess>()

/** Ends what a failed test left running. */
export function endBridgeProcesses(): void {
  for (const child of processes) child.kill('SIGKILL')
}

/** Runs one verb of the command line. */
export async function runVerb(
  runtime: Runtime,
  folder: string,
  args: readonly string[],
  input?: string | Uint8Array,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = spawn(runtimePath(runtime), [mainPath, ...args], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: folder, NODE_COMPILE_CACHE: CACHE },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  processes.add(child)
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk))
  child.stdin.end(input)
  const [code] = (await once(child, 'close')) as [number | null]
  processes.delete(child)
  return { code: code ?? -1, stdout, stderr }
}

/** Posts a body as Bevy does; undefined when the connection was closed without an answer. */
export async function post(
  url: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<number | undefined> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: body as string,
      headers: { 'content-type': 'application/json', ...headers },
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return undefined
  }
}
