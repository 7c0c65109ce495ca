/** Tells destinations to forget a person until each has; what came of it is on disk before the next. */

import { nextDelay } from '../core/dispatch/retry.ts'
import { DEFAULT_POLICY, type ErasedPerson } from '../core/plugin-contract.ts'
import { maskEmails } from '../core/mask-emails.ts'
import type { AtDestination, Task } from './documents.ts'
import { taskKey } from './documents.ts'
import type { ErasureDeps } from './deps.ts'

/** A destination that is paused, stopped or gone is looked at again after so many milliseconds. */
export const LOOK_AGAIN = 30_000
/** Nobody is told of trouble before it has lasted so long, unless the destination said no. */
const PATIENCE = 3_600_000

/** Tells those of a task that are due; resolves with the task as it is on disk. */
export async function tellDue(task: Task, deps: ErasureDeps, closed: () => boolean): Promise<Task> {
  let current = task
  for (const { slot } of task.destinations) {
    const one = current.destinations.find((candidate) => candidate.slot === slot)
    if (one?.state !== 'pending' || one.due > deps.clock.now()) continue
    if (closed()) return current
    current = await put(current, await tellOne(current, one, deps), deps)
  }
  return current
}

/** When the next destination is due, wall clock; undefined when none is pending. */
export function nextDue(task: Task): number | undefined {
  const pending = task.destinations.filter(({ state }) => state === 'pending').map(({ due }) => due)
  return pending.length === 0 ? undefined : Math.min(...pending)
}

async function tellOne(task: Task, one: AtDestination, deps: ErasureDeps): Promise<AtDestination> {
  const { clock, log, alerts } = deps
  const now = clock.now()
  const known = (await deps.destinations()).find(({ slot }) => slot === one.slot)
  const facts = { erasure: task.id, destination: known?.name ?? one.name }
  if (known === undefined) return settled(one, 'cannot', 'it was forgotten')
  const named = { ...one, name: known.name }
  const told = await deps.tell?.(known.name, personOf(task, one), one.attempts + 1)
  if (told === undefined || told.state === 'paused') return { ...named, due: now + LOOK_AGAIN }
  alerts.recovered?.({ cause: 'erasure', subject: known.name })
  if (told.state !== 'later') {
    log.info('a person was erased at a destination', { ...facts, state: told.state, attempt: one.attempts + 1 })
    return settled(
      { ...named, attempts: one.attempts + 1 },
      told.state,
      told.state === 'cannot' ? told.reason : undefined,
    )
  }
  const attempts = one.attempts + 1
  const delay = nextDelay(known.retry ?? DEFAULT_POLICY.retry, attempts, deps.random(), told.after)
  const reason = maskEmails(told.reason)
  log.warn('a person could not be erased at a destination', { ...facts, attempt: attempts, reason, nextInMs: delay })
  if (told.refused || now - task.at > PATIENCE) {
    const message = `${known.name} has not forgotten a person yet (${reason}). It is told again by itself until it has; erasure ${task.id}`
    alerts.raise({ cause: 'erasure', subject: known.name, message, facts: { erasure: task.id, attempts } })
  }
  return { ...named, attempts, reason, due: clock.now() + delay }
}

/** What is left of a destination that need not be told any more. */
export function settled(one: AtDestination, state: 'told' | 'cannot' | 'given up', why?: string): AtDestination {
  const { records: _records, reason: _reason, ...rest } = one
  return { ...rest, state, ...(why === undefined ? {} : { reason: why }) }
}

function personOf({ id, who, exports }: Task, { records = [] }: AtDestination): ErasedPerson {
  const { users = [], emails = [], names = [] } = who?.known ?? {}
  return { id, users, emails, names, records, positions: who?.positions ?? [], exports } as ErasedPerson
}

async function put(task: Task, one: AtDestination, { store }: ErasureDeps): Promise<Task> {
  const destinations = task.destinations.map((other) => (other.slot === one.slot ? one : other))
  const next: Task = { ...task, destinations }
  await store.commit([{ op: 'set', key: taskKey(task.id), value: next }])
  return next
}
