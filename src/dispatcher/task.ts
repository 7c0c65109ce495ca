import type { Scope } from '../core/expressions/expressions.ts'
import type { IndexedRecord, Position } from '../core/types.ts'
import type { Window } from '../core/dispatch/window.ts'
import type { Attempted, Exception } from './documents.ts'

/** A record of the index with its scope. */
export interface State {
  readonly record: IndexedRecord
  readonly receivedAt: number
  readonly scope: Scope
  /** Of a delivery that fills heads and makes no job. */
  readonly seed?: true
  /** Characters of all that hangs on it, roughly, and exactly enough to tell whether it is heavy. */
  readonly size: number
}

/** From this size on a state is not kept in memory while its job waits, but read again: thousands may wait at once. */
export const HEAVY = 64 * 1024

/** A job while it is in memory. */
export interface Task {
  readonly key: string
  readonly type: string
  readonly recordId: string
  /** The state that made it due. */
  readonly position: Position
  /** Positions of the window that settle with it. */
  readonly opens: readonly Position[]
  readonly routes: readonly string[]
  /** False while the filters of its routes are undecided. */
  readonly matched: boolean
  /** Attempts made. */
  readonly attempts: number
  readonly waited: number
  /** Wall clock when first due. */
  readonly since: number
  /** Its failed attempts, the first and the newest of them. */
  readonly history?: readonly Attempted[]
  /** Goes in a batch of its own. */
  readonly single: boolean
  readonly redriven: boolean
  /** Value of `batch.by`: its schedule has come, and it is sent with the others of its group. */
  readonly group?: string
  /** The replay it belongs to, and the window of that replay's reader. */
  readonly replay?: string
  readonly window?: Window
  /** Id of the exception it comes from. */
  readonly exception?: string
  /** Milliseconds it may still wait for a head, after a first wait. */
  readonly joinLeft?: number
  /** The copy of its record that its dead letter had. */
  readonly copy?: Exception['copy']
  /** What the reader has just read, so that it need not be read again. */
  readonly fresh?: State
}

/** The task of an exception whose wait has ended after `elapsed` milliseconds: `over` at its time, else early. */
export function taskOf(id: string, exception: Exception, elapsed: number, over: boolean): Task {
  const { key, type, recordId, position, routes, matched, attempts, waited, since, single, redriven, kind } = exception
  return {
    key,
    type,
    recordId,
    position,
    opens: [],
    routes,
    matched,
    attempts,
    waited: kind === 'retry' ? waited + elapsed : waited,
    since,
    single,
    redriven,
    exception: id,
    ...(exception.replay === undefined ? {} : { replay: exception.replay }),
    ...(exception.group === undefined ? {} : { group: exception.group }),
    ...(exception.history === undefined ? {} : { history: exception.history }),
    ...(exception.copy === undefined ? {} : { copy: exception.copy }),
    ...(kind === 'join' ? { joinLeft: over ? 0 : Math.max(0, exception.delay - elapsed) } : {}),
  }
}

/** What a task leaves on disk when it has to wait. */
export function exceptionOf(
  task: Task,
  wait: {
    kind: Exception['kind']
    delay: number
    now: number
    reason: string
    unknown?: boolean
    needs?: string[]
    group?: string | undefined
  },
): Exception {
  const { key, type, recordId, position, matched, attempts, waited, since, single, redriven } = task
  return {
    key,
    type,
    recordId,
    position,
    routes: [...task.routes],
    matched,
    attempts,
    waited,
    since,
    single,
    redriven,
    ...(task.replay === undefined ? {} : { replay: task.replay }),
    ...((wait.group ?? task.group) === undefined ? {} : { group: wait.group ?? task.group }),
    ...(task.history === undefined ? {} : { history: [...task.history] }),
    ...(task.copy === undefined ? {} : { copy: task.copy }),
    kind: wait.kind,
    delay: wait.delay,
    dueAt: wait.now + wait.delay,
    reason: wait.reason,
    unknown: wait.unknown ?? false,
    needs: wait.needs ?? [],
  }
}

/** Sent late or again: outside the order of its key, it holds nobody and is held by nobody. */
export function standsAside(job: Pick<Task, 'redriven'> & { readonly replay?: string | undefined }): boolean {
  return job.redriven || job.replay !== undefined
}
