import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/core/errors.ts'
import { seqKey } from '../../src/core/keys.ts'
import type { Journal, NewDelivery } from '../../src/core/ports.ts'
import { createJournal } from '../../src/journal/journal.ts'
import { createMemoryLog } from '../kit/log.ts'
import type { MemoryStore } from '../kit/memory-store.ts'
import { createMemoryStore } from '../kit/memory-store.ts'
import { thrownBy } from '../kit/thrown.ts'

const key = (seq: number) => seqKey('journal', seq)
const delivery = (text: string, more: Partial<NewDelivery> = {}): NewDelivery => ({
  bytes: new TextEncoder().encode(text),
  receivedAt: 1_772_323_200_000,
  ...more,
})
const open = (store: MemoryStore) => createJournal(store, { log: createMemoryLog() })
const textOf = async (journal: Journal, seq: number) => new TextDecoder().decode((await journal.read(seq))?.bytes)
const io = () => new StoreError('ERR_STORE_IO', 'the disk is away')

/** Fails the commit of these journal keys, each once. */
function failOnce(store: MemoryStore, ...seqs: number[]): void {
  const left = new Set(seqs.map(key))
  store.before = (ops) => {
    for (const op of ops) if (op.op === 'setRaw' && left.delete(op.key)) throw io()
  }
}

/** A store with these deliveries only; nothing but their keys counts. */
function storeWith(seqs: readonly number[]): MemoryStore {
  return createMemoryStore(new Map(seqs.map((seq) => [key(seq), new Uint8Array()])))
}

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe('append and read', () => {
  it('cuts what the headers of a sender say to what fits the entry, the same before and after a restart', async () => {
    const store = createMemoryStore()
    const journal = await open(store)
    await journal.append(delivery('x', { encoding: 'é'.repeat(9_000), contentType: '"\\'.repeat(9_000) }))
    const kept = await journal.read(1)
    expect([kept?.encoding?.length, kept?.contentType?.length]).toEqual([200, 200])
    expect(await (await open(store)).read(1)).toEqual(kept)
  })

  it('numbers deliveries in the order of calls and gives back what came, also after a restart', async () => {
    const store = createMemoryStore()
    const journal = await open(store)
    expect([journal.first, journal.tail]).toEqual([1, 0])
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
    const rich = delivery('', { bytes, encoding: 'gzip', contentType: 'application/json', asOf: { seq: 1, n: 0 } })
    const seen: number[] = []
    const stop = journal.onAppend((seq) => seen.push(seq))
    const seqs = await Promise.all([
      journal.append(delivery('a\nb')),
      journal.append(rich),
      journal.append(delivery('')),
    ])
    stop()
    await journal.append(delivery('d'))
    expect([seqs, seen]).toEqual([
      [{ seq: 1 }, { seq: 2 }, { seq: 3 }],
      [1, 2, 3],
    ])
    for (const opened of [journal, await open(store)]) {
      expect([opened.first, opened.tail]).toEqual([1, 4])
      expect(await opened.read(1)).toEqual({ seq: 1, ...delivery('a\nb') })
      expect(await opened.read(2)).toEqual({ seq: 2, ...rich })
      expect(await opened.read(3)).toEqual({ seq: 3, ...delivery('') })
      expect([await opened.read(0), await opened.read(5), await opened.read(1.5)]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    }
  })

  it('keeps its own copy of the bytes', async () => {
    const journal = await open(createMemoryStore())
    const mine = delivery('abc')
    await journal.append(mine)
    mine.bytes.fill(0)
    expect(await textOf(journal, 1)).toBe('abc')
  })
})

describe('failing commits', () => {
  it('leave no gap: what follows in the same wave fails too, and the number is given again', async () => {
    const store = createMemoryStore()
    const journal = await open(store)
    failOnce(store, 3)
    const results = await Promise.allSettled(['a', 'b', 'c', 'd', 'e'].map((text) => journal.append(delivery(text))))
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected', 'rejected'])
    expect(await journal.append(delivery('f'))).toEqual({ seq: 3 })
    expect(await Promise.all([1, 2, 3].map((seq) => textOf(journal, seq)))).toEqual(['a', 'b', 'f'])
  })

  it('make appends wait until the tail was read, and go on in order', async () => {
    const store = createMemoryStore()
    const journal = await open(store)
    failOnce(store, 1)
    const first = journal.append(delivery('lost'))
    await thrownBy(first)
    const rest = ['a', 'b', 'c'].map((text) => journal.append(delivery(text)))
    expect(await Promise.all(rest)).toEqual([{ seq: 1 }, { seq: 2 }, { seq: 3 }])
    expect(await Promise.all([1, 2, 3].map((seq) => textOf(journal, seq)))).toEqual(['a', 'b', 'c'])
  })

  it('keep a delivery that was stored though its commit was reported failed', async () => {
    const store = createMemoryStore()
    const journal = await open(store)
    const seen: number[] = []
    journal.onAppend((seq) => seen.push(seq))
    lieOnce(store)
    expect(await thrownBy(journal.append(delivery('kept')))).toMatchObject({ code: 'ERR_STORE_IO' })
    expect(await journal.append(delivery('next'))).toEqual({ seq: 2 })
    expect([await textOf(journal, 1), await textOf(journal, 2), seen]).toEqual(['kept', 'next', [1, 2]])
  })

  it('reject what waits when the tail cannot be read either, and look again for the next one', async () => {
    const store = createMemoryStore()
    const journal = await open(store)
    failOnce(store, 1)
    const { keys } = store
    store.keys = () => Promise.reject(io())
    await thrownBy(journal.append(delivery('a')))
    expect(await thrownBy(journal.append(delivery('b')))).toMatchObject({ code: 'ERR_STORE_IO' })
    store.keys = keys
    expect(await journal.append(delivery('c'))).toEqual({ seq: 1 })
  })

  it('never lose what was acknowledged, nor its place, nor leave a gap', async () => {
    const waves = fc.array(fc.array(fc.constantFrom('ok', 'ok', 'ok', 'fail', 'lie'), { minLength: 1, maxLength: 6 }), {
      minLength: 1,
      maxLength: 6,
    })
    await fc.assert(
      fc.asyncProperty(waves, async (plan) => {
        const store = createMemoryStore()
        const outcomes = plan.flat()
        const commit = store.commit.bind(store)
        store.commit = async (ops) => {
          const outcome = outcomes.shift() ?? 'ok'
          if (outcome === 'fail') throw io()
          await commit(ops)
          if (outcome === 'lie') throw io()
        }
        const journal = await open(store)
        const acknowledged = new Map<number, string>()
        let number = 0
        for (const wave of plan) {
          await Promise.allSettled(
            wave.map(async () => {
              const text = `body ${number++}`
              acknowledged.set((await journal.append(delivery(text))).seq, text)
            }),
          )
        }
        const again = await open(store)
        expect(again.tail).toBe(store.data.size)
        for (const seq of range(1, again.tail)) {
          const text = await textOf(again, seq)
          expect(text).toBe(acknowledged.get(seq) ?? text)
        }
        expect(again.tail).toBeGreaterThanOrEqual(acknowledged.size)
      }),
      { numRuns: 60 },
    )
  })
})

describe('finding the ends', () => {
  it('probes, whatever the length and wherever it was cut', async () => {
    const cases = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 0, max: 40_000 }), fc.boolean())
    await fc.assert(
      fc.asyncProperty(cases, async ([first, length, told]) => {
        // One key of each bucket between is enough to be found by probing.
        const tail = first + length - 1
        const store = storeWith(
          range(first, tail).filter((seq) => seq % 1000 === 7 || seq - first < 2 || tail - seq < 1000),
        )
        if (told || length === 0) await store.commit([{ op: 'set', key: 'meta:journal', value: { first } }])
        let calls = 0
        const { keys } = store
        store.keys = (...args) => {
          calls++
          return keys(...args)
        }
        const journal = await open(store)
        expect([journal.first, journal.tail]).toEqual([first, tail])
        expect(calls).toBeLessThan(20)
      }),
      { numRuns: 40 },
    )
  })
})

describe('damage', () => {
  const written = async () => {
    const store = createMemoryStore()
    const journal = await open(store)
    for (const text of ['first', 'second', 'third']) await journal.append(delivery(text))
    return store
  }

  it.each<[string, (entry: Uint8Array, data: Map<string, Uint8Array>) => Uint8Array]>([
    ['a changed byte', (entry) => entry.with(entry.length - 1, 0)],
    ['a missing byte', (entry) => entry.slice(0, -1)],
    ['a byte too many', (entry) => Uint8Array.of(...entry, 32)],
    ['no header', () => new TextEncoder().encode('{"v":1')],
    ['a header that is none', () => new TextEncoder().encode('{"v":2}\nbody')],
    ['the entry of another', (_, data) => data.get(key(1)) as Uint8Array],
    ['nothing in it', () => new Uint8Array()],
  ])('is told: %s', async (_, change) => {
    const store = await written()
    store.data.set(key(2), change(store.data.get(key(2)) as Uint8Array, store.data))
    const journal = await open(store)
    expect(await thrownBy(journal.read(2))).toMatchObject({ kind: 'store', code: 'ERR_JOURNAL_DAMAGED' })
    expect(await textOf(journal, 3)).toBe('third')
  })

  it('is told: a missing delivery between', async () => {
    const store = await written()
    store.data.delete(key(2))
    const journal = await open(store)
    expect(journal.tail).toBe(3)
    expect(await thrownBy(journal.read(2))).toMatchObject({ code: 'ERR_JOURNAL_GAP' })
  })

  it('is told at the start: buckets missing before the end', async () => {
    const store = storeWith([...range(1, 1500), ...range(9000, 9100)])
    expect(await thrownBy(open(store))).toMatchObject({ code: 'ERR_JOURNAL_GAP' })
  })
})

/** Commits once, and then says it failed. */
function lieOnce(store: MemoryStore): void {
  const { commit } = store
  store.commit = async (ops) => {
    store.commit = commit
    await commit(ops)
    throw io()
  }
}
