import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import type { ReceiverSettings } from '../../src/core/settings.ts'
import { createReceiver } from '../../src/receiver/server.ts'
import type { Tuning } from '../../src/receiver/types.ts'
import { systemClock } from '../../src/clock.ts'
import { createMemoryLog } from '../kit/log.ts'
import { dial, exchange, head } from '../kit/raw-client.ts'
import {
  receiverSettings,
  RUNTIMES,
  SECRET,
  SECRET_HEADER,
  startReceiver,
  type ReceiverProcess,
} from '../kit/receiver-process.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { OTHER_CERT, OTHER_KEY } from '../kit/tls-other.ts'
import { TEST_CERT, TEST_KEY } from '../kit/tls.ts'

const GOOD = { [SECRET_HEADER]: SECRET }
const post = (headers: Record<string, string | number>, path = '/bevy') =>
  head(`POST ${path}`, { 'Content-Length': 2, ...headers }) + '[]'

const folder = useTemporaryFolders()

describe.each(RUNTIMES)('life of the receiver on %s', (runtime) => {
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
    return receiver
  }

  /** One connection of each kind: idle, in the journal, half a body, half a head, waiting for room. */
  async function inEveryState(receiver: ReceiverProcess) {
    const [idle, committing, reading, beginning, waiting] = await Promise.all(
      [1, 2, 3, 4, 5].map(() => dial(receiver.port)),
    )
    idle?.write(post(GOOD))
    await idle?.reads(/d-1/)
    await receiver.tell({ do: 'append', how: 'hold' })
    committing?.write(post(GOOD))
    await receiver.sees(({ asked }) => asked === 2)
    reading?.write(`${head('POST /bevy', { ...GOOD, 'Content-Length': 999_000 })}[`)
    await receiver.sees(({ stats }) => stats.underWay === 2)
    beginning?.write('POST /bevy HT')
    waiting?.write(`${head('POST /bevy', { ...GOOD, 'Content-Length': 999_000 })}[`)
    await receiver.sees(({ stats }) => stats.waiting === 1)
    return { idle: idle!, committing: committing!, reading: reading!, beginning: beginning!, waiting: waiting! }
  }

  it('drains: whole bodies are stored and answered, the rest is closed, nobody new is taken', async () => {
    const receiver = await start({ maxInFlight: 1_000_000 })
    const { idle, committing, reading, beginning, waiting } = await inEveryState(receiver)
    const drained = receiver.tell({ do: 'drain', deadline: 8_000 })
    expect(await reading.end()).toBe('')
    expect(await waiting.end()).toBe('')
    await idle.end()
    await expect(dial(receiver.port)).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
    expect(committing.closed).toBe(false)
    await receiver.tell({ do: 'append', how: 'ok' })
    expect(await committing.end()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*connection: close\r\n[^]*d-2/i)
    await drained
    expect(await beginning.end()).toBe('')
    const { appended, lines, stats } = await receiver.look()
    expect([appended.length, stats.underWay, stats.bytesInFlight]).toEqual([2, 0, 0])
    const reasons = lines.map(({ facts }) => facts.reason).filter((reason) => reason !== undefined)
    expect(reasons).toEqual(['stored', 'draining', 'draining', 'stored'])
  })

  it('ends the drain at its deadline, and refuses meanwhile what comes on open connections', async () => {
    const receiver = await start({ maxInFlight: 1_000_000 })
    const { committing, beginning } = await inEveryState(receiver)
    const began = performance.now()
    const drained = receiver.tell({ do: 'drain', deadline: 300 })
    // A request that is whole before the drain begins is one of those that are answered.
    await receiver.sees(({ lines }) => lines.some(({ event }) => event === 'receiver draining'))
    beginning.write(post(GOOD).slice('POST /bevy HT'.length))
    expect(await beginning.end()).toBe('')
    expect(performance.now() - began).toBeLessThan(290)
    await drained
    expect(performance.now() - began).toBeGreaterThan(290)
    expect(await committing.end()).toBe('')
    await receiver.tell({ do: 'append', how: 'ok' })
    await receiver.sees(({ stats }) => stats.requests.some(({ reason }) => reason === 'stored-sender-gone'))
    expect((await receiver.look()).asked).toBe(2)
  })

  it('stops at once, also in the middle of a drain', async () => {
    const receiver = await start({ maxInFlight: 1_000_000 })
    const clients = await inEveryState(receiver)
    const drained = receiver.tell({ do: 'drain', deadline: 60_000 })
    await receiver.tell({ do: 'stop' })
    await drained
    for (const name of ['committing', 'reading', 'beginning', 'waiting'] as const)
      expect(await clients[name].end()).toBe('')
    await receiver.tell({ do: 'stop' })
  })

  it('takes over secrets, header, path, limits and the way to refuse while running', async () => {
    const receiver = await start()
    await receiver.tell({ do: 'secrets', secrets: ['new', SECRET] })
    const close = { Connection: 'close' }
    expect(await exchange(receiver.port, post({ ...close, [SECRET_HEADER]: 'new' }))).toMatch(/ 200 OK/)
    expect(await exchange(receiver.port, post({ ...close, ...GOOD }))).toMatch(/ 200 OK/)
    await receiver.tell({ do: 'secrets', secrets: ['new'] })
    expect(await exchange(receiver.port, post({ ...close, ...GOOD }))).toBe('')

    const changed = { ...receiver.settings, path: '/in', secretHeader: 'X-Key', refuse: 'status', maxBody: 2 } as const
    await expect(
      receiver.tell({ do: 'reload', settings: { ...changed, path: '/bad', trustedProxies: ['proxy'] } }),
    ).rejects.toThrow('proxy')
    expect(await exchange(receiver.port, post({ ...close, [SECRET_HEADER]: 'new' }))).toMatch(/ 200 OK/)
    await receiver.tell({ do: 'reload', settings: changed })
    expect(await exchange(receiver.port, post({ ...close, 'X-Key': 'new' }, '/in'))).toMatch(/ 200 OK/)
    expect(await exchange(receiver.port, post({ ...close, 'X-Key': 'new' }))).toMatch(/ 404 /)
    const large = `${head('POST /in', { ...close, 'X-Key': 'new', 'Content-Length': 3 })}[ ]`
    expect(await exchange(receiver.port, large)).toMatch(/ 413 /)
  })

  it('serves TLS, takes over a renewed certificate, and keeps the old one when the new is bad', async () => {
    const at = folder()
    const tls = { cert: join(at, 'cert.pem'), key: join(at, 'key.pem') }
    const put = (cert: string, key: string) => {
      writeFileSync(tls.cert, cert)
      writeFileSync(tls.key, key)
    }
    put(TEST_CERT, TEST_KEY)
    const receiver = await start({ tls }, { tlsPoll: 30 })
    expect(receiver.url).toMatch(/^https:/)
    const connect = async () => {
      const client = await dial(receiver.port, { secure: true })
      const name = (client.socket as TLSSocket).getPeerCertificate().subject.CN
      client.write(post(GOOD))
      await client.reads(/ 200 OK[^]*d-\d+/)
      return { client, name }
    }
    const old = await connect()
    expect(old.name).toBe('bevy-bridge test')
    expect(await exchange(receiver.port, post({ [SECRET_HEADER]: 'x' }), true)).toBe('')
    expect(await exchange(receiver.port, 'GARBAGE\r\n\r\n', true)).toBe('')
    expect(await exchange(receiver.port, post(GOOD))).not.toContain('HTTP')

    const logged = async (event: string) =>
      void (await receiver.sees(({ lines }) => lines.some((line) => line.event.startsWith(event))))
    writeFileSync(tls.cert, OTHER_CERT)
    await logged('certificate not taken over')
    expect((await connect()).name).toBe('bevy-bridge test')
    writeFileSync(tls.key, OTHER_KEY)
    await logged('certificate taken over')
    expect((await connect()).name).toBe('bevy-bridge other')
    // A connection that is in the middle of a request goes on with what it began with.
    put(TEST_CERT, TEST_KEY)
    await receiver.tell({ do: 'reload', settings: receiver.settings })
    expect((await connect()).name).toBe('bevy-bridge test')

    await receiver.tell({ do: 'append', how: 'hold' })
    const last = await dial(receiver.port, { secure: true })
    last.write(post(GOOD))
    const { asked } = await receiver.look()
    await receiver.sees((look) => look.asked > asked || look.stats.bytesInFlight > 0)
    put(OTHER_CERT, OTHER_KEY)
    await receiver.tell({ do: 'reload', settings: receiver.settings })
    const drained = receiver.tell({ do: 'drain', deadline: 8_000 })
    await receiver.tell({ do: 'append', how: 'ok' })
    expect(await last.end()).toMatch(/ 200 OK[^]*d-\d+/)
    await drained
    await expect(dial(receiver.port, { secure: true })).rejects.toThrow(/ECONNREFUSED|ECONNRESET/)
  })
})

describe('start of the receiver', () => {
  const deps = {
    append: () => Promise.resolve({ seq: 1 }),
    storable: () => ({ ok: true }) as const,
    ready: () => ({ ok: true }),
    secrets: () => [SECRET],
    deliveryId: String,
    clock: systemClock,
    log: createMemoryLog(),
    alerts: { raise: () => {} },
  }

  it('says what is wrong when it cannot listen', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as AddressInfo
    await expect(createReceiver(receiverSettings({ port }), deps)).rejects.toMatchObject({
      kind: 'receiver',
      code: 'ERR_RECEIVER_LISTEN',
      message: `cannot listen on 127.0.0.1:${port}: another program listens there`,
    })
    taken.close()
    const tls = { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' }
    await expect(createReceiver(receiverSettings({ tls }), deps)).rejects.toMatchObject({ code: 'ERR_RECEIVER_TLS' })
  })
})
