/** The measures: each runs the bridge and its reference in turn, round by round, in one go. */

import { makeBridge, PATH, SECRET } from './bridge.ts'
import { startLoad, startServer, startSink, type Load, type Runtime, type Server, type Sink } from './processes.ts'

/** What one side did in one round. Per-record figures count records, not bodies. */
export interface Round {
  readonly name: 'bridge' | 'reference'
  /** Records a second. */
  readonly rate: number
  /** Milliseconds of the answer. */
  readonly p50: number
  readonly p99: number
  readonly p999: number
  /** Microseconds of CPU, all threads, until nothing was left to do. */
  readonly cpu: number
  /** Share of a core the load generator used: near 1, it was the bottleneck. */
  readonly generator: number
  readonly rss: number
  readonly written: number
  /** Records a second from the first request until nothing was left to do. */
  readonly sustained: number
}

/** All rounds of a measure. */
export interface Measured {
  readonly measure: string
  readonly runtime: Runtime
  readonly rounds: readonly Round[]
}

/** How much is measured. */
export interface Effort {
  readonly rounds: number
  /** Milliseconds of load per round and side. */
  readonly ms: number
  /** Records forwarded per round and side. */
  readonly forwarded: number
}

const CONNECTIONS = 64
/** Rounds until what is called often is compiled: the bridge has more of it than its references, and takes some 100,000 requests. */
const WARM_UP = 3
const POPULATION = 10_000
/** Deliveries a second when the answer's time is looked at without a full queue. */
const PACE = 500

/** The measures by name. */
export const measures: Readonly<Record<string, (runtime: Runtime, effort: Effort) => Promise<Measured>>> = {
  'acknowledge-1': (runtime, effort) => acknowledge('acknowledge-1', runtime, effort, 1),
  'acknowledge-500': (runtime, effort) => acknowledge('acknowledge-500', runtime, effort, 500),
  'answer-paced': (runtime, effort) => acknowledge('answer-paced', runtime, effort, 1, PACE),
  'forward-1': (runtime, effort) => forward('forward-1', runtime, effort, 1),
  'forward-4': (runtime, effort) => forward('forward-4', runtime, effort, 4),
}

async function acknowledge(
  measure: string,
  runtime: Runtime,
  effort: Effort,
  records: number,
  pace?: number,
): Promise<Measured> {
  await using bench = await setUp(runtime, 'reference-accept.ts', [])
  const rounds = await bench.rounds(effort, records === 1 ? WARM_UP : 1, async (server, turn) => {
    const until = { ms: effort.ms }
    return { ...(await bench.load.run({ ...order(server, records, turn), until, pace })), forwarded: undefined }
  })
  return { measure, runtime, rounds: rounds(records) }
}

async function forward(measure: string, runtime: Runtime, effort: Effort, count: number): Promise<Measured> {
  await using bench = await setUp(runtime, 'reference-forward.ts', await startSinks(count))
  let sent = 0
  const requests = effort.forwarded
  const rounds = await bench.rounds(effort, WARM_UP, async (server, turn) => {
    sent += requests
    const began = performance.now()
    const result = await bench.load.run({ ...order(server, 1, turn), until: { requests } })
    await Promise.all(bench.sinks.map((sink) => sink.reached(sent)))
    return { ...result, forwarded: performance.now() - began }
  })
  return { measure, runtime, rounds: rounds(1) }
}

function order(server: Server, records: number, firstTurn: number) {
  return {
    port: server.port,
    path: PATH,
    secret: SECRET,
    connections: CONNECTIONS,
    records,
    population: POPULATION,
    firstTurn,
  }
}

function startSinks(count: number): Promise<Sink[]> {
  return Promise.all(Array.from({ length: count }, () => startSink()))
}

type Run = (
  server: Server,
  turn: number,
) => Promise<Awaited<ReturnType<Load['run']>> & { readonly forwarded: number | undefined }>

async function setUp(runtime: Runtime, reference: string, sinks: readonly Sink[]) {
  const load = startLoad()
  const ports = sinks.map(({ port }) => port)
  const folder = makeBridge(ports)
  const bridge = await folder.start(runtime)
  const env = { BENCH_SECRET: SECRET, BENCH_SINKS: ports.join() }
  const other = await startServer(runtime, { file: reference }, env)
  const sides = [
    ['bridge', bridge],
    ['reference', other],
  ] as const

  return {
    load,
    sinks,
    /** Runs all rounds, A B A B; the first ones warm up and do not count. */
    async rounds(effort: Effort, warmUp: number, run: Run): Promise<(records: number) => Round[]> {
      const done: {
        name: Round['name']
        result: Awaited<ReturnType<Run>>
        cpu: number
        written: number
        whole: number
        rss: number
      }[] = []
      let turn = 0
      for (let round = -warmUp; round < effort.rounds; round++) {
        for (const [name, server] of sides) {
          const before = server.usage()
          const began = performance.now()
          const result = await run(server, turn)
          turn = result.nextTurn
          const whole = performance.now() - began + (await server.settled())
          const { cpu, written, rss } = server.usage()
          if (round < 0) continue
          done.push({ name, result, cpu: cpu - before.cpu, written: written - before.written, whole, rss })
        }
      }
      return (records) =>
        done.map(({ name, result, cpu, written, whole, rss }) => {
          const count = result.answered * records
          const { p50, p99, p999, elapsed, forwarded } = result
          return {
            name,
            rate: (count * 1000) / (forwarded ?? elapsed),
            p50,
            p99,
            p999,
            cpu: (cpu * 1000) / count,
            generator: result.cpu / elapsed,
            rss,
            written: written / count,
            sustained: (count * 1000) / whole,
          }
        })
    },
    async [Symbol.asyncDispose]() {
      load.stop()
      await Promise.all([bridge.stop(), other.stop()])
      for (const sink of sinks) sink.stop()
      folder.remove()
    },
  }
}
