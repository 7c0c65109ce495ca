import { afterEach, describe, expect, it } from 'vitest'
import type { ReceiverSettings } from '../../src/core/settings.ts'
import type { Tuning } from '../../src/receiver/types.ts'
import { dial, head } from '../kit/raw-client.ts'
import {
  receiverSettings,
  RUNTIMES,
  SECRET,
  SECRET_HEADER,
  startReceiver,
  type ReceiverProcess,
} from '../kit/receiver-process.ts'

const GOOD = { [SECRET_HEADER]: SECRET }
const KB = 1024

const whole = (size: number, extra: Record<string, string> = {}): string =>
  head('POST /bevy', { ...GOOD, ...extra, 'Content-Length': size }) + 'x'.repeat(size)
const begun = (size: number, sent: number): string =>
  head('POST /bevy', { ...GOOD, 'Content-Length': size }) + 'x'.repeat(sent)
const chunkedHead = head('POST /bevy', { ...GOOD, 'Transfer-Encoding': 'chunked' })
const chunk = (size: number): string => `${size.toString(16)}\r\n${'x'.repeat(size)}\r\n`

describe.each(RUNTIMES)('bodies on %s', (runtime) => {
  const running: ReceiverProcess[] = []
  afterEach(async () => {
    for (const receiver of running.splice(0)) {
      await receiver.kill()
      if (receiver.noise() !== '') throw new Error(`printed past the log: ${receiver.noise()}`)
    }
  })

  async function start(changes: Partial<ReceiverSettings> = {}, tuning: Partial<Tuning> = {}) {
    const receiver = await startReceiver(runtime, receiverSettings(changes), tuning)
    running.push(receiver)
    const reasons = async () => (await receiver.look()).lines.map(({ facts }) => facts.reason)
    const reason = async (wanted: string) =>
      void (await receiver.sees(({ lines }) => lines.some(({ facts }) => facts.reason === wanted)))
    return { receiver, reasons, reason, connect: (options = {}) => dial(receiver.port, options) }
  }

  it('numbers deliveries in the order in which their bodies became whole', async () => {
    const { receiver, connect } = await start()
    const [slow, quick] = [await connect(), await connect()]
    slow.write(begun(10, 5))
    await receiver.sees(({ stats }) => stats.bytesInFlight === 10)
    quick.write(whole(3))
    await quick.reads(/d-1/)
    slow.write('yyyyy')
    await slow.reads(/d-2/)
    expect((await receiver.look()).appended.map(({ bytes }) => bytes)).toEqual([3, 10])
  })

  it('takes several deliveries on one connection, also sent at once', async () => {
    const { connect } = await start()
    const client = await connect()
    client.write(whole(5))
    await client.reads(/d-1/)
    client.write(whole(5) + whole(6) + whole(7))
    await client.reads(/d-2"[^]*d-3"[^]*d-4"/)
    expect(client.closed).toBe(false)
    client.socket.destroy()
  })

  it('stores nothing of a sender that went away before its body was whole', async () => {
    const { receiver, reasons } = await start()
    const endings: ((client: Awaited<ReturnType<typeof dial>>) => void)[] = [
      ({ socket }) => void socket.destroy(),
      ({ socket }) => void socket.resetAndDestroy(),
      ({ socket }) => void socket.end(),
    ]
    for (const bytes of [begun(10, 5), chunkedHead + chunk(5)]) {
      for (const ending of endings) {
        const client = await dial(receiver.port, { halfOpen: true })
        client.write(bytes)
        await receiver.sees(({ stats }) => stats.bytesInFlight > 0)
        ending(client)
        expect(await client.end()).toBe('')
        await receiver.sees(({ stats }) => stats.underWay === 0 && stats.bytesInFlight === 0)
      }
    }
    expect((await receiver.look()).asked).toBe(0)
    expect(await reasons()).toEqual(Array(6).fill('sender-gone'))
  })

  it('answers a sender that ends its side after a whole body, and says when it had gone', async () => {
    const { receiver, reason } = await start()
    const half = await dial(receiver.port, { halfOpen: true })
    await receiver.tell({ do: 'append', how: 'hold' })
    half.socket.end(whole(5))
    await receiver.sees(({ asked }) => asked === 1)
    await receiver.tell({ do: 'append', how: 'ok' })
    expect(await half.end()).toMatch(/^HTTP\/1\.1 200 OK[^]*d-1/)

    const gone = await dial(receiver.port)
    await receiver.tell({ do: 'append', how: 'hold' })
    gone.write(whole(5))
    await receiver.sees(({ asked }) => asked === 2)
    gone.socket.resetAndDestroy()
    await receiver.sees(({ stats }) => stats.underWay === 0)
    await receiver.tell({ do: 'append', how: 'ok' })
    await reason('stored-sender-gone')
    const { appended, stats } = await receiver.look()
    expect([appended.length, stats.bytesInFlight]).toEqual([2, 0])
  })

  it('closes on a body that stops coming, and on one that trickles for ever', async () => {
    const { receiver, connect, reasons } = await start({}, { bodyIdle: 200, bodyTotal: 500 })
    const stopped = await connect()
    stopped.write(begun(10, 5))
    expect(await stopped.end()).toBe('')
    const trickling = await connect()
    trickling.write(begun(1000, 5))
    const trickle = setInterval(() => trickling.write('x'), 50)
    expect(await trickling.end()).toBe('')
    clearInterval(trickle)
    expect(await reasons()).toEqual(['slow-body', 'slow-body'])
    expect((await receiver.look()).asked).toBe(0)
  })

  it('holds chunked bodies of any size whole, in room that grows', async () => {
    const { receiver, connect } = await start()
    const client = await connect()
    const sizes = [1, 70_000, 5, 200_000, 729_994]
    client.write(chunkedHead)
    for (const size of sizes) client.write(chunk(size))
    client.write('0\r\n\r\n')
    await client.reads(/d-1/)
    const { appended, peak, stats } = await receiver.look()
    expect(appended[0]?.bytes).toBe(1_000_000)
    expect(peak).toBeLessThanOrEqual(1_000_000)
    expect(stats.bytesInFlight).toBe(0)
  })

  it.each(['close', 'status'] as const)('gives up after the wait for room (refuse: %s)', async (refuse) => {
    const { receiver, connect } = await start({ refuse, maxInFlight: 1_000_000, admissionTimeout: 250 })
    await receiver.tell({ do: 'append', how: 'hold' })
    const holder = await connect()
    holder.write(whole(900_000))
    await receiver.sees(({ asked }) => asked === 1)
    const [declared, chunked] = [await connect(), await connect()]
    declared.write(whole(500_000))
    chunked.write(chunkedHead + chunk(500_000))
    const answer = refuse === 'close' ? /^$/ : /^HTTP\/1\.1 503 /
    const refused = async (client: typeof declared) =>
      refuse === 'close' ? await client.end() : await client.reads(/^HTTP[^]*\}/)
    expect([await refused(declared), await refused(chunked)]).toEqual([
      expect.stringMatching(answer),
      expect.stringMatching(answer),
    ])
    await receiver.tell({ do: 'append', how: 'ok' })
    await holder.reads(/d-1/)
    const { lines, alerts, appended, stats } = await receiver.look()
    expect(lines.map(({ facts }) => facts.reason)).toEqual(['not-admitted', 'not-admitted', 'stored'])
    expect(alerts.map(({ cause }) => cause)).toEqual(Array(2).fill('refused:not-admitted'))
    expect([appended.length, stats.bytesInFlight, stats.waiting]).toEqual([1, 0, 0])
    for (const client of [holder, declared, chunked]) client.socket.destroy()
  })

  it('stores nothing of a sender that goes away while it waits for room', async () => {
    const { receiver, connect, reason } = await start({ maxInFlight: 1_000_000 })
    await receiver.tell({ do: 'append', how: 'hold' })
    const holder = await connect()
    holder.write(whole(1_000_000))
    await receiver.sees(({ asked }) => asked === 1)
    // Bun tells of an ended side only when the body is read; such a sender's whole body is then stored, which is safe.
    const endings = runtime === 'node' ? (['destroy', 'resetAndDestroy'] as const) : (['resetAndDestroy'] as const)
    for (const ending of endings) {
      const waiting = await connect()
      waiting.write(whole(10))
      await receiver.sees(({ stats }) => stats.waiting === 1)
      waiting.socket[ending]()
      await receiver.sees(({ stats }) => stats.waiting === 0)
    }
    await reason('sender-gone')
    await receiver.tell({ do: 'append', how: 'ok' })
    await holder.reads(/d-1/)
    expect((await receiver.look()).asked).toBe(1)
    holder.socket.destroy()
  })

  it('slows a burst down instead of growing with it', async () => {
    const { receiver, connect } = await start({ maxInFlight: 3_000_000 })
    await receiver.tell({ do: 'append', how: 'hold' })
    const before = (await receiver.look()).rss
    const clients = await Promise.all(Array.from({ length: 120 }, () => connect()))
    const body = whole(1_000_000)
    for (const [n, client] of clients.entries()) {
      if (n % 4 === 0) client.write(`${chunkedHead}${chunk(1_000_000)}0\r\n\r\n`)
      else client.write(body)
    }
    const full = await receiver.sees(({ stats, asked }) => stats.underWay === 120 && asked >= 1)
    expect(full.stats.bytesInFlight).toBeLessThanOrEqual(3_000_000)
    expect(full.stats.waiting).toBeGreaterThan(100)
    // 120 MB are on their way; sockets hold at most 64 kB each.
    expect((full.rss - before) / KB / KB).toBeLessThan(50)
    await receiver.tell({ do: 'append', how: 'ok' })
    await Promise.all(clients.map((client) => client.reads(/d-\d+/)))
    const { appended, peak, stats } = await receiver.look()
    expect([appended.length, stats.bytesInFlight, stats.waiting]).toEqual([120, 0, 0])
    expect(appended.every(({ bytes }) => bytes === 1_000_000)).toBe(true)
    expect(peak).toBeLessThanOrEqual(3_000_000)
    for (const client of clients) client.socket.destroy()
  })

  it('closes connections over the limit, and takes deliveries again when others have gone', async () => {
    const { receiver, connect } = await start({}, { maxConnections: 2 })
    const busy = [await connect(), await connect()]
    for (const client of busy) client.write(begun(10, 5))
    await receiver.sees(({ stats }) => stats.underWay === 2)
    const third = await connect()
    third.write(whole(5))
    expect(await third.end()).toBe('')
    for (const client of busy) client.socket.destroy()
    await receiver.sees(({ stats }) => stats.underWay === 0)
    const fourth = await connect()
    fourth.write(whole(5))
    await fourth.reads(/d-1/)
    fourth.socket.destroy()
  })
})
