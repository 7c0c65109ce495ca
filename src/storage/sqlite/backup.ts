/** A copy of the database while it is in use: by a thread and a connection of its own, so that commits go on. */

import { Worker } from 'node:worker_threads'
import { StoreError } from '../../core/errors.ts'
import { toStoreError } from './failures.ts'
import type { Failure } from './protocol.ts'

/** What the thread is told. */
export interface BackupOrder {
  readonly from: string
  /** Must not exist; its folder must. */
  readonly to: string
  /** Documents that stand in the copy alone. */
  readonly more: readonly (readonly [key: string, value: Uint8Array])[]
  /** Not 0: it is to end. */
  readonly stop: Int32Array<SharedArrayBuffer>
}

/** What the thread answers. */
export type BackupReply = { readonly bytes: number } | { readonly failure: Failure }

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './backup-worker.ts' : './backup-worker.js', import.meta.url)

/** Makes backups of one database, one after the other. */
export interface Backups {
  /** Resolves with the bytes of the copy. Rejects with a StoreError: `ERR_BACKUP_EXISTS`, `ERR_BACKUP_FAILED`, `ERR_STORE_DAMAGED`. */
  make(order: Omit<BackupOrder, 'stop'>): Promise<number>
  /** Ends the one under way within moments; it rejects. */
  stop(): void
}

/** Makes it. */
export function createBackups(): Backups {
  const stop = new Int32Array(new SharedArrayBuffer(4))
  return {
    make: (order) => runThread({ ...order, stop }),
    stop() {
      Atomics.store(stop, 0, 1)
      Atomics.notify(stop, 0)
    },
  }
}

function runThread(order: BackupOrder): Promise<number> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, {
      workerData: order,
      name: 'backup',
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    const fail = (cause: unknown): void =>
      reject(new StoreError('ERR_BACKUP_FAILED', `the backup ${order.to} could not be made`, { cause }))
    worker.once('message', (reply: BackupReply) => {
      if ('failure' in reply) reject(toStoreError(reply.failure))
      else resolve(reply.bytes)
    })
    worker.once('error', fail)
    worker.once('exit', (code) => fail(new Error(`the thread ended with ${code}`)))
  })
}
