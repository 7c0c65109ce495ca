import { Worker } from 'node:worker_threads'
import { StoreError } from '../../core/errors.ts'
import type { Log } from '../../core/ports.ts'
import { toStoreError } from './failures.ts'
import type { Answers, Envelope, Reply, Request, WorkerSettings } from './protocol.ts'

/** The main thread's end of the wire to the storage worker. */
export interface Link {
  /** Rejects with a StoreError. Starts the worker when there is none, also after it died. */
  ask<K extends keyof Answers>(request: Request & { readonly kind: K }, transfer?: ArrayBuffer[]): Promise<Answers[K]>
  /** Ends the worker; what is still unanswered is rejected. */
  end(): Promise<void>
}

interface Waiting {
  resolve(answer: unknown): void
  reject(error: StoreError): void
}

// Beside this file, in whichever form it runs: as it is or built.
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/** Makes the wire; the worker starts with the first request. */
export function createLink(settings: WorkerSettings, log: Log): Link {
  let worker: Worker | undefined
  let lastId = 0
  let ended = false
  const waiting = new Map<number, Waiting>()

  function start(): Worker {
    const started = new Worker(WORKER, {
      workerData: settings,
      name: 'storage',
      // Node 22 still warns that node:sqlite is young.
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    const lose = (cause: unknown) => {
      if (worker !== started) return
      worker = undefined
      void started.terminate()
      const error = new StoreError('ERR_STORE_IO', 'the storage worker ended unexpectedly', { cause })
      if (!ended) log.error('the storage worker ended and is started again with the next call', {}, error)
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    }
    started.on('message', (reply: Reply) => {
      const request = waiting.get(reply.id)
      waiting.delete(reply.id)
      if ('failure' in reply) request?.reject(toStoreError(reply.failure))
      else request?.resolve(reply.answer)
    })
    started.on('error', lose)
    started.on('messageerror', lose)
    started.on('exit', (code) => lose(new Error(`exit code ${code}`)))
    return started
  }

  return {
    ask(request, transfer = []) {
      return new Promise((resolve, reject) => {
        if (ended) {
          reject(new StoreError('ERR_STORE_CLOSED', 'the store is closed'))
          return
        }
        worker ??= start()
        const id = ++lastId
        waiting.set(id, { resolve: resolve as (answer: unknown) => void, reject })
        worker.postMessage({ id, request } satisfies Envelope, transfer)
      })
    },
    async end() {
      ended = true
      await worker?.terminate()
    },
  }
}
