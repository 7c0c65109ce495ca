/** Tells a rush of requests from the ordinary coming and going. */
export interface Pressure {
  /** A request has come. */
  note(): void
  /** More than a few hundred requests a second come in at this moment. */
  readonly high: boolean
}

const SPAN = 50
const MANY = 25

/**
 * Makes one. Counts in spans of 50 ms, and looks at this one and the one before it: between two waves of requests, when none is
 * under way, a rush is not over. `now` gives monotonic milliseconds.
 */
export function createPressure(now: () => number): Pressure {
  let span = 0
  let count = 0
  let before = 0

  function turn(): void {
    const current = Math.floor(now() / SPAN)
    if (current === span) return
    before = current === span + 1 ? count : 0
    count = 0
    span = current
  }

  return {
    note() {
      turn()
      count += 1
    },
    get high() {
      turn()
      return count >= MANY || before >= MANY
    },
  }
}
