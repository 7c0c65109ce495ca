/**
 * The storage worker: owns the one connection, answers one request after the other.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { createAnswerer } from './answerer.ts'
import { toFailure } from './failures.ts'
import type { FaultHook } from './failures.ts'
import type { CommitRequest, Envelope, Reply, Request, WorkerSettings } from './protocol.ts'

const settings = workerData as WorkerSettings
const { answer, commit } = createAnswerer(settings.file, await loadFaults(settings.faults))

/** They do not wait for writes, which nobody was told of yet. */
const READS: ReadonlySet<Request['kind']> = new Set(['read', 'has', 'list', 'survey'] as const)

parentPort?.on('message', (first: Envelope) => {
  // All that came while the last transaction was written: it goes into the next one, and shares its sync.
  const waiting = [first]
  for (;;) {
    const more = parentPort && (receiveMessageOnPort(parentPort) as { readonly message: Envelope } | undefined)
    if (!more) break
    waiting.push(more.message)
  }
  for (const envelope of waiting) if (READS.has(envelope.request.kind)) reply(envelope)
  let commits: Commit[] = []
  for (const envelope of waiting) {
    if (isCommit(envelope)) commits.push(envelope)
    else if (!READS.has(envelope.request.kind)) {
      commitAll(commits)
      commits = []
      reply(envelope)
    }
  }
  commitAll(commits)
})

interface Commit extends Envelope {
  readonly request: CommitRequest
}

function isCommit(envelope: Envelope): envelope is Commit {
  return envelope.request.kind === 'commit'
}

function reply({ id, request }: Envelope): void {
  if (request.kind === 'commit') return
  const transfer: ArrayBuffer[] = []
  let said: Reply
  try {
    said = { id, answer: answer(request, transfer) }
  } catch (error) {
    said = { id, failure: toFailure(error, settings.file) }
  }
  parentPort?.postMessage(said, transfer)
}

function commitAll(commits: readonly Commit[]): void {
  if (commits.length === 0) return
  for (const [index, outcome] of commit(commits.map(({ request }) => request)).entries()) {
    const { id = 0, request } = commits[index] ?? {}
    parentPort?.postMessage({ id, ...outcome } satisfies Reply, [])
    // Freed now: this thread makes so little garbage that it would hold groups for long.
    request?.group.bytes.buffer.transfer(0)
  }
}

async function loadFaults(faults: WorkerSettings['faults']): Promise<FaultHook | undefined> {
  if (faults === undefined) return undefined
  const made: unknown = await import(faults.module)
  return (made as { default(data: unknown): FaultHook }).default(faults.data)
}
