/** Tasks: made of what was asked for, and told of. */

import { isDeletedAddress, type Wanted } from '../core/erasure/person.ts'
import { NO_COUNTS, type ErasureInput, type ErasureReport } from '../core/erasure/report.ts'
import { BridgeError } from '../core/errors.ts'
import { normalEmail } from '../core/records/records.ts'
import type { Task } from './documents.ts'

/** Id of an erasure that began at a time; says nothing of the person. */
export function idOf(at: number): string {
  return `e${at.toString(36)}`
}

/** Throws `ERR_ERASE_WHO`. */
export function toWanted({ user, email }: ErasureInput): Wanted {
  const users = user === undefined ? [] : [user.trim()]
  const emails = email === undefined ? [] : [normalEmail(email)]
  if ([...users, ...emails].some((text) => text === '') || users.length + emails.length === 0) {
    throw new BridgeError('config', 'ERR_ERASE_WHO', 'an erasure needs the id of a user or an e-mail address')
  }
  if (emails.some((text) => !/^[^@\s]+@[^@\s]+$/.test(text) || isDeletedAddress(text))) {
    throw new BridgeError('config', 'ERR_ERASE_WHO', 'that is no e-mail address of a person')
  }
  return { users, emails }
}

/** A task as people see it. */
export function toReport(task: Task, live: boolean): ErasureReport {
  const { v: _v, who: _who, counts, destinations, endedAt, ...rest } = task
  return {
    ...rest,
    counts: { ...NO_COUNTS, ...counts },
    ...(endedAt === undefined ? {} : { endedAt }),
    destinations: destinations.map(({ name, plugin, state, attempts, reason, due }) => ({
      name,
      plugin,
      state,
      attempts,
      ...(reason === undefined ? {} : { reason }),
      ...(state === 'pending' ? { due } : {}),
    })),
    live,
  }
}

/** A task that has not begun. */
export function newTask(
  id: string,
  { at, by, wanted, exports }: { at: number; by: Task['by']; wanted: Wanted; exports: boolean },
): Task {
  const { users, emails, keys, sparesDeleted } = wanted
  const asked = {
    users: [...users],
    emails: [...emails],
    ...(keys === undefined ? {} : { keys: [...keys] }),
    ...(sparesDeleted === undefined ? {} : { sparesDeleted }),
  }
  const known = { users: [], emails: [], keys: [], names: [] }
  return {
    v: 1,
    id,
    at,
    by,
    state: 'waiting',
    exports,
    who: { wanted: asked, known, positions: [] },
    counts: {},
    accounts: users.length,
    addresses: emails.length,
    unopened: 0,
    shared: 0,
    destinations: [],
    scrubbed: false,
  }
}
