/** Forwarding without the bridge: h3 in front, an undici pool behind, the answer passed on. Nothing checked, nothing kept. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { H3 } from 'h3'
import { toNodeHandler } from 'h3/node'
import { Pool } from 'undici'

const headers = { 'content-type': 'application/json' }
const senders = (process.env['BENCH_SINKS'] ?? '').split(',').map((port) => senderTo(`http://127.0.0.1:${port}`))

/** On Bun, where undici is an empty shell, its own `fetch`, which is the fastest client there. */
function senderTo(origin: string): (body: string) => Promise<number> {
  if ('Bun' in globalThis) {
    return async (body) => {
      const answer = await fetch(`${origin}/hook`, { method: 'POST', headers, body })
      await answer.arrayBuffer()
      return answer.status
    }
  }
  const pool = new Pool(origin, { connections: 8 })
  return async (body) => {
    const answer = await pool.request({ path: '/hook', method: 'POST', headers, body })
    await answer.body.dump()
    return answer.statusCode
  }
}

const app = new H3().post('/bevy', async (event) => {
  const body = await event.req.text()
  return { statuses: await Promise.all(senders.map((send) => send(body))) }
})

const server = createServer({ noDelay: true }, toNodeHandler(app))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
