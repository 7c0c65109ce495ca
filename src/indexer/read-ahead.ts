/** Reads the next deliveries of the journal while those before are looked at. */

import type { StoredDelivery } from '../core/ports.ts'

/** Hands out deliveries in order. */
export interface ReadAhead {
  /** Delivery `seq`; those behind it are read too, up to `tail`. Rejects as `read` does. */
  take(seq: number, tail: number): Promise<StoredDelivery>
  /** Forgets what was read ahead. */
  clear(): void
}

const MOST = 16
/** After a body of this size only one is read ahead, so that big ones do not fill the memory together. */
const BIG = 1024 * 1024

/** Makes it over a function that reads one. */
export function createReadAhead(read: (seq: number) => Promise<StoredDelivery>): ReadAhead {
  const reading = new Map<number, Promise<StoredDelivery>>()
  let width = 1

  function begin(seq: number): Promise<StoredDelivery> {
    const known = reading.get(seq)
    if (known !== undefined) return known
    const started = read(seq)
    // Whoever takes it sees the rejection; until then it is nobody's.
    started.catch(() => {})
    reading.set(seq, started)
    return started
  }

  return {
    clear: () => reading.clear(),
    async take(seq, tail) {
      const wanted = begin(seq)
      for (let next = seq + 1; next < seq + width && next <= tail; next++) void begin(next)
      try {
        const delivery = await wanted
        width = delivery.bytes.byteLength >= BIG ? 1 : Math.min(width + 1, MOST)
        return delivery
      } finally {
        reading.delete(seq)
      }
    },
  }
}
