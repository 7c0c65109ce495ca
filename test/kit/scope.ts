import type { Scope, Tables } from '../../src/core/expressions/expressions.ts'
import { buildScope } from '../../src/core/expressions/scopes.ts'
import type { Head, JsonObject } from '../../src/core/types.ts'

/** A head of the newest state of something. */
export function headOf(type: string, data: JsonObject, seq = 1): Head {
  const id = String(data.id)
  return { type, id, key: `${type}:${id}`, data, version: null, hash: '', position: { seq, n: 1 } }
}

/** The scope of a record, with the heads that have arrived. */
export function scopeOf(
  type: string,
  data: JsonObject,
  options: { heads?: readonly Head[]; before?: JsonObject; timezone?: string; tables?: Tables; seq?: number } = {},
): Scope {
  const { heads = [], before, timezone, tables, seq = 5 } = options
  return buildScope({
    record: { type, id: String(data.id), key: `${type}:${String(data.id)}`, data },
    before,
    heads: new Map(heads.map((head) => [head.key, head])),
    delivery: { seq, receivedAt: Date.UTC(2026, 2, 1) },
    timezone,
    tables,
  })
}
