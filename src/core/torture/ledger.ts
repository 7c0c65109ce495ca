/** Settles the accounts of a torture run: what became of each record, and every promise that was broken. */

import { comparePositions, formatPosition } from '../positions.ts'
import { openIn } from './books.ts'
import type { Broken, LedgerDestination, LedgerFacts, LedgerRecord, Take } from './facts.ts'
import { checkOrder } from './order.ts'
import type { Position } from '../types.ts'

/** What became of the records bound for a destination. */
export interface Fates {
  readonly name: string
  readonly delivered: number
  readonly waiting: number
  readonly dead: number
  /** By reason. */
  readonly skipped: Readonly<Record<string, number>>
  /** Delivered more than once, as may be after a kill. */
  readonly repeated: number
}

/** The accounts. */
export interface Ledger {
  readonly acknowledged: number
  readonly deliveries: number
  /** Deliveries that went to quarantine unopened, since too many lives had ended while they were under way. */
  readonly setAside: number
  readonly records: number
  readonly verdicts: Readonly<Record<string, number>>
  readonly destinations: readonly Fates[]
  readonly broken: readonly Broken[]
}

/** Looks at everything. `broken` is empty when every promise was kept. */
export function settleAccounts(facts: LedgerFacts): Ledger {
  const broken: Broken[] = [...checkJournal(facts), ...checkHeads(facts)]
  const records = facts.deliveries.flatMap((delivery) => delivery.records ?? [])
  const verdicts: Record<string, number> = {}
  for (const { verdict } of records) verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  const accepted = records.filter(({ verdict }) => verdict === 'accepted')
  const newest = new Map(accepted.map((record) => [record.key, record.position]))
  const keyAt = new Map(accepted.map(({ key, position }) => [formatPosition(position), key]))
  const takes = Map.groupBy(facts.takes, ({ destination }) => destination)
  const destinations = facts.destinations.map((destination, index): Fates => {
    const own = takes.get(destination.name) ?? []
    broken.push(...checkOrder(destination, own, keyAt))
    return toFates({ destination, index, accepted, takes: own, newest, broken })
  })
  return {
    acknowledged: facts.acknowledged.length,
    deliveries: facts.deliveries.length,
    setAside: facts.deliveries.filter(({ setAside }) => setAside).length,
    records: records.length,
    verdicts,
    destinations,
    broken,
  }
}

function* checkJournal({ acknowledged, deliveries }: LedgerFacts): Generator<Broken> {
  const bySeq = new Map(deliveries.map((delivery) => [delivery.seq, delivery]))
  const digests = new Set(deliveries.map(({ digest }) => digest))
  for (const { seq, digest } of acknowledged) {
    const delivery = seq === undefined ? undefined : bySeq.get(seq)
    if (seq === undefined ? digests.has(digest) : delivery?.digest === digest) continue
    const found = delivery === undefined ? 'is not in the journal' : 'is another body in the journal'
    const detail = `delivery ${seq ?? 'without a number'} was answered 200 and ${found}`
    yield { promise: 'acknowledged is stored', detail }
  }
  for (const { seq, records } of deliveries) {
    if (records === undefined) yield { promise: 'stored is indexed', detail: `delivery ${seq} is not indexed` }
  }
}

function* checkHeads({ heads }: LedgerFacts): Generator<Broken> {
  for (const { key, expected, found } of heads) {
    if (found !== undefined && comparePositions(found, expected) === 0) continue
    const detail = found === undefined ? 'it has no head' : `its head is at ${formatPosition(found)}`
    yield { promise: 'the newest state is the head', key, position: expected, detail }
  }
}

interface Ground {
  readonly destination: LedgerDestination
  readonly index: number
  readonly accepted: readonly LedgerRecord[]
  readonly takes: readonly Take[]
  readonly newest: ReadonlyMap<string, Position>
  readonly broken: Broken[]
}

function toFates({ destination, index, accepted, takes, newest, broken }: Ground): Fates {
  const { name, mode, showsNewest, books } = destination
  const isOpen = openIn(books, mode)
  const times = new Map<string, number>()
  for (const { position, delivered } of takes) {
    if (delivered) times.set(formatPosition(position), (times.get(formatPosition(position)) ?? 0) + 1)
  }
  const left = new Set(takes.filter((take) => take.left).map(({ position }) => formatPosition(position)))
  const fates = { delivered: 0, waiting: 0, dead: 0, repeated: 0 }
  const skipped: Record<string, number> = {}
  const skip = (reason: string): void => void (skipped[reason] = (skipped[reason] ?? 0) + 1)
  for (const { key, position, matches } of accepted) {
    const id = formatPosition(position)
    const sent = times.get(id) ?? 0
    const match = matches[index]
    if (sent > 0) {
      fates.delivered += 1
      if (sent > 1) fates.repeated += 1
      if (match === 'no' && !left.has(id)) {
        broken.push({
          promise: 'only matches are sent',
          destination: name,
          key,
          position,
          detail: 'no route matches it',
        })
      }
      continue
    }
    const open = isOpen(key, position)
    if (open !== undefined) fates[open] += 1
    else if (match === 'no') skip('no route matches')
    else if ((mode === 'latest' || showsNewest) && newest.get(key) !== position) skip('a newer state came')
    else if (match === 'maybe') skip('a joined record did not match when it was read')
    else {
      const detail = 'settled in the books, but neither delivered nor dead'
      broken.push({ promise: 'nothing is lost', destination: name, key, position, detail })
    }
  }
  return { name, ...fates, skipped }
}
