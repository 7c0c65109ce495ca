/** A long backlog behind a destination that refuses everything: memory, start, and how fast it catches up. */

import { join } from 'node:path'
import { makeBridge } from './bridge.ts'
import { startSink, type Runtime } from './processes.ts'
import { seed } from './seed.ts'

/** Deliveries forwarded to measure how fast it catches up. */
const SAMPLE = 30_000
const SHORT = 2 * SAMPLE

/** Figures of a backlog: milliseconds, bytes, deliveries a second. */
export interface Backlog {
  readonly deliveries: number
  readonly indexingRate: number
  /** The most memory while the backlog was indexed. */
  readonly peakWhileIndexing: number
  readonly listensAgainAfter: number
  /** Memory of the process that was started over the backlog, while it waits, and the most until then. */
  readonly rssWaiting: number
  readonly peakWaiting: number
  readonly rate: number
  readonly peakWhileCatchingUp: number
}

/** Measures a short backlog, then one of `deliveries`; says what it does. */
export async function measureBacklog(
  runtime: Runtime,
  deliveries: number,
  say: (line: string) => void,
): Promise<{ readonly short: Backlog; readonly long: Backlog }> {
  const short = await measure(runtime, SHORT, say)
  const long = await measure(runtime, deliveries, say)
  say(`${runtime}: catches up at ${(long.rate / short.rate).toFixed(2)} of the rate without a long backlog`)
  return { short, long }
}

async function measure(runtime: Runtime, deliveries: number, say: (line: string) => void): Promise<Backlog> {
  const sink = await startSink()
  sink.refuse(true)
  const folder = makeBridge([sink.port], 'beginning')
  try {
    await seed(join(folder.folder, 'data'), { deliveries, records: 1, population: 10_000 })
    let began = performance.now()
    let bridge = await folder.start(runtime)
    await bridge.settled()
    const indexingRate = (deliveries * 1000) / (performance.now() - began)
    const peakWhileIndexing = bridge.usage().peak
    await bridge.stop()

    began = performance.now()
    bridge = await folder.start(runtime)
    const listensAgainAfter = performance.now() - began
    await bridge.settled()
    const { rss: rssWaiting, peak: peakWaiting } = bridge.usage()
    await bridge.stop()

    sink.refuse(false)
    const start = SAMPLE / 3
    bridge = await folder.start(runtime)
    const taken = await sink.taken()
    await sink.reached(taken + start)
    began = performance.now()
    await sink.reached(taken + start + SAMPLE)
    const rate = (SAMPLE * 1000) / (performance.now() - began)
    const peakWhileCatchingUp = bridge.usage().peak
    await bridge.stop()
    const mb = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
    say(
      `${runtime}: ${deliveries} deliveries waiting: indexed at ${indexingRate.toFixed(0)}/s (peak ${mb(peakWhileIndexing)}), ` +
        `listens again after ${listensAgainAfter.toFixed(0)} ms, RSS ${mb(rssWaiting)} (peak ${mb(peakWaiting)}), ` +
        `catches up at ${rate.toFixed(0)}/s (peak ${mb(peakWhileCatchingUp)})`,
    )
    return {
      deliveries,
      indexingRate,
      peakWhileIndexing,
      listensAgainAfter,
      rssWaiting,
      peakWaiting,
      rate,
      peakWhileCatchingUp,
    }
  } finally {
    sink.stop()
    folder.remove()
  }
}
