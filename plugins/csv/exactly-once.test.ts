import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTestContext, createTestState, makeAttempt, makeJob } from '../../src/testing.ts'
import type { Job, Sender } from '../../src/plugin.ts'
import { createEndingDisk, errno, type End } from './ending-disk.fake.ts'
import { createFolder, readRows, toOptions, type Folder } from './export-kit.fake.ts'
import { createLogSender } from './log-sender.ts'

const settings = toOptions({
  path: 'out/{{ record.group }}.csv',
  columns: { key: 'record.id', seq: 'delivery.seq', note: 'record.note' },
  escapeFormulas: false,
})

/** One process after the other: each ends where it is told, the last one finishes. */
interface Life {
  readonly ends: readonly End[]
  /** Jobs per send, in turn. */
  readonly batches: readonly number[]
  /** Sends between two flushes, in turn. */
  readonly flushes: readonly number[]
  /** Numbers of the sends whose first try meets a full disk. */
  readonly full: ReadonlySet<number>
}

/** Plays a dispatcher: what was sent counts at once, what was flushed survives, an end loses what lies between. */
async function live(folder: Folder, jobs: readonly Job[], life: Life): Promise<number> {
  let state = createTestState()
  let flushed = 0
  let operations = 0
  let sends = 0
  for (const end of [...life.ends, undefined]) {
    const disk = createEndingDisk(end)
    let sent = flushed
    let sender: Sender | undefined
    try {
      sender = await createLogSender(settings, createTestContext({ baseDir: folder.path, state }).context, disk)
      while (sent < jobs.length) {
        const batch = jobs.slice(sent, sent + (life.batches[sends % life.batches.length] ?? 1))
        disk.refuseWrites = life.full.has(sends++) ? errno('ENOSPC') : undefined
        try {
          await sender.send(batch, makeAttempt(batch))
        } catch (error) {
          if (disk.hasEnded || disk.refuseWrites === undefined) throw error
          state.drop()
          continue
        }
        state.settle()
        sent += batch.length
        if (sends % (life.flushes[sends % life.flushes.length] ?? 1) !== 0 && sent < jobs.length) continue
        state.flush()
        flushed = sent
      }
      await sender.close?.()
      return operations + disk.operations
    } catch (error) {
      if (!disk.hasEnded) throw error
      operations += disk.operations
      await sender?.close?.()
      await disk.powerCut()
      state = state.crash()
    }
  }
  throw new Error('the last life must not end')
}

/** Every job's row once, rows of a key in order, every file whole under one header. */
function expectExactlyOnce(folder: Folder, jobs: readonly Job[]): void {
  const rows = folder
    .files()
    .filter((name) => !name.includes('.cut-') && folder.text(name) !== '')
    .flatMap((name) => {
      expect(folder.text(name)).toMatch(/^key,seq,note\r\n[^]*\r\n$/)
      return readRows(folder.text(name))
    })
  expect(rows.map(({ seq }) => Number(seq)).sort((a, b) => a - b)).toEqual(jobs.map(({ position }) => position.seq))
  for (const key of new Set(jobs.map(({ recordId }) => recordId))) {
    const order = rows.filter((row) => row.key === key).map(({ seq }) => Number(seq))
    expect(order).toEqual([...order].sort((a, b) => a - b))
  }
  for (const row of rows) expect(row.note).toBe(jobs[Number(row.seq) - 1]?.data.note)
}

function jobsOf(notes: readonly { readonly key: number; readonly note: string }[]): Job[] {
  return notes.map(({ key, note }, index) =>
    makeJob({ seq: index + 1, data: { id: key, group: key % 2 === 0 ? 'even' : 'odd', note } }),
  )
}

const steady = jobsOf(
  Array.from({ length: 8 }, (_, index) => ({ key: index % 3, note: `line ${index}\r\n"quoted", and\nbroken` })),
)
const calm: Omit<Life, 'ends'> = { batches: [3, 1], flushes: [1, 2], full: new Set() }

describe('rows are written exactly once', () => {
  it('when nothing goes wrong', async () => {
    using folder = createFolder()
    await live(folder, steady, { ...calm, ends: [] })
    expectExactlyOnce(folder, steady)
    expect(folder.files()).toEqual(['out/even.csv', 'out/odd.csv'])
  })

  it.each(['before', 'torn', 'after'] as const)('when the process ends %s any operation on the disk', async (when) => {
    using counted = createFolder()
    const operations = await live(counted, steady, { ...calm, ends: [] })
    expect(operations).toBeGreaterThan(25)
    for (let at = 1; at <= operations; at++) {
      using folder = createFolder()
      await live(folder, steady, { ...calm, ends: [{ at, when, lost: at % 2 }] })
      expectExactlyOnce(folder, steady)
    }
  })

  it('when the disk is full in between', async () => {
    using folder = createFolder()
    await live(folder, steady, { ...calm, ends: [], full: new Set([0, 2, 3]) })
    expectExactlyOnce(folder, steady)
    expect(folder.files()).toEqual(['out/even.csv', 'out/odd.csv'])
  })

  it('when all of it comes together, at random', async () => {
    const end = fc.record({
      at: fc.integer({ min: 1, max: 50 }),
      when: fc.constantFrom<End['when']>('before', 'torn', 'after'),
      lost: fc.constantFrom(0, 0.5, 1),
    })
    const note = fc.string({
      unit: fc.constantFrom('a', 'é', '😀', ' ', ',', '"', '\r', '\n', '\uFEFF'),
      maxLength: 12,
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ key: fc.nat({ max: 4 }), note }), { minLength: 1, maxLength: 16 }),
        fc.array(end, { maxLength: 5 }),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
        fc.uniqueArray(fc.nat({ max: 12 }), { maxLength: 4 }),
        async (notes, ends, batches, flushes, full) => {
          using folder = createFolder()
          const jobs = jobsOf(notes)
          await live(folder, jobs, { ends, batches, flushes, full: new Set(full) })
          expectExactlyOnce(folder, jobs)
        },
      ),
      { numRuns: 120 },
    )
  })
})
