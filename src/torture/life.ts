/** One life of the bridge: the real process, until it is killed, kills itself, or is told to stop. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { KILL_AT } from './faults.ts'

/** How it is started. */
export interface LifeOptions {
  /** Runs the bridge: a command, and what comes before its own arguments. */
  readonly command: readonly [string, ...string[]]
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder of faults; its log goes there too. */
  readonly folder: string
  /** Config files. */
  readonly files: readonly string[]
  /** For the faults: where it kills itself. */
  readonly killAt?: object | undefined
}

export interface Life {
  /** Where deliveries go, when it takes them; undefined when it ended before. */
  readonly ready: Promise<string | undefined>
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** The last lines it printed. */
  tail(): string
  /** Resolves when it prints a line with this text, or ends. */
  said(text: string): Promise<void>
  kill(): void
  stop(): void
  /** Tells it to read its config again. */
  reload(): void
}

const TAIL = 30

/** Starts it. */
export async function startLife({ command, cwd, env, folder, files, killAt }: LifeOptions): Promise<Life> {
  const fault = join(folder, KILL_AT)
  if (killAt === undefined) await rm(fault, { force: true })
  else await writeFile(fault, JSON.stringify(killAt))
  const [program, ...first] = command
  // The pipe of its standard input tells it when we are gone.
  const child = spawn(program, [...first, folder, ...files], { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] })
  child.stdin.on('error', () => {})
  const lines: string[] = []
  const log = createWriteStream(join(folder, 'bridge.log'), { flags: 'a' })
  // On a disk that is really full the run goes on without it.
  log.on('error', () => {})
  const note = (line: string): void => {
    lines.push(line)
    if (lines.length > TAIL) lines.shift()
    log.write(`${line}\n`)
  }
  let tell: (url: string | undefined) => void
  const ready = new Promise<string | undefined>((resolve) => (tell = resolve))
  const listeners = new Map<string, () => void>()
  createInterface({ input: child.stdout }).on('line', (line) => {
    note(line)
    for (const [text, heard] of listeners) if (line.includes(text)) heard()
    if (line.includes('"event":"started"')) tell(String((JSON.parse(line) as { url?: unknown }).url))
  })
  createInterface({ input: child.stderr }).on('line', note)
  const ended = once(child, 'close').then(([code, signal]) => {
    tell(undefined)
    for (const heard of listeners.values()) heard()
    log.end()
    return (code ?? signal) as number | string
  })
  return {
    ready,
    ended,
    tail: () => lines.join('\n'),
    said: (text) => Promise.race([new Promise<void>((resolve) => listeners.set(text, resolve)), ended.then(() => {})]),
    kill: () => void child.kill('SIGKILL'),
    stop: () => void child.kill('SIGTERM'),
    reload: () => void child.kill('SIGHUP'),
  }
}
