/** Scopes of indexed records with the heads they refer to; read once per delivery for all destinations. */

import type { Scope } from '../core/expressions/expressions.ts'
import { joinKeys } from '../core/records/joins.ts'
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

/** Makes them. `timezone` and `tables` are the config's. */
export function createScopes(index: IndexReader, { timezone, tables }: Pick<Settings, 'timezone' | 'tables'>): Scopes {
  const kept = createWeightedCache<number, readonly State[]>(MOST_KEPT)
  const building = new Map<number, Promise<readonly State[] | undefined>>()

  const build = async (seq: number): Promise<readonly State[] | undefined> => {
    const delivery = await index.read(seq)
    if (delivery === undefined) return undefined
    const accepted = delivery.records.filter((record) => record.verdict === 'accepted')
    const made = states(accepted, delivery, await joined(accepted))
    const size = made.reduce((sum, state) => sum + (state.size > HEAVY ? Infinity : state.size), 0)
    kept.set(seq, made, Math.max(size, MOST_KEPT / DELIVERIES_KEPT))
    return made
  }

  const joined = async (records: readonly BevyRecord[]): Promise<Map<string, Head>> => {
    const heads = new Map<string, Head>()
    await fetch(
      heads,
      records.flatMap((record) => Object.values(joinKeys(record.type, record.data))),
    )
    // A chapter may be named only by the event.
    const behind = [...heads.values()].flatMap((head) => Object.values(joinKeys(head.type, head.data)))
    await fetch(heads, behind)
    return heads
  }

  const fetch = async (heads: Map<string, Head>, wanted: readonly string[]): Promise<void> => {
    const missing = [...new Set(wanted)].filter((key) => !heads.has(key))
    if (missing.length === 0) return
    const found = await index.heads(missing)
    for (const head of found) if (head !== undefined) heads.set(head.key, head)
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
