/** Forwarding without the bridge: h3 in front, an undici pool behind, the answer passed on. Nothing checked, nothing kept. */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { H3 } from 'h3'
import { toNodeHandler } from 'h3/node'
import { Pool } from 'undici'

const ports = (process.env['BENCH_SINKS'] ?? '').split(',')
const pools = ports.map((port) => new Pool(`http://127.0.0.1:${port}`, { connections: 8 }))

const app = new H3().post('/bevy', async (event) => {
  const body = await event.req.text()
  const statuses = await Promise.all(
    pools.map(async (pool) => {
      const answer = await pool.request({
        path: '/hook',
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await answer.body.dump()
      return answer.statusCode
    }),
  )
  return { statuses }
})

const server = createServer({ noDelay: true }, toNodeHandler(app))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
