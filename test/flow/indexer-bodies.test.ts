import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { NewDelivery } from '../../src/core/ports.ts'
import { envelope, sampleBytes, toBody } from '../kit/bodies.ts'
import { openIndexing, verdicts } from '../kit/indexing.ts'

const registered = sampleBytes('attendee-registered.json')

const at = (bytes: Uint8Array, more: Partial<NewDelivery>): NewDelivery => ({ bytes, receivedAt: 0, ...more })

describe('bodies', () => {
  it.each<[string, Uint8Array, string | undefined]>([
    ['gzip', gzipSync(registered), 'gzip'],
    ['x-gzip', gzipSync(registered), 'X-GZIP'],
    ['deflate', deflateSync(registered), 'deflate'],
    ['deflate without its header', deflateRawSync(registered), 'deflate'],
    ['br', brotliCompressSync(registered), 'br'],
    ['two encodings', brotliCompressSync(gzipSync(registered)), 'gzip, br'],
    ['identity', registered, 'identity'],
    ['a byte order mark', Uint8Array.of(0xef, 0xbb, 0xbf, ...registered), undefined],
  ])('are understood: %s', async (_, bytes, encoding) => {
    const bridge = await openIndexing()
    await bridge.receive(at(bytes, encoding === undefined ? {} : { encoding }))
    expect(await verdicts(bridge, 1)).toEqual(['attendee:5001 accepted'])
  })

  it.each<[string, string, Uint8Array, string | undefined]>([
    ['an unknown encoding', 'ERR_BODY_ENCODING', registered, 'zstd'],
    ['an encoding named like a property', 'ERR_BODY_ENCODING', registered, 'constructor'],
    ['damaged gzip', 'ERR_BODY_INFLATE', gzipSync(registered).subarray(0, 100), 'gzip'],
    ['no gzip at all', 'ERR_BODY_INFLATE', registered, 'gzip'],
    ['a bomb', 'ERR_BODY_TOO_BIG', gzipSync(new Uint8Array(200_000)), 'gzip'],
    ['a bomb in a bomb', 'ERR_BODY_TOO_BIG', gzipSync(gzipSync(new Uint8Array(200_000))), 'gzip, gzip'],
    ['a bomb, br', 'ERR_BODY_TOO_BIG', brotliCompressSync(new Uint8Array(200_000)), 'br'],
    ['bad UTF-8', 'ERR_BODY_UTF8', Uint8Array.of(...registered, 0xff), undefined],
    ['no JSON', 'ERR_BODY_JSON', new TextEncoder().encode('<html>'), undefined],
    ['nothing', 'ERR_BODY_JSON', new Uint8Array(), undefined],
    ['too deep', 'ERR_BODY_TOO_DEEP', new TextEncoder().encode('['.repeat(50_000)), undefined],
    ['no envelopes', 'ERR_BODY_SHAPE', toBody([{ id: 1 }]), undefined],
  ])('go into quarantine, the next is indexed, and people are told: %s', async (_, code, bytes, encoding) => {
    const bridge = await openIndexing(undefined, { maxInflated: 100_000 })
    await bridge.receive(at(bytes, { receivedAt: 5, ...(encoding === undefined ? {} : { encoding }) }), registered)
    expect(await bridge.indexer.readQuarantine()).toEqual([
      { position: { seq: 1, n: 0 }, receivedAt: 5, code, reason: expect.any(String) },
    ])
    expect(bridge.alerts).toMatchObject([{ cause: 'quarantine', subject: code, facts: { seq: 1 } }])
    expect(await bridge.indexer.read(1)).toEqual({ seq: 1, receivedAt: 5, records: [] })
    expect(await verdicts(bridge, 2)).toEqual(['attendee:5001 accepted'])
    expect(bridge.indexer.stats().quarantined).toEqual({ bodies: 1, records: 0 })
  })

  it('keep a bad record whole beside the good ones', async () => {
    const bridge = await openIndexing()
    const bad = { first_name: 'Avery', email: 'avery@example.com' }
    await bridge.receive(toBody([{ type: 'attendee', data: [{ id: 1 }, bad, 5, { id: 2 }] }, 'x']))
    expect(await verdicts(bridge, 1)).toEqual(['attendee:1 accepted', 'attendee:2 accepted'])
    expect(await bridge.indexer.readQuarantine()).toMatchObject([
      { position: { seq: 1, n: 2 }, code: 'ERR_RECORD_ID', type: 'attendee', data: bad },
      { position: { seq: 1, n: 3 }, code: 'ERR_RECORD_SHAPE', type: 'attendee', data: 5 },
      { position: { seq: 1, n: 5 }, code: 'ERR_RECORD_ENVELOPE', data: 'x' },
    ])
    expect(await bridge.indexer.readQuarantine({ after: { seq: 1, n: 2 }, limit: 1 })).toHaveLength(1)
    expect(bridge.alerts.map(({ subject }) => subject)).toEqual([
      'ERR_RECORD_ID',
      'ERR_RECORD_SHAPE',
      'ERR_RECORD_ENVELOPE',
    ])
    expect(bridge.indexer.stats().types['attendee']).toEqual({ accepted: 2, unchanged: 0, stale: 0, invalid: 2 })
    expect(JSON.stringify([bridge.alerts, bridge.log.lines])).not.toMatch(/avery/i)
  })

  it('of an unknown type raise one alert, once, also after a restart', async () => {
    const first = await openIndexing()
    await first.receive(sampleBytes('unknown-type.json'), sampleBytes('unknown-type.json'))
    const [type] = first.indexer.stats().unknownTypes
    expect(first.alerts).toMatchObject([{ cause: 'unknown-type', subject: type }])
    await first.indexer.stop()
    const again = await openIndexing(first.store)
    await again.receive(envelope(type ?? '', { id: 77 }), envelope('order', { id: 1 }), registered)
    expect(again.alerts.map(({ subject }) => subject)).toEqual(['order'])
    expect(again.indexer.stats().unknownTypes).toEqual([type, 'order'])
  })
})
