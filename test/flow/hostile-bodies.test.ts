/** A hundred thousand bodies nobody honest would send, through the whole bridge in this process. */

import { describe, expect, it, onTestFinished } from 'vitest'
import { startFakeReceiver } from '../../plugins/webhook/fake.ts'
import { flood } from '../kit/flood.ts'
import { CANARY, giants, hostileBody, type HostileBody } from '../kit/hostile-bodies.ts'
import { checkLedger } from '../kit/hostile-ledger.ts'
import { startWholeBridge } from '../kit/hostile-bridge.ts'

const SEED = 20_261_124
const COUNT = 100_000
/** Every so many bodies one is honest. */
const HONEST = 25
const SECRET = `secret-of-the-${CANARY}`

const honest = (n: number): HostileBody => ({ bytes: Buffer.from(`[{"type":"honest","data":[{"id":${n}}]}]`) })
const bodyOf = (n: number): HostileBody => (n % HONEST === 0 ? honest(n) : hostileBody(SEED, n))

const CONFIG = (relay: string) => `
receiver: { host: 127.0.0.1, port: 0, secrets: [${SECRET}] }
admin: { port: 0 }
storage: { path: ./data, minFree: 1MB }
destinations:
  relay: { plugin: webhook, options: { url: "${relay}/in", allowPrivateNetworks: true }, batch: { size: 20, wait: 5ms } }
routes:
  - { name: honest, when: { type: honest }, to: [relay] }
`

describe('hostile bodies', () => {
  it('are all answered, kept byte for byte, and indexed or set aside whole, while honest ones arrive', async () => {
    await using relay = await startFakeReceiver()
    const leaks: string[] = []
    let lines = 0
    const write = (line: string): void => {
      lines += 1
      if (line.includes(CANARY) && leaks.length < 5) leaks.push(line)
    }
    const { port, admin, settings, close } = await startWholeBridge(CONFIG(relay.url), {
      level: 'info',
      secrets: [SECRET],
      write,
    })
    const before = process.memoryUsage.rss()
    let peak = before
    const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 50)
    onTestFinished(() => clearInterval(watch))
    const all = [...giants()]
    const options = { secret: SECRET }
    const [seqs, giantSeqs] = await Promise.all([
      flood(port, COUNT, bodyOf, options),
      flood(port, all.length, (n) => all[n] as HostileBody, { ...options, connections: 1, pipelined: 1 }),
    ])
    await flood(port, 1, () => honest(COUNT), options)
    const arrived = new Set<number>()
    for (let seen = 0; !arrived.has(COUNT);) {
      await relay.takes(seen + 1)
      for (; seen < relay.taken.length; seen++) {
        for (const { data } of [relay.taken[seen]?.json].flat() as Sent[]) arrived.add(data.id)
      }
    }
    clearInterval(watch)
    const status = await admin.status()
    await close()

    expect(arrived.size).toBe(COUNT / HONEST + 1)
    expect(relay.problems).toEqual([])
    expect(leaks).toEqual([])
    expect(lines).toBeGreaterThan(COUNT)
    expect(status.journal).toMatchObject({ tail: COUNT + all.length + 1, indexed: COUNT + all.length + 1 })
    expect(status.receiver).toEqual([{ answer: '200', reason: 'stored', count: COUNT + all.length + 1 }])
    expect(status.destinations[0]).toMatchObject({ lag: { deliveries: 0 }, sent: arrived.size, dead: 0, retrying: 0 })
    // `constructor` and `toString` are types among them.
    expect(Object.values(status.unmatched).every(Number.isInteger)).toBe(true)
    const { quarantined } = await checkLedger(settings.storage, seqs, bodyOf, 20)
    const giant = await checkLedger(settings.storage, giantSeqs, (n) => all[n] as HostileBody)
    expect(Object.keys(quarantined).toSorted()).toEqual([
      'ERR_BODY_ENCODING',
      'ERR_BODY_INFLATE',
      'ERR_BODY_JSON',
      'ERR_BODY_SHAPE',
      'ERR_BODY_TOO_DEEP',
      'ERR_BODY_UTF8',
      'ERR_RECORD_ENVELOPE',
      'ERR_RECORD_ID',
      'ERR_RECORD_SHAPE',
      'ERR_RECORD_TYPE',
    ])
    expect(giant.quarantined).toEqual({
      ERR_BODY_TOO_MANY: 3,
      ERR_BODY_TOO_BIG: 4,
      ERR_RECORD_ID: 1,
      ERR_RECORD_ENVELOPE: 1,
    })
    // 250 MB went through it, and 16 giants of up to 80 MB: nothing of that stays.
    expect((peak - before) / 1e6).toBeLessThan(1_000)
  }, 180_000)
})

interface Sent {
  readonly data: { readonly id: number }
}
