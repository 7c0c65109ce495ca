/** The receiver without the bridge: the same h3 app, served the same way, checks the secret, parses, and stores nothing. */

import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { H3 } from 'h3'
import { toNodeHandler } from 'h3/node'

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()
const expected = digestOf(process.env['BENCH_SECRET'] ?? '')
let count = 0

const app = new H3().post('/bevy', async (event) => {
  if (!timingSafeEqual(digestOf(event.req.headers.get('x-bevy-secret') ?? ''), expected)) {
    return new Response(null, { status: 401 })
  }
  const body = await event.req.json()
  return { id: `reference-${++count}`, envelopes: Array.isArray(body) ? body.length : 1 }
})

const server = createServer({ noDelay: true }, toNodeHandler(app))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
