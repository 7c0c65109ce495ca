/** Items by the time they are due; equal times in the order they were put in. */
export interface DueQueue<T> {
  readonly size: number
  put(due: number, item: T): void
  /** When the first is due; undefined when empty. */
  due(): number | undefined
  /** Takes the first out if it is due by `now`. */
  take(now: number): T | undefined
}

/** A binary heap. */
export function createDueQueue<T>(): DueQueue<T> {
  const heap: { readonly due: number; readonly order: number; readonly item: T }[] = []
  let order = 0
  const before = (a: number, b: number) => {
    const [x, y] = [heap[a]!, heap[b]!]
    return x.due < y.due || (x.due === y.due && x.order < y.order)
  }
  const swap = (a: number, b: number) => {
    const held = heap[a]!
    heap[a] = heap[b]!
    heap[b] = held
  }
  return {
    get size() {
      return heap.length
    },
    put(due, item) {
      heap.push({ due, order: order++, item })
      for (let child = heap.length - 1; child > 0;) {
        const parent = (child - 1) >> 1
        if (!before(child, parent)) break
        swap(child, parent)
        child = parent
      }
    },
    due: () => heap[0]?.due,
    take(now) {
      const first = heap[0]
      if (first === undefined || first.due > now) return undefined
      swap(0, heap.length - 1)
      heap.pop()
      for (let parent = 0; ;) {
        let least = parent
        for (const child of [2 * parent + 1, 2 * parent + 2])
          if (child < heap.length && before(child, least)) least = child
        if (least === parent) return first.item
        swap(parent, least)
        parent = least
      }
    },
  }
}
