/** Scopes of indexed records with the heads they refer to; read once per delivery for all destinations. */

import { joinKeys } from '../core/joins.ts'
import type { IndexReader } from '../core/ports.ts'
import { buildScope } from '../core/scopes.ts'
import type { Settings } from '../core/settings.ts'
import type { BevyRecord, Head, IndexedDelivery, IndexedRecord, JsonObject } from '../core/types.ts'
import type { State } from './task.ts'

export interface Scopes {
  /** The accepted records of a delivery with their scopes; undefined when the index does not hold it. */
  ofDelivery(seq: number): Promise<readonly State[] | undefined>
  /** One record with its scope, joined heads as they are now. */
  of(record: IndexedRecord, receivedAt: number): Promise<State>
}

const DELIVERIES_KEPT = 64

/** Makes them. `timezone` and `tables` are the config's. */
export function createScopes(index: IndexReader, { timezone, tables }: Pick<Settings, 'timezone' | 'tables'>): Scopes {
  const kept = new Map<number, Promise<readonly State[] | undefined>>()

  const build = async (seq: number): Promise<readonly State[] | undefined> => {
    const delivery = await index.read(seq)
    if (delivery === undefined) return undefined
    const accepted = delivery.records.filter((record) => record.verdict === 'accepted')
    return states(accepted, delivery, await joined(accepted))
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
    delivery: Pick<IndexedDelivery, 'seq' | 'receivedAt'>,
    heads: ReadonlyMap<string, Head>,
  ): State[] =>
    records.map((record) => ({
      record,
      receivedAt: delivery.receivedAt,
      scope: buildScope({
        record,
        ...(record.before === undefined ? {} : { before: record.before as JsonObject }),
        heads,
        delivery: { seq: delivery.seq, receivedAt: delivery.receivedAt },
        timezone,
        tables,
      }),
    }))

  return {
    ofDelivery(seq) {
      let found = kept.get(seq)
      if (found === undefined) {
        found = build(seq)
        kept.set(seq, found)
        found.catch(() => kept.delete(seq))
        if (kept.size > DELIVERIES_KEPT) kept.delete(kept.keys().next().value as number)
      }
      return found
    },
    async of(record, receivedAt) {
      const [state] = states([record], { seq: record.position.seq, receivedAt }, await joined([record]))
      return state as State
    },
  }
}
