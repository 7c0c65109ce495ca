/** Processes under measurement: how they are started, watched through /proc, and ended. */

import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import net from 'node:net'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LoadOrder, LoadResult } from './load.ts'
import type { SinkNote, SinkOrder } from './sink.ts'

const root = resolve(import.meta.dirname, '..')

/** What runs the program under measurement. */
export type Runtime = 'node' | 'bun'

/** As in `npm start`: without it V8 lets young objects take 130 MB. */
const FLAGS: Readonly<Record<Runtime, readonly string[]>> = { node: ['--max-semi-space-size=16'], bun: [] }

/** A server under measurement. */
export interface Server {
  readonly pid: number
  readonly port: number
  usage(): Usage
  /** Waits until it does nothing any more, the work behind the answers is done; tells how many milliseconds that took. */
  settled(): Promise<number>
  stop(): Promise<void>
}

/** What a process has used so far. */
export interface Usage {
  /** Milliseconds of CPU, all threads. */
  readonly cpu: number
  /** Bytes in memory now, and the most there ever were. */
  readonly rss: number
  readonly peak: number
  /** Bytes handed to the disk. */
  readonly written: number
}

const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

function track<Child extends ChildProcess>(child: Child): Child {
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Starts a program of this folder that prints its port, or the bridge with a config. */
export async function startServer(
  runtime: Runtime,
  program: { readonly file: string } | { readonly config: string; readonly port: number },
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const args =
    'file' in program
      ? [join(import.meta.dirname, program.file)]
      : [...FLAGS[runtime], join(root, 'src/main.ts'), 'start', '-c', program.config, '--log-level', 'warn']
  const child = track(
    spawn(join(root, 'node_modules/.bin', runtime), args, {
      // For profiles: BENCH_NODE_OPTIONS="--cpu-prof --cpu-prof-dir=profiles".
      env: { PATH: process.env['PATH'], NODE_OPTIONS: process.env['BENCH_NODE_OPTIONS'], ...env },
      stdio: ['ignore', 'pipe', 'file' in program ? 'inherit' : 'ignore'],
    }),
  )
  child.stdout.setEncoding('utf8')
  let port: number
  if ('file' in program) port = Number(((await once(child.stdout, 'data')) as [string])[0])
  else {
    port = program.port
    let said = ''
    child.stdout.on('data', (text: string) => (said = (said + text).slice(-2_000)))
    await untilListening(child, port).catch((error: unknown) => {
      throw new Error(`the bridge did not start:\n${said}`, { cause: error })
    })
  }
  const pid = child.pid ?? 0
  return {
    port,
    pid,
    usage: () => readUsage(pid),
    settled: () => untilSettled(pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function untilListening(child: ChildProcess, port: number): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`exit code ${child.exitCode}`)
    const socket = net.connect(port, '127.0.0.1')
    const up = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false)
    socket.destroy()
    if (up) return
    await sleep(10)
  }
}

/** A port nobody listens on. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

const TICK = 10

function readUsage(pid: number): Usage {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const kilobytes = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024
  const io = readFileSync(`/proc/${pid}/io`, 'utf8')
  return {
    // utime and stime, in hundredths of a second; https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
    cpu: (Number(fields[11]) + Number(fields[12])) * TICK,
    rss: kilobytes('VmRSS'),
    peak: kilobytes('VmHWM'),
    written: Number(/^write_bytes: (\d+)/m.exec(io)?.[1] ?? 0),
  }
}

async function untilSettled(pid: number): Promise<number> {
  const LOOK = 100
  const QUIET = 4
  const began = performance.now()
  for (let quiet = 0; quiet < QUIET;) {
    const before = readUsage(pid).cpu
    await sleep(LOOK)
    quiet = readUsage(pid).cpu - before <= TICK ? quiet + 1 : 0
  }
  return performance.now() - began - QUIET * LOOK
}

/** The load generator. */
export interface Load {
  run(order: LoadOrder): Promise<LoadResult>
  stop(): void
}

/** Starts it. */
export function startLoad(): Load {
  const child = track(fork(join(import.meta.dirname, 'load.ts')))
  return {
    async run(order) {
      child.send(order)
      const [answer] = (await once(child, 'message')) as [{ result: LoadResult } | { error: string }]
      if ('error' in answer) throw new Error(`the load generator: ${answer.error}`)
      return answer.result
    },
    stop: () => void child.kill(),
  }
}

/** A webhook receiver. */
export interface Sink {
  readonly port: number
  /** Resolves when so many requests in all have come. */
  reached(count: number): Promise<void>
  /** Requests taken so far. */
  taken(): Promise<number>
  /** Refuses all from now on, or takes them again. */
  refuse(all: boolean): void
  stop(): void
}

/** Starts one. */
export async function startSink(): Promise<Sink> {
  const child = track(fork(join(import.meta.dirname, 'sink.ts')))
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  const reached = async (until: number): Promise<number> => {
    child.send({ until } satisfies SinkOrder)
    const [note] = (await once(child, 'message')) as [Extract<SinkNote, { reached: number }>]
    return note.reached
  }
  return {
    port,
    reached: async (count) => void (await reached(count)),
    taken: () => reached(0),
    refuse: (all) => void child.send({ refuse: all } satisfies SinkOrder),
    stop: () => void child.kill(),
  }
}
