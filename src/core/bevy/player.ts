import type { Change, Player, PlayerOptions, Send } from './play.ts'
import { acknowledges, ANSWER_TIMEOUT, BULK_LIMIT, RETRY_SPAN, retryDelay } from './sending.ts'
import { createDueQueue } from '../dispatch/due-queue.ts'
import { createSeededRandom } from '../seeded-random.ts'
import type { JsonObject } from '../types.ts'

interface Tracked {
  readonly key: string
  readonly type: string
  data: JsonObject
  /** Grows with each change. */
  version: number
  acknowledged?: { readonly version: number; readonly data: JsonObject }
  /** The version that was given up. */
  givenUp: number
  /** Pending: either in the queue or under way, never both. */
  pending: boolean
  failures: number
  firstFailure: number
}

interface Flight {
  readonly sentAt: number
  readonly records: readonly { readonly record: Tracked; readonly version: number; readonly data: JsonObject }[]
}

/** Plays Bevy's sending of these changes. Deterministic: the same calls give the same steps. */
export function createPlayer(options: PlayerOptions): Player {
  const { changes, start = 0, bulk = false, reading = 'R1', delays = 'exponential' } = options
  const { concurrency = 1, interval = 0, speed = 1, maxAttempts = Infinity } = options
  const random = createSeededRandom(options.seed ?? 1)
  const records = new Map<string, Tracked>()
  const queue = createDueQueue<Tracked>()
  const flights = new Map<number, Flight>()
  const totals = { posts: 0, retries: 0 }
  let changed = 0
  let nextSlot = -Infinity
  /** Failed records in the queue, and when the last of them is due. */
  let failing = 0
  let failingDue = 0

  // Unused time is not saved up for a burst, save what a coarse timer costs at high rates.
  const credit = interval < 20 ? 20 : 0

  const changeTime = (change: Change) => start + change.at / speed

  function take(now: number): void {
    for (
      let change = changes[changed];
      change !== undefined && changeTime(change) <= now;
      change = changes[++changed]
    ) {
      const { key, type, data } = change
      let record = records.get(key)
      if (record === undefined) {
        record = { key, type, data, version: 0, givenUp: 0, pending: false, failures: 0, firstFailure: 0 }
        records.set(key, record)
      }
      record.version++
      record.data = data
      // A pending record only takes the newer state in; its schedule stays.
      if (record.pending) continue
      record.pending = true
      record.failures = 0
      // In bulk mode all pending records go together: a new one waits for the retry of those that failed.
      queue.put(bulk && failing > 0 ? Math.max(now, failingDue) : changeTime(change), record)
    }
  }

  function takeDue(now: number, limit: number): Tracked[] {
    const due: Tracked[] = []
    while (due.length < limit) {
      const record = queue.take(now)
      if (record === undefined) break
      if (record.failures > 0) failing--
      due.push(record)
    }
    return due
  }

  function putBack(record: Tracked, due: number): void {
    if (record.failures > 0) {
      failingDue = failing === 0 ? due : Math.max(failingDue, due)
      failing++
    }
    queue.put(due, record)
  }

  function pickBatch(now: number): Tracked[] {
    const batch = takeDue(now, bulk ? BULK_LIMIT : 1)
    if (!bulk || !batch.some((record) => record.failures > 0)) return batch
    // A retry need not be composed as the attempt before it: drawn from more than fit.
    const drawn = random.shuffle([...batch, ...takeDue(now, 3 * BULK_LIMIT)])
    for (const record of drawn.splice(BULK_LIMIT)) putBack(record, now)
    return drawn
  }

  function post(batch: readonly Tracked[], now: number): Send {
    const id = ++totals.posts
    const attempt = batch.reduce((most, record) => Math.max(most, record.failures), 0) + 1
    if (attempt > 1) totals.retries++
    flights.set(id, {
      sentAt: now,
      records: batch.map((record) => ({ record, version: record.version, data: record.data })),
    })
    return { id, attempt, keys: batch.map((record) => record.key), body: toBody(batch, random.chance(0.5)) }
  }

  function fail(flight: Flight, now: number): void {
    for (const { record } of flight.records) {
      if (record.failures++ === 0) record.firstFailure = now
      const due = now + retryDelay(delays, record.failures) / speed
      if (due > record.firstFailure + RETRY_SPAN / speed || record.failures >= maxAttempts) {
        record.givenUp = record.version
        record.pending = false
        continue
      }
      putBack(record, due)
    }
  }

  function succeed(flight: Flight, now: number): void {
    for (const { record, version, data } of flight.records) {
      record.acknowledged = { version, data }
      record.failures = 0
      record.pending = record.version !== version
      // It changed while the POST was under way: that state is a delivery of its own.
      if (record.pending) queue.put(now, record)
    }
  }

  return {
    next(now) {
      const expired: number[] = []
      for (const [id, flight] of flights) {
        if (flight.sentAt + ANSWER_TIMEOUT > now) continue
        expired.push(id)
        flights.delete(id)
        fail(flight, now)
      }
      take(now)
      const sends: Send[] = []
      while (flights.size < concurrency && nextSlot <= now) {
        const batch = pickBatch(now)
        if (batch.length === 0) break
        sends.push(post(batch, now))
        nextSlot = Math.max(nextSlot, now - credit) + interval
      }
      const change = changes[changed]
      const times = [...flights.values()].map((flight) => flight.sentAt + ANSWER_TIMEOUT)
      if (change !== undefined) times.push(changeTime(change))
      const due = queue.due()
      if (due !== undefined && flights.size < concurrency) times.push(Math.max(due, nextSlot))
      const done = queue.size === 0 && flights.size === 0 && change === undefined
      return { sends, expired, wakeAt: times.length === 0 ? undefined : Math.min(...times), done }
    },
    answered(id, answer, now) {
      const flight = flights.get(id)
      if (flight === undefined) return
      flights.delete(id)
      take(now)
      if (acknowledges(reading, answer)) succeed(flight, now)
      else fail(flight, now)
    },
    finalState: () => new Map([...records].map(([key, record]) => [key, record.data])),
    acknowledged: () =>
      new Map(
        [...records].flatMap(([key, { acknowledged }]) => (acknowledged ? [[key, acknowledged.data] as const] : [])),
      ),
    givenUp: () => [...records.values()].filter((record) => isGivenUp(record)).map((record) => record.key),
    counts() {
      const all = [...records.values()]
      return {
        ...totals,
        pending: all.filter((record) => record.pending).length,
        underWay: flights.size,
        acknowledged: all.filter((record) => record.acknowledged?.version === record.version).length,
        givenUp: all.filter((record) => isGivenUp(record)).length,
      }
    },
  }
}

function isGivenUp(record: Tracked): boolean {
  return !record.pending && record.givenUp === record.version
}

/** An array of envelopes, one per type; the order of an envelope's fields is not fixed. */
function toBody(records: readonly Tracked[], typeFirst: boolean): string {
  const byType = Map.groupBy(records, (record) => record.type)
  const envelopes = [...byType].map(([type, group]) => {
    const data = group.map((record) => record.data)
    return typeFirst ? { type, data } : { data, type }
  })
  return JSON.stringify(envelopes)
}
