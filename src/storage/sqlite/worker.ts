/**
 * The storage worker: owns the one connection, answers one request after the other.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { createAnswerer } from './answerer.ts'
import { toFailure } from './failures.ts'
import type { FaultHook } from './failures.ts'
import type { Envelope, Reply, WorkerSettings } from './protocol.ts'

const settings = workerData as WorkerSettings
const answer = createAnswerer(settings.file, await loadFaults(settings.faults))

parentPort?.on('message', ({ id, request }: Envelope) => {
  const transfer: ArrayBuffer[] = []
  let reply: Reply
  try {
    reply = { id, answer: answer(request, transfer) }
  } catch (error) {
    reply = { id, failure: toFailure(error, settings.file) }
  }
  parentPort?.postMessage(reply, transfer)
  // Freed now: this thread makes so little garbage that it would hold groups for long.
  if (request.kind === 'commit') request.group.bytes.buffer.transfer(0)
})

async function loadFaults(faults: WorkerSettings['faults']): Promise<FaultHook | undefined> {
  if (faults === undefined) return undefined
  const made: unknown = await import(faults.module)
  return (made as { default(data: unknown): FaultHook }).default(faults.data)
}
