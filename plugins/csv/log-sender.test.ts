import { describe, expect, it } from 'vitest'
import { makeAttempt, makeJob } from '../../src/testing.ts'
import { createFolder } from './export-kit.fake.ts'
import { notesIn, start } from './process.fake.ts'

describe('a sender', () => {
  it('writes nothing for a rejected job and delivers the others', async () => {
    using folder = createFolder()
    const required = { id: 'record.id', note: { path: 'record.note', required: true } }
    const { send, sender } = await start(folder, undefined, { columns: required })
    const outcomes = await send(['', 'b'])
    expect(outcomes.map(({ state }) => state)).toEqual(['reject', 'delivered'])
    expect(notesIn(folder, 'out/x.csv')).toEqual(['b'])
    await sender.close?.()
  })

  it('stops at the signal between two files and takes back the first', async () => {
    using folder = createFolder()
    const { sender, state } = await start(folder, undefined, { path: 'out/{{ record.id }}.csv' })
    const jobs = [1, 2].map((id) => makeJob({ n: id, data: { id, note: 'x' } }))
    const controller = new AbortController()
    state.beforeCommit = () => controller.abort(new Error('timeout'))
    const reason = 'aborted before all rows were on the disk'
    expect(await sender.send(jobs, makeAttempt(jobs, { signal: controller.signal }))).toEqual([
      { state: 'retry', reason },
      { state: 'retry', reason },
    ])
    expect(folder.files().map((name) => folder.text(name))).toEqual([''])
    await sender.close?.()
  })

  it('keeps a bounded number of files open, and none after close', async () => {
    using folder = createFolder()
    const { sender, disk, state } = await start(folder, undefined, { path: 'out/{{ record.id }}.csv' })
    const jobs = Array.from({ length: 70 }, (_, index) => makeJob({ n: index + 1, data: { id: index, note: 'x' } }))
    for (let round = 0; round < 2; round++) {
      await sender.send(jobs, makeAttempt(jobs))
      state.settle()
      state.flush()
      expect(disk.handles).toBe(64)
    }
    expect(folder.files()).toHaveLength(70)
    for (const name of folder.files()) expect(notesIn(folder, name)).toEqual(['x', 'x'])
    await sender.close?.()
    expect(disk.handles).toBe(0)
    await expect(sender.send(jobs, makeAttempt(jobs))).rejects.toThrow('closed')
  })

  it('previews path and row', async () => {
    using folder = createFolder()
    const { sender } = await start(folder)
    expect(await sender.preview?.([makeJob({ data: { id: 1, note: 'x' } })])).toEqual([
      { path: 'out/x.csv', row: { id: 1, note: 'x' } },
    ])
    expect(folder.files()).toEqual([])
    await sender.close?.()
  })
})
