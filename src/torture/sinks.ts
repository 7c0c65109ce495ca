/** The places destinations send to while they are tortured: one local server that writes down what it took. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { SinkAnswer } from '../core/torture/plan.ts'

/** A state of a record as a request carries it: by position, or by its delivery and its mark. */
export interface Carried {
  readonly seq: number
  readonly n?: number | undefined
  readonly mark: number
  readonly aside: boolean
  readonly left: boolean
}

/** A request that came whole. */
export interface SinkRequest {
  readonly destination: string
  /** The life of the bridge that sent it. */
  readonly life: number
  readonly carried: readonly Carried[]
  /** How often exactly these states came to this destination, this time included. */
  readonly nth: number
}

/** One state that was taken. */
export interface Taken extends Carried {
  readonly destination: string
  readonly life: number
  /** Answered with a status from 200 to 299. */
  readonly delivered: boolean
}

export interface Sinks {
  /** Where a destination of a life sends. */
  urlOf(destination: string, life: number): string
  /** All that was taken, in order. */
  readonly taken: readonly Taken[]
  /** Requests that could not be read; none is expected. */
  readonly odd: readonly string[]
  close(): Promise<void>
}

const carried = z.object({ seq: z.int(), mark: z.int() })
const recorded = z.array(carried.extend({ n: z.int(), aside: z.boolean(), left: z.boolean() }))
const WEBHOOK_ID = /_(\d+)-(\d+)(_r\w+)?$/

/** Header that carries the mark of a record that is sent alone. */
export const MARK_HEADER = 'x-torture-mark'

/** Starts them on a free port of 127.0.0.1. `decide` is asked once per request, when it was read. */
export async function startSinks(decide: (request: SinkRequest) => SinkAnswer): Promise<Sinks> {
  const taken: Taken[] = []
  const odd: string[] = []
  const counts = new Map<string, number>()

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, life = '', destination = ''] = incoming.url?.split('/') ?? []
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const states = read(incoming, Buffer.concat(chunks).toString('utf8'))
    const id = `${destination} ${states.map(({ mark }) => mark).join()}`
    const nth = (counts.get(id) ?? 0) + 1
    counts.set(id, nth)
    const answer = decide({ destination, life: Number(life), carried: states, nth })
    const delivered = answer.state === 'answer' && answer.status >= 200 && answer.status < 300
    // A request that is dropped unread is none.
    if (answer.state === 'answer' || answer.taken) {
      for (const one of states) taken.push({ ...one, destination, life: Number(life), delivered })
    }
    if (answer.state === 'drop') response.destroy()
    else if (answer.delay === 0) response.writeHead(answer.status).end()
    else setTimeout(() => response.writeHead(answer.status).end(), answer.delay)
  }

  const server = createServer((incoming, response) => {
    // A killed bridge goes away in the middle of anything.
    response.on('error', () => {})
    handle(incoming, response).catch((error: unknown) => {
      if (!incoming.destroyed || incoming.complete) odd.push(`${incoming.url}: ${String(error)}`)
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    urlOf: (destination, life) => `http://127.0.0.1:${port}/${life}/${destination}`,
    taken,
    odd,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Which states a request carries; see the overlay for what makes them carry it. */
function read({ headers }: IncomingMessage, text: string): Carried[] {
  const json: unknown = JSON.parse(text)
  const marks = String(headers['bevy-bridge-marks'] ?? '')
  const flags = { aside: /replay|redriven/.test(marks), left: marks.includes('left') }
  const mark = headers[MARK_HEADER]
  const [, seq, n] = WEBHOOK_ID.exec(String(headers['webhook-id'])) ?? []
  if (mark !== undefined && seq !== undefined) return [{ seq: Number(seq), n: Number(n), mark: Number(mark), ...flags }]
  const list = Array.isArray(json) ? json : [json]
  const known = recorded.safeParse(list)
  if (known.success) return known.data
  return list.map((item) => {
    const { torture_seq, torture_mark } = z.looseObject({}).parse(item)
    return { ...carried.parse({ seq: torture_seq, mark: torture_mark }), ...flags }
  })
}
