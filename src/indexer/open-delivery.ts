/** From a stored delivery to records ready to be decided about. Needs no head, so it can run ahead. */

import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BodyItem, Problem } from '../core/records/bodies.ts'
import { splitBody } from '../core/records/bodies.ts'
import { isBridgeError } from '../core/errors.ts'
import { canonical, parseExact } from '../core/records/exact-json.ts'
import { hashKey } from '../core/keys.ts'
import type { StoredDelivery } from '../core/ports.ts'
import { noteRecord, versionOf } from '../core/records/records.ts'
import type { BevyRecord, Json, Position } from '../core/types.ts'
import { toText } from './inflate.ts'

/** A record that can be decided about. */
export interface UsableRecord {
  readonly state: 'usable'
  readonly n: number
  readonly record: BevyRecord
  readonly hash: string
  /** Characters of its JSON. */
  readonly size: number
  readonly version: number | null
  readonly notes: readonly string[]
}

/** A record that cannot. */
export interface UnusableRecord {
  readonly state: 'unusable'
  readonly n: number
  readonly problem: Problem
  readonly type?: string
  readonly id?: string
  readonly data: Json
}

/** A delivery, opened. */
export interface OpenDelivery {
  readonly seq: number
  readonly receivedAt: number
  readonly asOf?: Position
  readonly seed?: true
  /** Characters of its text. */
  readonly size: number
  /** Why nothing of it can be used; then `records` is empty. */
  readonly problem?: Problem
  readonly records: readonly (UsableRecord | UnusableRecord)[]
}

/** Records between two looks at the event loop: some 3 ms. */
const STRIDE = 250

/** Opens a delivery: inflates, decodes, parses, splits, looks at each record, hashes it. Never rejects: what fails is a problem. */
export async function openDelivery(delivery: StoredDelivery, maxInflated: number): Promise<OpenDelivery> {
  const facts = factsOf(delivery)
  const body = await readItems(delivery, maxInflated)
  if (body.state === 'unusable') return { ...facts, size: 0, problem: body.problem, records: [] }
  const records: (UsableRecord | UnusableRecord)[] = []
  for (const item of body.items) {
    records.push(look(item, facts.receivedAt))
    if (item.n % STRIDE === 0) await nextTurn()
  }
  return { ...facts, size: body.size, records }
}

/** A delivery whose body is not to be touched. */
export function leaveClosed(delivery: StoredDelivery): OpenDelivery {
  const problem = {
    code: 'ERR_BODY_DEADLY',
    reason: 'indexing it has ended the process several times; it was not opened',
  }
  return { ...factsOf(delivery), size: 0, problem, records: [] }
}

function factsOf({
  seq,
  receivedAt,
  asOf,
  seed,
}: StoredDelivery): Pick<OpenDelivery, 'seq' | 'receivedAt' | 'asOf' | 'seed'> {
  return { seq, receivedAt, ...(asOf === undefined ? {} : { asOf }), ...(seed === undefined ? {} : { seed }) }
}

type Body =
  | { readonly state: 'items'; readonly items: readonly BodyItem[]; readonly size: number }
  | { readonly state: 'unusable'; readonly problem: Problem }

/** The items of a delivery's body, or why there are none. Never rejects. */
export async function readItems(delivery: StoredDelivery, maxInflated: number): Promise<Body> {
  try {
    const text = await toText(delivery.bytes, delivery.encoding, maxInflated)
    const body = splitBody(parseExact(text))
    return body.state === 'items' ? { ...body, size: text.length } : body
  } catch (error) {
    return { state: 'unusable', problem: toProblem(error, 'ERR_BODY_UNEXPECTED') }
  }
}

function look(item: BodyItem, receivedAt: number): UsableRecord | UnusableRecord {
  if (item.state === 'problem') return { ...item, state: 'unusable' }
  const { n, record } = item
  try {
    const text = canonical(record.data)
    const { version, note } = versionOf(record.type, record.data, receivedAt)
    const notes = noteRecord(record.type, record.data)
    return {
      state: 'usable',
      n,
      record,
      version,
      hash: hashKey(text),
      size: text.length,
      notes: note === undefined ? notes : [...notes, note],
    }
  } catch (error) {
    const { type, id, data } = record
    return { state: 'unusable', n, type, id, data, problem: toProblem(error, 'ERR_RECORD_UNEXPECTED') }
  }
}

/** Foreign errors may quote what they stumbled over, so only their name is kept. */
export function toProblem(error: unknown, code: string): Problem {
  if (isBridgeError(error, 'record')) return { code: error.code, reason: error.message }
  const name = error instanceof Error ? error.name : typeof error
  return { code, reason: `looking at it failed unexpectedly (${name})` }
}
