import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createTestContext,
  createTestState,
  makeAttempt,
  makeJob,
  testPlugin,
  type TestState,
} from '../../src/testing.ts'
import type { Job } from '../../src/plugin.ts'
import { createEndingDisk, errno, ProcessEnded, type End } from './ending-disk.fake.ts'
import { createFolder, readRows, toOptions, type Folder } from './export-kit.fake.ts'
import plugin from './index.ts'
import { createTableSender } from './table-sender.ts'

const columns = { id: 'record.id', note: 'record.note' }

async function start(folder: Folder, state: TestState = createTestState(), more: { input?: object; end?: End } = {}) {
  const disk = createEndingDisk(more.end)
  const { context } = createTestContext({ baseDir: folder.path, state })
  const sender = await createTableSender(
    toOptions({ as: 'table', path: 'out/x.csv', columns, ...more.input }),
    context,
    disk,
  )
  return {
    state,
    disk,
    sender,
    async send(...jobs: Job[]) {
      const outcomes = await sender.send(jobs, makeAttempt(jobs))
      state.settle()
      state.flush()
      return outcomes
    },
  }
}

const job = (seq: number, id: number, note: string | null, more: object = {}): Job =>
  makeJob({ seq, n: 1, type: 'user', data: { id, note }, ...more })
const table = (folder: Folder, name = 'out/x.csv') => readRows(folder.text(name)).map(({ id, note }) => `${id}=${note}`)

describe('a table', () => {
  it('has one row per record, its newest state, in the order records first came', async () => {
    using folder = createFolder()
    const { send } = await start(folder)
    await send(job(1, 1, 'a'), job(2, 2, 'b'))
    await send(job(3, 1, 'c'), job(4, 3, 'd'))
    expect(table(folder)).toEqual(['1=c', '2=b', '3=d'])
    expect(folder.files()).toEqual(['out/x.csv'])
    expect((await stat(join(folder.path, 'out/x.csv'))).mode & 0o777).toBe(0o600)
  })

  it('goes on after a restart', async () => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(job(1, 1, 'a'), job(2, 2, 'b'))
    const { send } = await start(folder, first.state.crash())
    await send(job(3, 2, 'c'))
    expect(table(folder)).toEqual(['1=a', '2=c'])
  })

  it('never shows an older state over a newer one', async () => {
    using folder = createFolder()
    const { send } = await start(folder)
    await send(job(5, 1, 'new'))
    expect(await send(job(3, 1, 'old'))).toEqual([{ state: 'skip', reason: 'the row shows a newer state' }])
    expect(table(folder)).toEqual(['1=new'])
  })

  it('loses the row of a record that has left, and keeps its header without rows', async () => {
    using folder = createFolder()
    const { send } = await start(folder)
    await send(job(1, 1, 'a'))
    await send(job(2, 1, 'a', { left: true }))
    expect(folder.text('out/x.csv')).toBe('id,note\r\n')
  })

  it('moves a row whose path changes', async () => {
    using folder = createFolder()
    const { send } = await start(folder, undefined, { input: { path: 'out/{{ record.note }}.csv' } })
    await send(job(1, 1, 'a'), job(2, 2, 'a'))
    await send(job(3, 1, 'b'))
    expect([table(folder, 'out/a.csv'), table(folder, 'out/b.csv')]).toEqual([['2=a'], ['1=b']])
  })

  it('takes new columns at once; rows of before have them empty until their record changes', async () => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(job(1, 1, 'a'), job(2, 2, 'b'))
    const more = { input: { columns: { type: 'type', ...columns } } }
    const { send } = await start(folder, first.state.crash(), more)
    await send(job(3, 1, 'c'))
    expect(folder.text('out/x.csv')).toBe('type,id,note\r\nuser,1,c\r\n,2,b\r\n')
  })

  it('a disk that refuses pauses the destination and changes nothing', async () => {
    using folder = createFolder()
    const { send, disk, state } = await start(folder)
    await send(job(1, 1, 'a'))
    disk.refuseWrites = errno('ENOSPC')
    await expect(send(job(2, 1, 'b'))).rejects.toMatchObject({ code: 'ERR_CSV_DISK' })
    state.drop()
    disk.refuseWrites = errno('EMFILE')
    expect((await send(job(2, 1, 'b')))?.[0]).toMatchObject({ state: 'retry' })
    disk.refuseWrites = undefined
    expect(table(folder)).toEqual(['1=a'])
    await send(job(2, 1, 'b'))
    expect(table(folder)).toEqual(['1=b'])
  })

  it('wherever the process ends, readers see a whole table, and the next life makes it right', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          at: fc.integer({ min: 1, max: 12 }),
          when: fc.constantFrom('before', 'torn', 'after'),
          lost: fc.constant(0),
        }),
        async (end) => {
          using folder = createFolder()
          const batches = [[job(1, 1, 'a'), job(2, 2, 'b')], [job(3, 1, 'c')], [job(4, 3, 'd'), job(5, 2, 'e')]]
          const doomed = await start(folder, createTestState(), { end: end as End })
          let done = 0
          try {
            for (const batch of batches) {
              await doomed.send(...batch)
              done += 1
            }
          } catch (error) {
            if (!(error instanceof ProcessEnded)) throw error
          }
          if (folder.files().includes('out/x.csv')) readRows(folder.text('out/x.csv'))
          const { send } = await start(folder, doomed.state.crash())
          for (const batch of batches.slice(done)) await send(...batch)
          expect(table(folder)).toEqual(['1=c', '2=e', '3=d'])
        },
      ),
      { numRuns: 40 },
    )
  })
})

testPlugin({ describe, it }, plugin, {
  validOptions: { as: 'table', path: 'exports/{{ type }}.csv' },
  http: false,
  async setUp() {
    const baseDir = await mkdtemp(join(tmpdir(), 'csv-table-'))
    return { context: { baseDir }, clean: () => rm(baseDir, { recursive: true, force: true }) }
  },
})
