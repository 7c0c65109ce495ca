import { inventChanges } from './script.ts'
import { joinKeys } from '../records/joins.ts'
import type { BevyRecord, Head, JsonObject } from '../types.ts'

/** An invented record with the heads it refers to. */
export interface Sample {
  readonly record: BevyRecord
  readonly before?: JsonObject
  readonly heads: ReadonlyMap<string, Head>
}

/**
 * Invents a record shaped as Bevy sends it, of people at example.com: `attendee`, or one in a state: `attendee.checked-in`,
 * `event.canceled`. Undefined when the invented community has none such.
 *
 * @param now milliseconds since 1970
 */
export function inventSample(name: string, now: number): Sample | undefined {
  const [type = '', status] = name.split('.')
  const changes = inventChanges({ seed: 3, type: 'all', count: 60, start: now, changes: 8 })
  // An event that was published says more than a fresh draft.
  const wanted = (status ?? (type === 'event' ? 'published' : undefined))?.toLowerCase()
  const fits = ({ data }: { data: JsonObject }): boolean =>
    wanted === undefined || String(data['status'] ?? '').toLowerCase() === wanted
  const found = changes.findIndex((change) => change.type === type && fits(change))
  const change = changes[found]
  if (change === undefined) return undefined
  const before = changes.slice(0, found).findLast(({ key }) => key === change.key)?.data
  const record = { type, id: String(change.data['id']), key: change.key, data: change.data }
  return { record, ...(before === undefined ? {} : { before }), heads: headsFor(record, changes) }
}

/** The first states of what it refers to, and of what those refer to; an event as published. */
function headsFor(
  record: BevyRecord,
  changes: readonly { readonly type: string; readonly key: string; readonly data: JsonObject }[],
): Map<string, Head> {
  const heads = new Map<string, Head>()
  const wanted = Object.values(joinKeys(record.type, record.data))
  for (let key = wanted.shift(); key !== undefined; key = wanted.shift()) {
    if (heads.has(key) || key === record.key) continue
    const states = changes.filter((change) => change.key === key)
    const state = states.find(({ data }) => data['status'] === 'Published') ?? states[0]
    if (state === undefined) continue
    const { type, data } = state
    heads.set(key, {
      type,
      id: String(data['id']),
      key,
      data,
      version: null,
      hash: '',
      position: { seq: 0, n: heads.size + 1 },
    })
    wanted.push(...Object.values(joinKeys(type, data)))
  }
  return heads
}
