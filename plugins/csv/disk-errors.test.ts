import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTestState, makeAttempt, makeJob } from '../../src/testing.ts'
import { errno } from './ending-disk.fake.ts'
import { createFolder } from './export-kit.fake.ts'
import { check, notesIn, start } from './process.fake.ts'

describe('when the disk refuses', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EIO'])(
    '%s pauses the destination, blames no record and leaves no row',
    async (code) => {
      using folder = createFolder()
      const { send, disk, sender } = await start(folder)
      await send(['a'])
      disk.refuseWrites = errno(code)
      const failure = await send(['b']).catch((error: unknown) => error)
      expect(failure).toMatchObject({ kind: 'destination', code: 'ERR_CSV_DISK' })
      expect(String(failure)).toContain(`${join(folder.path, 'out/x.csv')}: `)
      expect(String(failure)).toContain(`(${code})`)
      expect(notesIn(folder, 'out/x.csv')).toEqual(['a'])
      disk.refuseWrites = undefined
      await send(['b'])
      expect(notesIn(folder, 'out/x.csv')).toEqual(['a', 'b'])
      expect(folder.files()).toEqual(['out/x.csv'])
      await sender.close?.()
    },
  )

  it('takes back the files of a batch that were written before', async () => {
    using folder = createFolder()
    const { sender, disk, state } = await start(folder, undefined, { path: 'out/{{ record.id }}.csv' })
    const jobs = [1, 2].map((id) => makeJob({ n: id, data: { id, note: 'x' } }))
    let writes = 0
    Object.defineProperty(disk, 'refuseWrites', { get: () => (++writes === 2 ? errno('ENOSPC') : undefined) })
    await expect(sender.send(jobs, makeAttempt(jobs))).rejects.toThrow(/ENOSPC/)
    state.drop()
    expect(folder.files().map((name) => folder.text(name))).toEqual(['', ''])
    await sender.send(jobs, makeAttempt(jobs))
    expect(folder.files().map((name) => notesIn(folder, name))).toEqual([['x'], ['x']])
    await sender.close?.()
  })

  it('what passes by itself is a retry', async () => {
    using folder = createFolder()
    const { send, disk, sender } = await start(folder)
    disk.refuseWrites = errno('EMFILE')
    expect(await send(['a'])).toEqual([{ state: 'retry', reason: 'the disk is busy (EMFILE)' }])
    disk.refuseWrites = undefined
    await send(['a'])
    expect(notesIn(folder, 'out/x.csv')).toEqual(['a'])
    await sender.close?.()
  })

  it('lets go of files it holds open when there are too many, instead of waiting for ever', async () => {
    using folder = createFolder()
    const { sender, disk, state } = await start(folder, undefined, { path: 'out/{{ record.id }}.csv' })
    const { create, open } = disk
    const roomFor =
      <T>(make: (file: string) => Promise<T>) =>
      (file: string): Promise<T> =>
        disk.handles < 3 ? make(file) : Promise.reject(errno('EMFILE'))
    Object.assign(disk, { create: roomFor(create), open: roomFor(open) })
    for (const note of ['a', 'b']) {
      const jobs = Array.from({ length: 8 }, (_, id) => makeJob({ n: id + 1, data: { id, note } }))
      expect(new Set((await sender.send(jobs, makeAttempt(jobs)))?.map(({ state: done }) => done))).toEqual(
        new Set(['delivered']),
      )
      state.settle()
      state.flush()
    }
    expect(folder.files().map((name) => notesIn(folder, name).join())).toEqual(Array(8).fill('a,b'))
    await sender.close?.()
  })

  it('says nothing of a person whose address is in the path, not even in the cause', async () => {
    using folder = createFolder()
    const path = 'out/{{ record.note }}.csv'
    const { send, disk, sender, log } = await start(folder, undefined, { path })
    await send(['peregrina.oxblood@example.com'])
    rmSync(join(folder.path, 'out/peregrina.oxblood@example.com.csv'))
    disk.refuseWrites = errno('ENOSPC')
    const failure = (await send(['peregrina.oxblood@example.com']).catch((error: unknown) => error)) as Error
    expect(`${failure.message} ${String(failure.cause)} ${JSON.stringify(log.lines)}`).not.toContain('oxblood')
    expect(failure.message).toContain(path)
    await sender.close?.()
  })

  it('a failed commit leaves no file behind and is no fault of the destination', async () => {
    using folder = createFolder()
    const { send, state, sender } = await start(folder)
    const broken = new Error('the store is away')
    state.beforeCommit = () => {
      throw broken
    }
    await expect(send(['a'])).rejects.toBe(broken)
    expect(folder.files()).toEqual([])
    state.beforeCommit = undefined
    await send(['a'])
    expect(folder.files()).toEqual(['out/x.csv'])
    await sender.close?.()
  })

  it('a file where a folder is needed is named', async () => {
    using folder = createFolder()
    writeFileSync(join(folder.path, 'out'), '')
    const { send, sender } = await start(folder)
    await expect(send(['a'])).rejects.toMatchObject({ code: 'ERR_CSV_DISK' })
    expect(await check(sender)).toEqual([`${join(folder.path, 'out')} is a file, not a folder`])
    await sender.close?.()
  })

  // Root may write anywhere.
  it.skipIf(process.getuid?.() === 0)('a folder the bridge may not write to is named', async () => {
    using folder = createFolder()
    const { send, sender } = await start(folder)
    expect(await check(sender)).toEqual([])
    chmodSync(folder.path, 0o500)
    expect(await check(sender)).toEqual([`cannot write to ${folder.path} (EACCES)`])
    await expect(send(['a'])).rejects.toThrow(/may not write there \(EACCES\)/)
    chmodSync(folder.path, 0o700)
    await sender.close?.()
  })

  it('a state that cannot be read stops the destination', async () => {
    using folder = createFolder()
    const state = createTestState(new Map([['part:x:1', { path: 7 }]]))
    await expect(start(folder, state)).rejects.toMatchObject({ kind: 'destination', code: 'ERR_CSV_STATE' })
  })
})
