/** The quarantine in the hands of a person, on a real journal and index. */

import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { countOpen } from '../../src/indexer/kept.ts'
import { createQuarantine, type QuarantineOperations } from '../../src/indexer/quarantine.ts'
import { rebuildIndex } from '../../src/indexer/rebuild.ts'
import { StoreError } from '../../src/core/errors.ts'
import { openIndexing, verdicts, type Indexing } from '../kit/indexing.ts'
import { thrownBy } from '../kit/thrown.ts'

const bytes = (text: string) => new TextEncoder().encode(text)
const body = (type: string, ...data: unknown[]) => bytes(JSON.stringify([{ type, data }]))

let on: Indexing
let care: QuarantineOperations
beforeEach(async () => {
  on = await openIndexing()
  care = createQuarantine(on)
})
const ids = async (query = {}) => (await care.quarantine(query)).items.map(({ id }) => id)
const codeOf = async (promise: Promise<unknown>) => ((await thrownBy(promise)) as { code?: string }).code

describe('the quarantine', () => {
  it('is listed, the newest first, by part of the reason; content only when asked for', async () => {
    await on.receive(bytes('{canary'), body('user', { id: 1 }, { email: 'canary' }), bytes('[]canary'))
    expect(await care.quarantine({})).toMatchObject({
      total: 3,
      items: [
        { id: '3', code: 'ERR_BODY_JSON' },
        { id: '2.2', code: 'ERR_RECORD_ID', type: 'user' },
        { id: '1', code: 'ERR_BODY_JSON' },
      ],
    })
    expect(await ids({ reason: 'err_record' })).toEqual(['2.2'])
    expect(await care.quarantine({ limit: 1 })).toMatchObject({ total: 3, items: [{ id: '3' }] })
    const shown = [
      await care.quarantine({}),
      await care.quarantined({ id: '1' }),
      await care.quarantined({ id: '2.2' }),
    ]
    expect(JSON.stringify(shown)).not.toContain('canary')
    expect(await care.quarantined({ id: '1', data: true })).toMatchObject({ bytes: 7, text: '{canary' })
    expect(await care.quarantined({ id: '2.2', data: true })).toMatchObject({ data: { email: 'canary' } })
    expect(await care.quarantined({ id: '2.1' })).toBeUndefined()
    expect(await codeOf(care.quarantined({ id: 'x' }))).toBe('ERR_QUARANTINE_ID')
  })

  it('shows a compressed body as text, and what is none as base64', async () => {
    const packed = { bytes: gzipSync('{packed'), encoding: 'gzip', receivedAt: 1 }
    await on.receive(packed, Uint8Array.of(255, 254))
    expect(await care.quarantined({ id: '1', data: true })).toMatchObject({ encoding: 'gzip', text: '{packed' })
    expect(await care.quarantined({ id: '2', data: true })).toMatchObject({ base64: '//4=' })
  })
})

describe('retry', () => {
  /** A body that could not be opened when it came: this index inflates next to nothing. */
  const tooBig = (data: object) => ({ bytes: gzipSync(body('user', data)), encoding: 'gzip', receivedAt: 1 })
  const padded = 'x'.repeat(500)

  it('takes a body in again in its old place: it fills a gap, and overwrites nothing newer', async () => {
    on = await openIndexing(on.store, { maxInflated: 100 })
    await on.receive(tooBig({ id: 1, v: 'old', padded }), tooBig({ id: 2, v: 'old', padded }))
    await on.receive(body('user', { id: 1, v: 'new' }))
    const fixed = await openIndexing(on.store)
    care = createQuarantine(fixed)
    expect(await care.retryQuarantined({})).toEqual({
      done: [
        { id: '1', seq: 4 },
        { id: '2', seq: 5 },
      ],
      failed: [],
    })
    await fixed.receive()
    expect([await verdicts(fixed, 4), await verdicts(fixed, 5)]).toEqual([['user:1 stale'], ['user:2 accepted']])
    expect((await fixed.indexer.findByKey('user:1'))?.data).toMatchObject({ v: 'new' })
    expect(await ids()).toEqual([])
    expect(await care.quarantine({ done: true })).toMatchObject({
      items: [
        { id: '2', done: { state: 'retried', seq: 5 } },
        { id: '1', done: { state: 'retried', seq: 4 } },
      ],
    })
  })

  it('that fails again comes back under its new number and keeps the first place', async () => {
    on = await openIndexing(on.store, { maxInflated: 100 })
    await on.receive(tooBig({ id: 1, v: 'old', padded }), body('user', { id: 1, v: 'new' }))
    care = createQuarantine(on)
    await care.retryQuarantined({ id: '1' })
    await on.receive()
    expect(await ids()).toEqual(['3'])
    await createQuarantine(on).retryQuarantined({ id: '3' })
    expect((await on.journal.read(4))?.asOf).toEqual({ seq: 1, n: 0 })
  })

  it('of a record wraps it in an envelope of its type', async () => {
    await on.receive(
      body('user', { id: 1 }, { name: 'no id', big: 1 }),
      bytes('[{"type":"user","data":[{"id":3}]},{"odd":true}]'),
    )
    expect(await ids()).toEqual(['2.2', '1.2'])
    expect(await care.retryQuarantined({})).toMatchObject({
      done: [
        { id: '1.2', seq: 3 },
        { id: '2.2', seq: 4 },
      ],
    })
    const texts = [3, 4].map(async (seq) => new TextDecoder().decode((await on.journal.read(seq))?.bytes))
    expect(await Promise.all(texts)).toEqual(['[{"type":"user","data":[{"name":"no id","big":1}]}]', '[{"odd":true}]'])
    expect((await on.journal.read(3))?.asOf).toEqual({ seq: 1, n: 2 })
  })

  it('is done once, and a failed append leaves it where it was', async () => {
    await on.receive(bytes('{'), bytes('{'))
    on.store.before = () => {
      throw new StoreError('ERR_STORE_FULL', 'the disk is full')
    }
    expect(await care.retryQuarantined({ id: '1' })).toMatchObject({
      done: [],
      failed: [{ id: '1', reason: 'the disk is full' }],
    })
    on.store.before = undefined
    expect(await ids()).toEqual(['2', '1'])
    await care.retryQuarantined({ id: '1' })
    expect(await codeOf(care.retryQuarantined({ id: '1' }))).toBe('ERR_QUARANTINE_DONE')
    expect(await codeOf(care.retryQuarantined({ id: '9' }))).toBe('ERR_QUARANTINE_ID')
    expect(on.journal.tail).toBe(3)
  })
})

describe('discard', () => {
  it('keeps a line with the reason, also across a rebuild of the index', async () => {
    await on.receive(bytes('{'), body('user', {}))
    expect(await care.discardQuarantined({ reason: 'json', why: 'a test' })).toEqual({
      done: [{ id: '1' }],
      failed: [],
    })
    const signal = new AbortController().signal
    await rebuildIndex({ ...on, signal, progress() {} })
    const again = createQuarantine(await openIndexing(on.store))
    expect((await again.quarantine({})).items.map(({ id }) => id)).toEqual(['2.1'])
    expect(await again.quarantine({ done: true })).toMatchObject({
      items: [{ id: '2.1' }, { id: '1', done: { state: 'discarded', why: 'a test' } }],
    })
    expect(await countOpen(on.store)).toBe(1)
  })
})
