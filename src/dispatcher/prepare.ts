/** From a task to the job that is sent: the state to send, its joined heads, what was sent before. */

import type { Job } from '../core/plugin-contract.ts'
import { isErased } from '../core/erasure/person.ts'
import { comparePositions } from '../core/positions.ts'
import type { IndexReader } from '../core/ports.ts'
import { ownTime } from '../core/records/own-time.ts'
import { matchRoutes } from '../core/dispatch/routing.ts'
import { nextSlot } from '../core/dispatch/schedule.ts'
import type { DestinationSettings, Route } from '../core/settings.ts'
import { awaitedBy } from '../core/records/joins.ts'
import { toJob } from '../core/dispatch/to-job.ts'
import type { Json, JsonObject } from '../core/types.ts'
import type { Ledger } from './ledger.ts'
import type { Scopes } from './scopes.ts'
import { standsAside, type State, type Task } from './task.ts'

/** What is to be done with a task now. */
export type Prepared =
  | { readonly state: 'send'; readonly task: Task; readonly job: Job }
  | { readonly state: 'skip'; readonly task: Task; readonly reason: string }
  | { readonly state: 'gather'; readonly task: Task; readonly group: string; readonly delay: number }
  | {
      readonly state: 'join'
      readonly task: Task
      readonly needs: readonly string[]
      readonly delay: number
      readonly matched: boolean
    }
  | {
      readonly state: 'dead'
      readonly task: Task
      readonly needs: string[]
      readonly reason: string
      readonly data: JsonObject | null
    }

interface Deps {
  readonly settings: DestinationSettings
  readonly index: IndexReader
  readonly scopes: Scopes
  readonly ledger: Ledger
  /** The id of the store for a delivery. */
  idOf(seq: number): string
  readonly slot: string
  routes(): readonly Route[]
  now(): number
}

/** Prepares one task. Rejects only when the store cannot be read: that is no attempt. */
export async function prepare(task: Task, deps: Deps): Promise<Prepared> {
  const found = deps.settings.mode === 'latest' ? await newest(task, deps) : await asItWas(task, deps)
  if ('reason' in found) return { ...found, task }
  const { record, receivedAt, scope } = found
  const moved = comparePositions(record.position, task.position) !== 0
  let { routes } = task
  let left = false
  const waitLeft = (): number =>
    task.joinLeft ?? Math.min(deps.settings.join.wait, Math.max(0, receivedAt + deps.settings.join.wait - deps.now()))

  if (!task.matched || moved) {
    const match = matchRoutes(deps.routes(), scope, deps.now())
    if (match.state === 'no') {
      const sent = await deps.ledger.sent(task.key)
      left = deps.settings.onLeave === 'send' && sent !== undefined && sent.left !== true
      if (!left) return { state: 'skip', task, reason: moved || sent !== undefined ? 'left' : 'unmatched' }
    } else if (match.state === 'undecided') {
      const { otherwise } = deps.settings.join
      const needs = [...match.needs]
      if (waitLeft() > 0) return { state: 'join', task, needs, delay: waitLeft(), matched: false }
      if (otherwise === 'skip') return { state: 'skip', task, reason: 'join' }
      if (otherwise === 'keep') {
        return { state: 'dead', task, needs, reason: `no ${needs.join(', ')} came`, data: record.data }
      }
    }
    if (match.state !== 'no') routes = match.routes
  }
  if (await isOld(task, found, deps)) return { state: 'skip', task, reason: 'old' }

  const needs = awaitedBy(deps.settings.reads, scope)
  if (needs.length > 0 && waitLeft() > 0) {
    // One that leaves is looked at again: only then is it known to leave.
    return { state: 'join', task, needs, delay: waitLeft(), matched: !left }
  }
  const { schedule } = deps.settings.batch
  if (schedule !== undefined && task.group === undefined && !standsAside(task)) {
    const { at, group } = nextSlot(schedule, scope, deps.now())
    return { state: 'gather', task: { ...task, routes, matched: !left }, group, delay: at - deps.now() }
  }
  return { state: 'send', task, job: await assemble({ ...task, routes }, found, left, deps) }
}

/** News that was never sent here and is too long ago; what a person asked to send again is not judged. */
async function isOld(task: Task, { record, receivedAt }: State, deps: Deps): Promise<boolean> {
  const { maxAge } = deps.settings
  // What gathered for its schedule was judged when it came.
  if (maxAge === undefined || task.group !== undefined || standsAside(task)) return false
  const { type, data, before } = record
  const at = ownTime({ type, data, before, receivedAt })
  return at !== undefined && at < deps.now() - maxAge && (await deps.ledger.sent(task.key)) === undefined
}

type Missing =
  | { readonly state: 'skip'; readonly reason: string }
  | { readonly state: 'dead'; readonly needs: string[]; readonly reason: string; readonly data: null }

const ERASED: Missing = { state: 'skip', reason: 'erased' }
const GONE = 'the journal no longer holds its record'

async function asItWas(task: Task, deps: Deps): Promise<State | Missing> {
  if (task.fresh !== undefined) return task.fresh
  const delivery = await deps.index.read(task.position.seq)
  const record = delivery?.records.find((candidate) => candidate.position.n === task.position.n)
  if (record === undefined && task.copy !== undefined) return fromCopy(task, task.copy as JsonObject, deps)
  if (delivery === undefined || record === undefined) return { state: 'dead', needs: [], reason: GONE, data: null }
  if (isErased(record.data)) return ERASED
  return deps.scopes.of(record, delivery.receivedAt)
}

/** What retention has cut away is sent from the copy of the dead letter; which state came before is not known any more. */
function fromCopy(task: Task, data: JsonObject, { scopes }: Deps): Promise<State> {
  const { key, type, recordId: id, position } = task
  return scopes.of({ key, type, id, position, data, verdict: 'accepted', version: null, hash: '' }, task.since)
}

async function newest(task: Task, deps: Deps): Promise<State | Missing> {
  const [head] = await deps.index.heads([task.key])
  if (head === undefined) {
    const delivery = await deps.index.read(task.position.seq)
    const record = delivery?.records.find((candidate) => candidate.position.n === task.position.n)
    if (record === undefined && task.copy !== undefined) return fromCopy(task, task.copy as JsonObject, deps)
    return isErased(record?.data) ? ERASED : { state: 'dead', needs: [], reason: GONE, data: null }
  }
  const sent = task.replay === undefined ? await deps.ledger.sent(task.key) : undefined
  if (sent !== undefined && comparePositions(sent.position, head.position) >= 0) {
    return { state: 'skip', reason: 'superseded' }
  }
  if (task.fresh !== undefined && comparePositions(task.fresh.record.position, head.position) === 0) return task.fresh
  const delivery = await deps.index.read(head.position.seq)
  const record = delivery?.records.find((candidate) => candidate.position.n === head.position.n)
  // The head itself is enough where the journal has been cut.
  return deps.scopes.of(record ?? { ...head, verdict: 'accepted' }, delivery?.receivedAt ?? deps.now())
}

async function assemble(task: Task, { record, receivedAt, scope }: State, left: boolean, deps: Deps): Promise<Job> {
  const sent = await deps.ledger.sent(task.key)
  const eventKey =
    record.type === 'event' || scope.event === undefined ? undefined : `event:${String(scope.event['id'])}`
  const eventSent = eventKey === undefined ? undefined : await deps.ledger.sent(eventKey)
  return toJob({
    record,
    position: record.position,
    receivedAt,
    scope,
    routes: task.routes,
    storeId: deps.idOf(record.position.seq),
    slot: deps.slot,
    attempts: task.attempts,
    redriven: task.redriven,
    replay: task.replay,
    left,
    group: task.group,
    ref: sent?.ref as Json | undefined,
    eventRef: eventSent?.ref as Json | undefined,
  })
}
