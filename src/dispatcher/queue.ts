/** Jobs that may go now, and the batches made of them. */

import type { BatchPolicy } from '../core/plugin-contract.ts'
import type { Clock } from '../core/ports.ts'
import type { Task } from './task.ts'

export interface ReadyQueue {
  readonly size: number
  push(task: Task): void
  /** Puts tasks back where they came from: they were not tried. */
  unshift(tasks: readonly Task[]): void
  /**
   * The next batch: up to `size` jobs, all of one group, or one that must go alone. Undefined while it still gathers; `wake` is
   * then called when the wait is over.
   */
  take(size?: number): Task[] | undefined
  /** Gathers no longer. */
  hurry(): void
  close(): void
}

/** Makes one. */
export function createReadyQueue(policy: BatchPolicy, clock: Clock, wake: () => void): ReadyQueue {
  let tasks: { readonly task: Task; readonly at: number }[] = []
  let start = 0
  let hurried = false
  let cancel: (() => void) | undefined

  const compact = (): void => {
    if (start < 1024 || start * 2 < tasks.length) return
    tasks = tasks.slice(start)
    start = 0
  }

  /** Others may stand between those of a group. */
  const takeGroup = (group: string, size: number): Task[] => {
    const batch: Task[] = []
    const rest: typeof tasks = []
    for (const entry of tasks.slice(start)) {
      if (batch.length < size && entry.task.group === group && !entry.task.single) batch.push(entry.task)
      else rest.push(entry)
    }
    tasks = rest
    start = 0
    return batch
  }

  return {
    get size() {
      return tasks.length - start
    },
    push: (task) => void tasks.push({ task, at: clock.monotonic() }),
    unshift(returned) {
      const at = clock.monotonic() - policy.wait
      tasks = [...returned.map((task) => ({ task, at })), ...tasks.slice(start)]
      start = 0
    },
    take(size = policy.size) {
      const first = tasks[start]
      if (first === undefined) return undefined
      if (first.task.single) {
        start += 1
        compact()
        return [first.task]
      }
      if (first.task.group !== undefined) return takeGroup(first.task.group, size)
      let end = start
      const joins = (task: Task | undefined): boolean => task?.single === false && task.group === undefined
      while (end < tasks.length && end - start < size && joins(tasks[end]?.task)) end += 1
      const wait = policy.wait - (clock.monotonic() - first.at)
      if (end - start < size && wait > 0 && !hurried) {
        cancel ??= clock.timer(wait, () => {
          cancel = undefined
          wake()
        })
        return undefined
      }
      const batch = tasks.slice(start, end).map(({ task }) => task)
      start = end
      compact()
      return batch
    },
    hurry() {
      hurried = true
    },
    close: () => cancel?.(),
  }
}
