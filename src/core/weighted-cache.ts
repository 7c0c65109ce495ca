/** A cache bounded by what its values weigh; the ones used longest ago go first. */
export interface WeightedCache<K, V> {
  /** Counts as use. */
  get(key: K): V | undefined
  /** Does not count as use. */
  peek(key: K): V | undefined
  has(key: K): boolean
  /** A value heavier than the whole cache is not kept. */
  set(key: K, value: V, weight: number): void
  delete(key: K): void
  clear(): void
  /** What all values weigh together. */
  readonly weight: number
  readonly size: number
}

interface Entry<K, V> {
  readonly key: K
  readonly value: V
  readonly weight: number
  older: Entry<K, V> | undefined
  newer: Entry<K, V> | undefined
}

/** Makes one that holds up to `limit`, in whatever unit the weights are. */
export function createWeightedCache<K, V>(limit: number): WeightedCache<K, V> {
  // Linked in the order of use. A Map keeps an order too, but stumbles over the gaps at its front each time the oldest goes.
  const entries = new Map<K, Entry<K, V>>()
  let oldest: Entry<K, V> | undefined
  let newest: Entry<K, V> | undefined
  let total = 0

  const unlink = ({ older, newer }: Entry<K, V>): void => {
    if (older === undefined) oldest = newer
    else older.newer = newer
    if (newer === undefined) newest = older
    else newer.older = older
  }

  const append = (entry: Entry<K, V>): void => {
    entry.older = newest
    entry.newer = undefined
    if (newest === undefined) oldest = entry
    else newest.newer = entry
    newest = entry
  }

  const remove = (key: K): void => {
    const entry = entries.get(key)
    if (entry === undefined) return
    entries.delete(key)
    unlink(entry)
    // Old by now, it would keep all that is linked behind it from the young collector.
    entry.older = undefined
    entry.newer = undefined
    total -= entry.weight
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      if (entry !== newest) {
        unlink(entry)
        append(entry)
      }
      return entry.value
    },
    peek: (key) => entries.get(key)?.value,
    has: (key) => entries.has(key),
    set(key, value, weight) {
      remove(key)
      if (weight > limit) return
      const entry = { key, value, weight, older: undefined, newer: undefined }
      entries.set(key, entry)
      append(entry)
      total += weight
      while (oldest !== undefined && total > limit) remove(oldest.key)
    },
    delete: remove,
    clear() {
      entries.clear()
      oldest = undefined
      newest = undefined
      total = 0
    },
    get weight() {
      return total
    },
    get size() {
      return entries.size
    },
  }
}
