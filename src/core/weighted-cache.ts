/** A cache bounded by what its values weigh; the ones used longest ago go first. */
export interface WeightedCache<K, V> {
  /** Counts as use. */
  get(key: K): V | undefined
  has(key: K): boolean
  /** A value heavier than the whole cache is not kept. */
  set(key: K, value: V, weight: number): void
  delete(key: K): void
  clear(): void
  /** What all values weigh together. */
  readonly weight: number
}

/** Makes one that holds up to `limit`, in whatever unit the weights are. */
export function createWeightedCache<K, V>(limit: number): WeightedCache<K, V> {
  // A Map keeps the order in which keys were set: the first is the one used longest ago.
  const entries = new Map<K, { readonly value: V; readonly weight: number }>()
  let total = 0

  const remove = (key: K): void => {
    total -= entries.get(key)?.weight ?? 0
    entries.delete(key)
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    has: (key) => entries.has(key),
    set(key, value, weight) {
      remove(key)
      if (weight > limit) return
      entries.set(key, { value, weight })
      total += weight
      for (const oldest of entries.keys()) {
        if (total <= limit) break
        remove(oldest)
      }
    },
    delete: remove,
    clear() {
      entries.clear()
      total = 0
    },
    get weight() {
      return total
    },
  }
}
