import type { Scope } from '../expressions/expressions.ts'
import type { Job } from '../plugin-contract.ts'
import type { BevyRecord, Json, Position } from '../types.ts'

/** What a job is made of. */
export interface JobFacts {
  readonly record: BevyRecord
  readonly position: Position
  /** Milliseconds since 1970. */
  readonly receivedAt: number
  readonly scope: Scope
  readonly routes: readonly string[]
  readonly storeId: string
  /** What the destination's state is called in the store. */
  readonly slot: string
  /** Attempts made before this one. */
  readonly attempts: number
  readonly redriven: boolean
  /** Id of the replay it belongs to. */
  readonly replay?: string | undefined
  /** It was sent here and matches no longer. */
  readonly left?: boolean
  /** Value of `batch.by` in a scheduled batch. */
  readonly group?: string | undefined
  /** Refs left by this record and by its event. */
  readonly ref?: Json | undefined
  readonly eventRef?: Json | undefined
}

/** The job as a plugin gets it. */
export function toJob(facts: JobFacts): Job {
  const { record, position, scope, storeId, slot, replay, ref, eventRef } = facts
  const id = `${storeId}_${slot}_${position.seq}-${position.n}`
  const job: { -readonly [Field in keyof Job]: Job[Field] } = {
    ...scope,
    // The same on every attempt and redrive, new on replay; no dots, so that it can stand in a signed `webhook-id`.
    id: replay === undefined ? id : `${id}_${replay}`,
    recordId: record.id,
    key: record.key,
    data: record.data,
    position,
    receivedAt: facts.receivedAt,
    refs: eventRef === undefined ? {} : { event: eventRef },
    left: facts.left ?? false,
    replay: replay !== undefined,
    redriven: facts.redriven,
    attempt: facts.attempts + 1,
    routes: facts.routes,
  }
  if (ref !== undefined) job.ref = ref
  if (facts.group !== undefined) job.group = facts.group
  return job
}
