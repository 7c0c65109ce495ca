/** What a destination keeps in the store, and under which keys. Every read is looked at by zod. */

import { z } from 'zod'
import { StoreError } from '../core/errors.ts'
import { hashKey } from '../core/keys.ts'
import type { Position } from '../core/types.ts'

const position = z.object({ seq: z.number().int().nonnegative(), n: z.number().int().nonnegative() })

const counts = z.object({
  sent: z.number(),
  retries: z.number(),
  unknown: z.number(),
  dead: z.number(),
  skipped: z.record(z.string(), z.number()),
})

/** Totals since the destination was first seen. */
export type Counts = z.infer<typeof counts>

export const cursorDocument = z.object({
  position,
  done: z.array(position),
  counts,
  /** Some job of this destination has left a ref or, in mode `latest`, a sent state. */
  keepsSent: z.boolean(),
})

const attempted = z.object({ at: z.number(), reason: z.string() })

/** An attempt that failed: when, and what came back. */
export type Attempted = Readonly<z.infer<typeof attempted>>

export const exceptionDocument = z.object({
  key: z.string(),
  type: z.string(),
  recordId: z.string(),
  position,
  /** `retry` waits for its time, `batch` for its schedule, `join` for a head, `held` for an earlier state of its key. */
  kind: z.enum(['retry', 'batch', 'join', 'held']),
  routes: z.array(z.string()),
  attempts: z.number().int().nonnegative(),
  /** Milliseconds waited while the destination ran. */
  waited: z.number().nonnegative(),
  /** Length of the wait under way. */
  delay: z.number().nonnegative(),
  /** Wall clock at its end; only a restart reads it, and never waits longer than `delay` for it. */
  dueAt: z.number(),
  /** Wall clock when the job was first due. */
  since: z.number(),
  reason: z.string(),
  unknown: z.boolean(),
  /** Keys of the heads a join waits for. */
  needs: z.array(z.string()),
  /** False while filters are undecided. */
  matched: z.boolean(),
  single: z.boolean(),
  redriven: z.boolean(),
  /** Id of the replay it belongs to. */
  replay: z.string().optional(),
  /** Value of `batch.by`; those of one scheduled batch share it, also when it is tried again. */
  group: z.string().optional(),
  /** Its failed attempts: the first and the newest of them. */
  history: z.array(attempted).optional(),
  /** Of one that was redriven: the copy its dead letter had, for when the journal no longer holds the record. */
  copy: z.record(z.string(), z.unknown()).optional(),
})

/** A job that did not settle at once. */
export type Exception = Readonly<z.infer<typeof exceptionDocument>>

export const sentDocument = z.object({
  position,
  at: z.number(),
  ref: z.unknown().optional(),
  /** It was told to have left its routes. */
  left: z.boolean().optional(),
})

/** What was last sent of a record. */
export type Sent = Readonly<z.infer<typeof sentDocument>>

export const deadDocument = exceptionDocument.extend({
  cause: z.enum(['refused', 'exhausted', 'join']),
  at: z.number(),
  /** A copy of the record, so that it outlives the journal. */
  data: z.record(z.string(), z.unknown()).or(z.null()),
})

/** A job given up. */
export type Dead = Readonly<z.infer<typeof deadDocument>>

export const discardedDocument = z.object({
  key: z.string(),
  position,
  /** Why it was dead. */
  reason: z.string(),
  at: z.number(),
  /** Why a person gave it up. */
  why: z.string(),
})

/** What is left of a dead letter that a person has discarded. */
export type Discarded = Readonly<z.infer<typeof discardedDocument>>

/** A person has paused the destination. */
export const pauseDocument = z.object({ at: z.number(), why: z.string().optional() })

/** A pause made by hand. */
export type Pause = Readonly<z.infer<typeof pauseDocument>>

/** The bridge has paused the destination: it is down. Kept, so that the next life begins with a probe and not with twenty attempts. */
export const downDocument = z.object({ at: z.number(), by: z.enum(['failures', 'refused']), reason: z.string() })

/** A pause the bridge has made itself. */
export type Down = Readonly<z.infer<typeof downDocument>>

/** Heads a dead letter of reason `join` waits for, apart from it so that start-up need not read dead letters. */
export const awaitingDocument = z.object({ needs: z.array(z.string()) })

const replayFilter = z.object({
  types: z.array(z.string()).optional(),
  /** A filter as it stands in a route's `when`. */
  where: z.unknown().optional(),
  /** Id of an event: the event itself, and what belongs to it. */
  event: z.string().optional(),
})

export const replayDocument = z.object({
  position,
  done: z.array(position),
  /** Last delivery of the span. */
  to: z.number().int(),
  startedAt: z.number(),
  /** Which records of the span; absent: all that match a route. */
  only: replayFilter.optional(),
})

/** A second, finite reader over a span of the journal. */
export type Replay = Readonly<z.infer<typeof replayDocument>>

export const registryDocument = z.object({
  /** What its keys in the store are called; the first name it had. */
  slot: z.string(),
  plugin: z.string(),
  createdAt: z.number(),
})

/** A destination's name in the store. */
export type Registered = Readonly<z.infer<typeof registryDocument>>

const pad = (value: number, width: number): string => String(value).padStart(width, '0')

/** Keys, by the destination's slot. */
export const keys = {
  registry: (name: string) => `destinations:${name}`,
  cursor: (slot: string) => `cursor:${slot}`,
  exceptions: (slot: string) => `exception:${slot}`,
  dead: (slot: string) => `dead:${slot}`,
  replays: (slot: string) => `replay:${slot}`,
  awaiting: (slot: string) => `awaiting:${slot}`,
  discarded: (slot: string) => `discarded:${slot}`,
  pause: (slot: string) => `paused:${slot}`,
  down: (slot: string) => `down:${slot}`,
  sent: (slot: string, key: string) => {
    const hash = hashKey(key)
    return `sent:${slot}:${hash.slice(0, 2)}:${hash}`
  },
  state: (slot: string) => `state:${slot}`,
  reload: (at: number) => `reloads:${pad(at, 14)}`,
}

/** One exception or dead letter per state of a record. */
export function stateId(at: Position): string {
  return `${pad(at.seq, 13)}-${pad(at.n, 7)}`
}

/** One exception or dead letter per record. */
export function recordId(key: string): string {
  return hashKey(key)
}

/** Parses a document or says which one is damaged. */
export function parseDocument<T>(schema: z.ZodType<T>, key: string, value: unknown): T {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new StoreError('ERR_STORE_DOCUMENT', `the document ${key} is not what this version writes`, {
    cause: parsed.error,
  })
}

/** Counts of a destination that has done nothing yet. */
export function noCounts(): Counts {
  return { sent: 0, retries: 0, unknown: 0, dead: 0, skipped: {} }
}
