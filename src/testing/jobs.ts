import { buildScope } from '../core/expressions/scopes.ts'
import type { Attempt, Job } from '../core/plugin-contract.ts'
import type { Head, JsonObject } from '../core/types.ts'
import { SAMPLE_RECORDS } from './samples.ts'

/** What a job is made from; everything else follows from it, or is given as it should be. */
export interface JobInput extends Partial<Omit<Job, 'type' | 'data' | 'record'>> {
  readonly type?: string
  readonly data?: JsonObject
  /** Number of the delivery, from 1. */
  readonly seq?: number
  /** Running number in the body, from 1. */
  readonly n?: number
}

/** 2026-03-02T09:15:00Z: when the records of `makeJob` were received. */
export const RECEIVED_AT = Date.UTC(2026, 2, 2, 9, 15)

const sampleHeads = new Map<string, Head>(
  SAMPLE_RECORDS.map(({ type, data }) => {
    const id = String(data.id)
    const key = `${type}:${id}`
    return [key, { type, id, key, data, version: null, hash: key, position: { seq: 1, n: 1 } }]
  }),
)

/**
 * A job as a dispatcher would make it: an attendee by default, joined with the sample event, chapter and user. Frozen all the
 * way down, for no plugin may change what it is given.
 *
 * @example
 * makeJob({ type: 'event', data: { id: 7, title: '=1+1' }, seq: 3, attempt: 2 })
 */
export function makeJob(input: JobInput = {}): Job {
  const { type = 'attendee', seq = 1, n = 1, receivedAt = RECEIVED_AT, before, timezone = 'UTC', ...rest } = input
  const data = input.data ?? sampleOf(type)
  const recordId = input.recordId ?? String(data.id ?? '0')
  const key = `${type}:${recordId}`
  const position = { seq, n }
  const record = { type, id: recordId, key, data, position }
  const scope = buildScope({ record, before, heads: sampleHeads, delivery: { seq, receivedAt }, timezone })
  return freeze({
    ...scope,
    id: `teststore000_test_${seq}-${n}`,
    recordId,
    key,
    position,
    receivedAt,
    refs: {},
    left: false,
    replay: false,
    redriven: false,
    attempt: 1,
    routes: ['test'],
    ...rest,
    data,
  })
}

/** A job for each known type and one for a type nobody knows, in one delivery. */
export function sampleJobs(): Job[] {
  return SAMPLE_RECORDS.map(({ type, data }, index) => makeJob({ type, data, n: index + 1 }))
}

/** The attempt a dispatcher would send these jobs in. */
export function makeAttempt(jobs: readonly Job[] = [], overrides: Partial<Attempt> = {}): Attempt {
  return {
    number: Math.max(1, ...jobs.map(({ attempt }) => attempt)),
    signal: new AbortController().signal,
    idempotencyKey: jobs.length === 1 && jobs[0] !== undefined ? jobs[0].id : `batch-of-${jobs.length}`,
    ...overrides,
  }
}

function sampleOf(type: string): JsonObject {
  return SAMPLE_RECORDS.find((sample) => sample.type === type)?.data ?? { id: 1 }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
