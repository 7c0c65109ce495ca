/** What destinations may see, and in which order, however often the bridge died. */

import { comparePositions, formatPosition } from '../positions.ts'
import { openIn } from './books.ts'
import type { Broken, LedgerDestination, Take } from './facts.ts'
import type { Position } from '../types.ts'

/** Looks at what one destination took. `keyAt` tells the record of a position. */
export function checkOrder(
  destination: LedgerDestination,
  takes: readonly Take[],
  keyAt: ReadonlyMap<string, string>,
): Broken[] {
  const broken: Broken[] = []
  const byKey = Map.groupBy(takes, ({ position }) => keyAt.get(formatPosition(position)))
  for (const [key, own] of byKey) {
    if (key === undefined) {
      for (const { position } of own) {
        const detail = 'the journal has no accepted state there'
        broken.push({ promise: 'only matches are sent', destination: destination.name, position, detail })
      }
      continue
    }
    broken.push(...checkRepeats(destination, key, own), ...checkSequence(destination, key, own))
  }
  return broken
}

function* checkRepeats(
  { name, mode, booksAt }: LedgerDestination,
  key: string,
  takes: readonly Take[],
): Generator<Broken> {
  const last = new Map<string, Take>()
  for (const take of takes.filter(({ delivered }) => delivered)) {
    const { position } = take
    const before = last.get(formatPosition(position))
    last.set(formatPosition(position), take)
    if (before === undefined) continue
    const about = { destination: name, key, position }
    if (before.life === 0) {
      yield { promise: 'a row once', ...about, detail: 'it stands there more than once' }
    } else if (before.life === take.life) {
      yield { promise: 'settled is not repeated', ...about, detail: `life ${take.life} sent it twice` }
    } else {
      const books = booksAt.get(before.life)
      if (books === undefined || openIn(books, mode)(key, position) !== undefined) continue
      const detail = `life ${before.life} had settled it on disk, life ${take.life} sent it again`
      yield { promise: 'settled is not repeated', ...about, detail }
    }
  }
}

/**
 * Within one life the states of a record only go forward. Over all lives: in mode `latest` too; in mode `every` the unsettled end may come
 * again, but each state comes for the first time in order.
 */
function* checkSequence({ name, mode }: LedgerDestination, key: string, takes: readonly Take[]): Generator<Broken> {
  const seen = new Set<string>()
  const newest = new Map<string, Position>()
  for (const { position, life, aside } of takes) {
    if (aside) continue
    const id = formatPosition(position)
    const scopes = mode === 'latest' || !seen.has(id) ? ['all', `${life}`] : [`${life}`]
    seen.add(id)
    for (const scope of scopes) {
      const most = newest.get(scope)
      if (most === undefined || comparePositions(position, most) >= 0) newest.set(scope, position)
      else {
        const detail = `it came after ${formatPosition(most)}, in life ${life}`
        yield { promise: 'order of a record', destination: name, key, position, detail }
        break
      }
    }
  }
}
