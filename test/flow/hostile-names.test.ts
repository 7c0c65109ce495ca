/** A destination whose name suddenly leads into the private network: webhook plugin, HTTP client and dispatcher together. */

import type { LookupFunction } from 'node:net'
import { describe, expect, it } from 'vitest'
import webhook from '../../plugins/webhook/index.ts'
import type { PluginContext } from '../../src/core/plugin-contract.ts'
import { createHttpClient } from '../../src/http/client.ts'
import { createBench, destination } from '../kit/dispatch-bench.ts'
import { ok, startRawServer } from '../kit/raw-server.ts'

describe('a name that changes its address', () => {
  it('pauses its destination before a byte goes out, blames no record, and goes on when it leads back', async () => {
    // Stands for the public internet; everything else here is private.
    const PUBLIC = '127.0.0.1'
    await using server = await startRawServer((socket) => socket.end(ok('ok', 'connection: close\r\n')))
    const bench = createBench()
    const { clock, log, supervisor } = bench
    let addresses = [PUBLIC]
    let lookups = 0
    const lookup: LookupFunction = (_host, _options, callback) => {
      lookups += 1
      const family = (address: string): number => (address.includes(':') ? 6 : 4)
      callback(
        null,
        addresses.map((address) => ({ address, family: family(address) })),
      )
    }
    const http = createHttpClient({
      allowPrivateNetworks: false,
      allowHttp: true,
      allowedCidrs: [`${PUBLIC}/32`],
      userAgent: 'test/1',
      secrets: () => [],
      clock,
      log,
      lookup,
    })
    const context = { http, log, storeId: 'store0000000', now: clock.now, timezone: 'UTC' } as unknown as PluginContext
    const options = webhook.options.parse({ url: `http://hooks.test:${server.port}/canary-path`, allowHttp: true })
    const sender = await webhook.create(options as never, context)
    bench.scripts['hook'] = (jobs, signal) => sender.send(jobs, { number: 1, signal, idempotencyKey: 'of-the-batch' })
    await bench.apply([destination('hook', { mode: 'every', options })])
    const status = () => {
      const found = supervisor.dispatcher('hook')?.status()
      return [found?.state, found?.counts.sent, found?.exceptions.retry, found?.dead]
    }
    /** Lets the network answer and the clock go on until it is as wanted. */
    const becomes = async (wanted: unknown[]): Promise<void> => {
      for (let round = 0; round < 200 && JSON.stringify(status()) !== JSON.stringify(wanted); round++) {
        await clock.advance(1_000)
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      expect(status()).toEqual(wanted)
    }
    const send = (id: number): void => void bench.index.index({ type: 'user', data: { id } })

    send(1)
    await becomes(['running', 1, 0, 0])
    let sent = 1
    for (const rebound of [
      ['169.254.169.254'],
      ['10.0.0.1', '::1'],
      ['::ffff:10.0.0.1'],
      ['::ffff:a00:1', '0.0.0.0'],
    ]) {
      addresses = rebound
      send(sent + 1)
      await becomes(['paused', sent, 0, 0])
      const { connections } = server
      await clock.advance(60_000)
      expect([server.connections, status()]).toEqual([connections, ['paused', sent, 0, 0]])
      // Of several addresses only the allowed ones are tried.
      addresses = ['192.168.0.1', PUBLIC]
      sent += 1
      await becomes(['running', sent, 0, 0])
    }
    expect([server.connections, sent]).toEqual([5, 5])
    expect(lookups).toBeGreaterThan(8)
    expect(JSON.stringify(log.lines)).toContain('leads to a private address (169.254.169.254)')
    expect(JSON.stringify(log.lines)).not.toContain('canary')
    await http.close()
  })
})
