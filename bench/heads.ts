/** What a record costs with few and with many heads in the store. */

import { join } from 'node:path'
import { makeBridge, PATH, SECRET } from './bridge.ts'
import { startLoad, type Runtime } from './processes.ts'
import { seed } from './seed.ts'

const FEW = 10_000
const BULK = 500
const REQUESTS = 20_000
/** Before it is measured, until what is called often is compiled. */
const WARM_UP = 80_000

/** Cost of a record: microseconds of CPU, bytes written, records a second until all is indexed. */
export interface HeadCost {
  readonly heads: number
  readonly cpu: number
  readonly written: number
  readonly rate: number
  readonly rss: number
}

/** Measures with 10,000 heads, then with `most`. */
export async function measureHeads(runtime: Runtime, most: number, say: (line: string) => void): Promise<HeadCost[]> {
  const costs = [await measure(runtime, FEW, say), await measure(runtime, most, say)]
  const [few, many] = costs as [HeadCost, HeadCost]
  say(
    `${runtime}: a record costs ${(many.cpu / few.cpu).toFixed(2)} of the CPU, ${(many.written / few.written).toFixed(2)} of the bytes`,
  )
  return costs
}

async function measure(runtime: Runtime, heads: number, say: (line: string) => void): Promise<HeadCost> {
  const folder = makeBridge([])
  const load = startLoad()
  try {
    const firstTurn = await seed(join(folder.folder, 'data'), {
      deliveries: heads / BULK,
      records: BULK,
      population: heads,
    })
    const bridge = await folder.start(runtime)
    await bridge.settled()
    const run = async (turn: number, requests: number) =>
      load.run({
        port: bridge.port,
        path: PATH,
        secret: SECRET,
        connections: 64,
        records: 1,
        population: heads,
        firstTurn: turn,
        until: { requests },
      })
    const { nextTurn } = await run(firstTurn * 7919, WARM_UP)
    await bridge.settled()
    const before = bridge.usage()
    const began = performance.now()
    await run(nextTurn, REQUESTS)
    const elapsed = performance.now() - began + (await bridge.settled())
    const after = bridge.usage()
    await bridge.stop()
    const cost: HeadCost = {
      heads,
      cpu: ((after.cpu - before.cpu) * 1000) / REQUESTS,
      written: (after.written - before.written) / REQUESTS,
      rate: (REQUESTS * 1000) / elapsed,
      rss: after.rss,
    }
    say(
      `${runtime}: ${heads} heads: ${cost.cpu.toFixed(1)} µs of CPU and ${cost.written.toFixed(0)} bytes a record, ` +
        `${cost.rate.toFixed(0)}/s, RSS ${(cost.rss / 1e6).toFixed(0)} MB`,
    )
    return cost
  } finally {
    load.stop()
    folder.remove()
  }
}
