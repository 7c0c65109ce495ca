/** Scopes of indexed records with the heads they refer to; read once per delivery for all destinations. */

import type { Scope } from '../core/expressions/expressions.ts'
import { joinKey, JOINED_ROOTS } from '../core/records/joins.ts'
import { roughSize } from '../core/records/json-size.ts'
import type { IndexReader } from '../core/ports.ts'
import { buildScope } from '../core/expressions/scopes.ts'
import type { Settings } from '../core/settings.ts'
import type { BevyRecord, Head, IndexedDelivery, IndexedRecord, JsonObject } from '../core/types.ts'
import { createWeightedCache } from '../core/weighted-cache.ts'
import { HEAVY, type State } from './task.ts'

export interface Scopes {
  /** The accepted records of a delivery with their scopes; undefined when the index does not hold it. */
  ofDelivery(seq: number): Promise<readonly State[] | undefined>
  /** One record with its scope, joined heads as they are now. */
  of(record: IndexedRecord, receivedAt: number): Promise<State>
}

const DELIVERIES_KEPT = 64
/** Characters of all deliveries kept. */
const MOST_KEPT = 16 * 1024 * 1024

/** Makes them. `timezone` and `tables` are the config's. `built` is told of each delivery whose states were made. */
export function createScopes(
  index: IndexReader,
  { timezone, tables }: Pick<Settings, 'timezone' | 'tables'>,
  built: (seq: number, states: readonly State[]) => void = () => {},
): Scopes {
  const kept = createWeightedCache<number, readonly State[]>(MOST_KEPT)
  const building = new Map<number, Promise<readonly State[] | undefined>>()

  const build = async (seq: number): Promise<readonly State[] | undefined> => {
    const delivery = await index.read(seq)
    if (delivery === undefined) return undefined
    const accepted = delivery.records.filter((record) => record.verdict === 'accepted')
    const made = states(accepted, delivery, await joined(accepted))
    const size = made.reduce((sum, state) => sum + (state.size > HEAVY ? Infinity : state.size), 0)
    kept.set(seq, made, Math.max(size, MOST_KEPT / DELIVERIES_KEPT))
    built(seq, made)
    return made
  }

  const joined = async (records: readonly BevyRecord[]): Promise<Map<string, Head>> => {
    const heads = new Map<string, Head>()
    await fetch(heads, records)
    // A chapter may be named only by the event.
    if (heads.size > 0) await fetch(heads, [...heads.values()])
    return heads
  }

  /** The heads these refer to, but those already there. */
  const fetch = async (
    heads: Map<string, Head>,
    records: readonly Pick<BevyRecord, 'type' | 'data'>[],
  ): Promise<void> => {
    const missing = new Set<string>()
    for (const { type, data } of records) {
      for (const root of JOINED_ROOTS) {
        const key = joinKey(type, data, root)
        if (key !== undefined && !heads.has(key)) missing.add(key)
      }
    }
    if (missing.size === 0) return
    for (const head of await index.heads([...missing])) if (head !== undefined) heads.set(head.key, head)
  }

  const states = (
    records: readonly IndexedRecord[],
    delivery: Pick<IndexedDelivery, 'seq' | 'receivedAt' | 'seed'>,
    heads: ReadonlyMap<string, Head>,
  ): State[] => {
    const sizes = new Map<JsonObject, number>()
    return records.map((record) => {
      const { receivedAt, seed } = delivery
      const scope = buildScope({
        record,
        ...(record.before === undefined ? {} : { before: record.before as JsonObject }),
        heads,
        delivery: { seq: delivery.seq, receivedAt },
        timezone,
        tables,
      })
      return { record, receivedAt, scope, size: sizeOf(record, scope, sizes), ...(seed === undefined ? {} : { seed }) }
    })
  }

  return {
    ofDelivery(seq) {
      const found = kept.get(seq)
      if (found !== undefined) return Promise.resolve(found)
      let underWay = building.get(seq)
      if (underWay === undefined) {
        underWay = build(seq).finally(() => building.delete(seq))
        building.set(seq, underWay)
      }
      return underWay
    },
    async of(record, receivedAt) {
      const [state] = states([record], { seq: record.position.seq, receivedAt }, await joined([record]))
      return state as State
    },
  }
}

/** `known`: heads are joined to many records. */
function sizeOf({ data, before }: IndexedRecord, scope: Scope, known: Map<JsonObject, number>): number {
  let size = roughSize(data, HEAVY) + (before === undefined ? 0 : roughSize(before, HEAVY))
  for (const head of [scope.event, scope.chapter, scope.user]) {
    if (head === undefined || head === data) continue
    let found = known.get(head)
    if (found === undefined) {
      found = roughSize(head, HEAVY)
      known.set(head, found)
    }
    size += found
  }
  return size
}
