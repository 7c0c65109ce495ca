import { randomBytes } from 'node:crypto'
import * as fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import type { Store, StoreCapabilities, StoreOp } from '../../src/core/ports.ts'
import { proveByKill } from '../kit/kill-proof.ts'
import { createMemoryStore } from '../kit/memory-store.ts'
import { useTemporaryFolders } from '../kit/temporary-folder.ts'
import { thrownBy } from '../kit/thrown.ts'

/** What a driver under test can do. */
export interface DriverAbilities extends StoreCapabilities {
  /** What was committed is there when the store is opened again. */
  readonly persistent: boolean
}

const set = (key: string, value: unknown): StoreOp => ({ op: 'set', key, value })
const setRaw = (key: string, value: Uint8Array): StoreOp => ({ op: 'setRaw', key, value })
const remove = (key: string): StoreOp => ({ op: 'remove', key })
const expectKey = (key: string, present: boolean): StoreOp => ({ op: 'expect', key, present })

const ODD_DOCUMENTS: readonly (readonly [string, string])[] = [
  ['a nested __proto__', '{"a":{"__proto__":{"x":1}}}'],
  ['__proto__ and constructor at the top', '{"__proto__":{"x":1},"constructor":2,"prototype":3}'],
  ['a long number as text', '"12345678901234567890"'],
  ['the largest safe number', '9007199254740991'],
  ['text like a number', '"123"'],
  ['text like JSON', '"{\\"a\\":1}"'],
  ['text like a keyword', '"null"'],
  ['empty text', '""'],
  ['null', 'null'],
  ['false', 'false'],
  ['an empty array', '[]'],
  ['control characters and a mark of byte order', '"\\ufeff\\u0000\\u2028"'],
  ['half a surrogate pair', '"\\ud83d"'],
  ['text that starts like unstorage raw text', '"base64:AAAA"'],
]

const FOREIGN_KEYS = [
  '',
  'a b',
  'A:b',
  'a::b',
  ':a',
  'a:',
  'a/b',
  'a?b',
  'a$',
  'a:..:b',
  '..',
  '.a',
  'é',
  'x'.repeat(251),
]

/** The contract of a storage driver. What it cannot do is skipped, visibly. `name` is its name in the config. */
export function testDriver(name: string, open: (folder: string) => Promise<Store>, abilities: DriverAbilities): void {
  describe(`storage driver ${name}`, () => {
    const makeFolder = useTemporaryFolders()
    const opened: Store[] = []

    async function openIn(folder: string): Promise<Store> {
      const store = await open(folder)
      opened.push(store)
      return store
    }

    afterEach(async () => {
      for (const store of opened.splice(0)) await store.close()
    })

    it('declares what this suite was told', async () => {
      const store = await openIn(makeFolder())
      expect(store.capabilities).toEqual({ atomic: abilities.atomic, durable: abilities.durable })
      expect(store.id).toMatch(/^[a-z0-9]{12}$/)
    })

    it('reads what was written, replaced and removed', async () => {
      const store = await openIn(makeFolder())
      expect(await store.get('a:b')).toBeUndefined()
      expect(await store.getRaw('a:b')).toBeUndefined()
      await store.commit([set('a:b', { long: 'x'.repeat(500) }), set('a:c', 1), setRaw('a:d', Uint8Array.of(1, 2))])
      await store.commit([set('a:b', { short: true }), remove('a:c'), remove('a:never-there')])
      expect(await store.getMany(['a:d1', 'a:c', 'a:b', 'a:b'])).toEqual([
        undefined,
        undefined,
        { short: true },
        { short: true },
      ])
      expect(await store.getRaw('a:d')).toEqual(Uint8Array.of(1, 2))
      await store.commit([])
      expect(await store.getMany([])).toEqual([])
    })

    it('lists keys in order, under a prefix, after a key, up to a limit', async () => {
      const store = await openIn(makeFolder())
      const keys = ['b:10', 'b:2', 'b:1', 'b:1-x', 'bb:1', 'b-:1', 'b.b:1', 'a:1', 'b:0:deep:er', 'c:1']
      await store.commit(keys.map((key) => set(key, 0)))
      const under = ['b:0:deep:er', 'b:1', 'b:1-x', 'b:10', 'b:2']
      expect(await store.keys('b')).toEqual(under)
      expect(await store.keys('b', { limit: 2 })).toEqual(under.slice(0, 2))
      expect(await store.keys('b', { after: 'b:1' })).toEqual(under.slice(2))
      expect(await store.keys('b', { after: 'b:1-', limit: 1 })).toEqual(['b:1-x'])
      expect(await store.keys('b', { after: 'a:9' })).toEqual(under)
      expect(await store.keys('b', { after: 'c' })).toEqual([])
      expect(await store.keys('b:0:deep')).toEqual(['b:0:deep:er'])
      expect(await store.keys('nothing')).toEqual([])
      expect(await store.keys('')).toEqual([...keys, 'meta:store'].sort())
    })

    it('keeps odd documents as they are', async () => {
      const store = await openIn(makeFolder())
      for (const [what, text] of ODD_DOCUMENTS) {
        await store.commit([set('odd:one', JSON.parse(text))])
        const [got] = await store.getMany(['odd:one'])
        expect([what, typeof got, JSON.stringify(got)]).toEqual([
          what,
          typeof JSON.parse(text),
          JSON.stringify(JSON.parse(text)),
        ])
      }
    })

    it('keeps raw bytes: none, 5 MB, part of a larger buffer, text-like ones', async () => {
      const store = await openIn(makeFolder())
      const large = randomBytes(5 * 1024 * 1024)
      const part = large.subarray(1001, 3333)
      const textLike = Buffer.from('base64:{"a":1}?x=1')
      const changing = Uint8Array.of(1, 2, 3)
      await store.commit([
        setRaw('raw:none', new Uint8Array(0)),
        setRaw('raw:large', large),
        setRaw('raw:part', part),
        setRaw('raw:text', textLike),
        setRaw('raw:changing', changing),
      ])
      changing.fill(9)
      expect(await store.getRaw('raw:none')).toHaveLength(0)
      expect(large.equals((await store.getRaw('raw:large')) ?? new Uint8Array(0))).toBe(true)
      expect(Buffer.from((await store.getRaw('raw:part')) ?? [])).toEqual(Buffer.from(part))
      expect(Buffer.from((await store.getRaw('raw:text')) ?? [])).toEqual(textLike)
      expect(Buffer.from((await store.getRaw('raw:changing')) ?? [])).toEqual(Buffer.of(1, 2, 3))
    })

    it('refuses keys it might not give back as they are', async () => {
      const store = await openIn(makeFolder())
      for (const key of FOREIGN_KEYS) {
        const results = await Promise.allSettled([store.commit([set('good:key', 1), set(key, 1)]), store.get(key)])
        const codes = results.map((result) => result.status === 'rejected' && result.reason.code)
        expect([key, ...codes]).toEqual([key, 'ERR_STORE_KEY', 'ERR_STORE_KEY'])
      }
      expect(await store.get('good:key')).toBeUndefined()
    })

    it('refuses what JSON cannot say, and writes nothing of that call', async () => {
      const store = await openIn(makeFolder())
      for (const value of [undefined, 1n, () => 1]) {
        expect(await thrownBy(store.commit([set('a:1', 1), set('a:2', value)]))).toMatchObject({
          code: 'ERR_STORE_VALUE',
        })
      }
      expect(await store.keys('a')).toEqual([])
    })

    it('fails a call whose expectation is wrong, alone, and changes nothing by it', async () => {
      const store = await openIn(makeFolder())
      await store.commit([set('a:there', 1)])
      const results = await Promise.allSettled([
        store.commit([set('a:first', 1), remove('a:there')]),
        store.commit([set('a:second', 1), set('a:second-too', 1), expectKey('a:there', true), remove('a:first')]),
        store.commit([expectKey('a:first', true), expectKey('a:there', false), set('a:third', 1)]),
        store.commit([expectKey('a:third', false), set('a:fourth', 1)]),
      ])
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
      expect(results[1]).toMatchObject({ reason: { code: 'ERR_STORE_EXPECT', kind: 'store' } })
      expect(await store.keys('a')).toEqual(['a:first', 'a:third'])
    })

    it('applies calls in the order they were made', async () => {
      const store = await openIn(makeFolder())
      await Promise.all(Array.from({ length: 300 }, (_, n) => store.commit([set('a:last', n), set(`n:${n}`, n)])))
      expect(await store.get('a:last')).toBe(299)
      expect(await store.keys('n')).toHaveLength(300)
    })

    it('does what the memory store of our own tests does', async () => {
      const key = fc.constantFrom('p:a', 'p:b', 'p:c', 'q:d', 'q:e:f')
      const op: fc.Arbitrary<StoreOp> = fc.oneof(
        fc.record({ op: fc.constant('set' as const), key, value: fc.jsonValue() }),
        fc.record({ op: fc.constant('setRaw' as const), key, value: fc.constant(Uint8Array.of(0x31, 0x32)) }),
        fc.record({ op: fc.constant('remove' as const), key }),
        fc.record({ op: fc.constant('expect' as const), key, present: fc.boolean() }),
      )
      const store = await openIn(makeFolder())
      const property = fc.asyncProperty(fc.array(fc.array(op, { maxLength: 6 }), { maxLength: 8 }), async (calls) => {
        await store.commit(['p:a', 'p:b', 'p:c', 'q:d', 'q:e:f'].map(remove))
        const model = createMemoryStore()
        const run = (target: Store) => Promise.allSettled(calls.map((ops) => target.commit(ops)))
        const [real, fake] = [await run(store), await run(model)]
        expect(real.map(({ status }) => status)).toEqual(fake.map(({ status }) => status))
        for (const prefix of ['p', 'q']) {
          const keys = await model.keys(prefix)
          expect(await store.keys(prefix)).toEqual(keys)
          expect(JSON.stringify(await store.getMany(keys))).toBe(JSON.stringify(await model.getMany(keys)))
        }
      })
      await fc.assert(property, { numRuns: 40 })
    })

    it('refuses everything once it is closed', async () => {
      const store = await openIn(makeFolder())
      const underWay = store.commit([set('a:1', 1)])
      await store.close()
      await underWay
      const closed = { code: 'ERR_STORE_CLOSED' }
      expect(await thrownBy(store.commit([set('a:1', 1)]))).toMatchObject(closed)
      expect(await thrownBy(store.get('a:1'))).toMatchObject(closed)
      expect(await thrownBy(store.keys('a'))).toMatchObject(closed)
    })

    it.skipIf(!abilities.persistent)('gives everything back when it is opened again', async () => {
      const folder = makeFolder()
      const before = await openIn(folder)
      await before.commit([set('a:1', { x: 1 }), setRaw('a:2', Uint8Array.of(7))])
      await before.close()
      const after = await openIn(folder)
      expect(after.id).toBe(before.id)
      expect(await after.get('a:1')).toEqual({ x: 1 })
      expect(await after.getRaw('a:2')).toSatisfy((bytes: Uint8Array) => Buffer.of(7).equals(bytes))
    })

    it.skipIf(!abilities.atomic || !abilities.durable)(
      'keeps every acknowledged batch whole, and no half of any, when it is killed',
      async () => {
        const folder = makeFolder()
        await proveByKill(name, folder, 8, () => openIn(folder))
      },
      30_000,
    )
  })
}
