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
  let ended = false
  // In the order of their ids, from `first` on: a Map that many pass through leaves old tables behind, see receiver/exchange.ts.
  const waiting: (Waiting | undefined)[] = []
  let first = 1

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
      first += waiting.length
      for (const request of waiting.splice(0)) request?.reject(error)
    }
    started.on('message', (reply: Reply) => {
      const request = take(reply.id)
      if ('failure' in reply) request?.reject(toStoreError(reply.failure))
      else request?.resolve(reply.answer)
    })
    started.on('error', lose)
    started.on('messageerror', lose)
    started.on('exit', (code) => lose(new Error(`exit code ${code}`)))
    return started
  }

  function take(id: number): Waiting | undefined {
    const request = waiting[id - first]
    waiting[id - first] = undefined
    while (waiting.length > 0 && waiting[0] === undefined) {
      waiting.shift()
      first += 1
    }
    return request
  }

  return {
    ask(request, transfer = []) {
      return new Promise((resolve, reject) => {
        if (ended) {
          reject(new StoreError('ERR_STORE_CLOSED', 'the store is closed'))
          return
        }
        worker ??= start()
        const id = first + waiting.length
        waiting.push({ resolve: resolve as (answer: unknown) => void, reject })
        worker.postMessage({ id, request } satisfies Envelope, transfer)
      })
    },
    async end() {
      ended = true
      await worker?.terminate()
    },
  }
}
