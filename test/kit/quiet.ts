/**
 * Tells when a process has nothing under way that could go on without time: no request over HTTP, no question to a worker thread,
 * nothing asked of the file system. With it a clock can be moved by hand over real sockets, files and databases.
 */

import { subscribe } from 'node:diagnostics_channel'
import { EventEmitter } from 'node:events'
import { Worker } from 'node:worker_threads'

/** Turns of the event loop without anything under way after which all is taken to be at rest. */
const TURNS = 3
/** Kinds of work of Node, `Immediate` for those that let others go first. */
const WORK = /^(?:FSReq|CloseReq|GetAddrInfo|TCPConnect|WriteWrap|ShutdownWrap|Zlib|Immediate)/

/** Requests over HTTP that are under way. */
const requests = new Set<unknown>()
const asked = new Map<Worker, number>()
let watching = false
let wake = (): void => {}

/** Begins to count; what was begun before is not seen. Call once before anything is started. */
export function watchIo(): void {
  if (watching) return
  watching = true
  // https://github.com/nodejs/undici/blob/v7.x/docs/docs/api/DiagnosticsChannel.md
  subscribe('undici:request:create', (message) => void requests.add(requestOf(message)))
  for (const end of ['undici:request:trailers', 'undici:request:error']) {
    subscribe(end, (message) => {
      requests.delete(requestOf(message))
      wake()
    })
  }
  const { postMessage } = Worker.prototype
  const { emit } = EventEmitter.prototype
  Worker.prototype.postMessage = function (this: Worker, ...args: Parameters<Worker['postMessage']>) {
    asked.set(this, (asked.get(this) ?? 0) + 1)
    postMessage.apply(this, args)
  }
  // Each question has one answer.
  Worker.prototype.emit = function (this: Worker, event: string, ...args: unknown[]) {
    if (event === 'message') asked.set(this, (asked.get(this) ?? 0) - 1)
    if (event === 'exit') asked.delete(this)
    const heard = emit.call(this, event, ...args)
    wake()
    return heard
  }
}

/** Resolves when all that can go on without time has done so. */
export async function quiet(): Promise<void> {
  for (let calm = 0; calm < TURNS || process.getActiveResourcesInfo().some((name) => WORK.test(name));) {
    if (isAsking()) await answer()
    await new Promise<void>((resolve) => setImmediate(resolve))
    calm = isAsking() ? 0 : calm + 1
  }
}

/** Without turning in a circle: others need the processor to answer. */
function answer(): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 10)
    wake = () => {
      clearTimeout(timer)
      resolve()
    }
  })
}

function isAsking(): boolean {
  if (requests.size > 0) return true
  for (const count of asked.values()) if (count > 0) return true
  return false
}

function requestOf(message: unknown): unknown {
  return (message as { readonly request: unknown }).request
}
