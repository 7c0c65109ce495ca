/** How long the oldest job of a destination has waited, without reading a body twice. */

import type { IndexReader, Journal } from '../core/ports.ts'

interface Standing {
  readonly name: string
  /** Delivery its cursor stands at; undefined where that is not known. */
  readonly seq: number | undefined
  /** Since when its oldest exception waits. */
  readonly oldest?: number | undefined
}

/** What waits at a destination. */
export interface Waiting {
  readonly deliveries: number
  /** Milliseconds; null when nothing waits. */
  readonly age: number | null
}

/** Makes the function that tells. */
export function createAges(deps: {
  readonly journal: Journal
  readonly index: IndexReader
  now(): number
}): (standing: Standing) => Promise<Waiting> {
  const { journal, index, now } = deps
  const known = new Map<string, { readonly seq: number; readonly receivedAt: number }>()

  const receivedAt = async (name: string, seq: number): Promise<number | undefined> => {
    const before = known.get(name)
    if (before?.seq === seq) return before.receivedAt
    // An indexed one is most likely in memory, in the cache that dispatchers share.
    const delivery = seq <= index.indexed ? await index.read(seq) : await journal.read(seq)
    if (delivery !== undefined) known.set(name, { seq, receivedAt: delivery.receivedAt })
    return delivery?.receivedAt
  }

  return async ({ name, seq, oldest }) => {
    const next = seq === undefined ? journal.tail + 1 : Math.max(seq, journal.first)
    const deliveries = Math.max(0, journal.tail - next + 1)
    const read = deliveries === 0 ? undefined : await receivedAt(name, next)
    const since = [read, oldest].filter((at) => at !== undefined)
    return { deliveries, age: since.length === 0 ? null : Math.max(0, now() - Math.min(...since)) }
  }
}
