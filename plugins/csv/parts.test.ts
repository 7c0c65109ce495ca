import {
  appendFileSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeAttempt, makeJob } from '../../src/testing.ts'
import { createFolder, readRows } from './export-kit.fake.ts'
import { next, notesIn, start } from './process.fake.ts'

describe('a part is gone on with', () => {
  it('after a restart, under one header', async () => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(['a'])
    const second = await next(folder, first)
    await second.send(['b'])
    expect(folder.files()).toEqual(['out/x.csv'])
    expect(folder.text('out/x.csv')).toBe('id,note\r\n0,a\r\n0,b\r\n')
    await second.sender.close?.()
  })

  it('when the process ended between making its file and recording it: the empty file is taken', async () => {
    using folder = createFolder()
    mkdirSync(join(folder.path, 'out'))
    writeFileSync(join(folder.path, 'out/x.csv'), '')
    utimesSync(join(folder.path, 'out/x.csv'), 1, 1)
    const { send, sender } = await start(folder)
    await send(['a'])
    expect(folder.files()).toEqual(['out/x.csv'])
    expect(notesIn(folder, 'out/x.csv')).toEqual(['a'])
    await sender.close?.()
  })

  it('but never through a link, empty or not', async () => {
    using folder = createFolder()
    mkdirSync(join(folder.path, 'out'))
    writeFileSync(join(folder.path, 'elsewhere.txt'), '')
    utimesSync(join(folder.path, 'elsewhere.txt'), 1, 1)
    symlinkSync(join(folder.path, 'elsewhere.txt'), join(folder.path, 'out/x.csv'))
    const { send, sender } = await start(folder)
    await send(['a'])
    expect(folder.text('elsewhere.txt')).toBe('')
    expect(notesIn(folder, 'out/x.2.csv')).toEqual(['a'])
    await sender.close?.()
  })

  it('by nobody but the user of the bridge', async () => {
    using folder = createFolder()
    const { send, sender } = await start(folder, undefined, { path: 'out/deep/x.csv' })
    await send(['a'])
    expect(statSync(join(folder.path, 'out/deep/x.csv')).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder.path, 'out/deep')).mode & 0o777).toBe(0o700)
    await sender.close?.()
  })

  it('when rows were not settled: they are kept beside it and written again', async () => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(['a'])
    await first.send(['b', 'c'], { flush: false })
    const second = await next(folder, first)
    expect(folder.files()).toEqual(['out/x.csv', 'out/x.csv.cut-20260302T100000Z'])
    expect(folder.text('out/x.csv.cut-20260302T100000Z')).toBe('0,b\r\n1,c\r\n')
    expect(notesIn(folder, 'out/x.csv')).toEqual(['a'])
    await second.send(['b', 'c'])
    await second.send(['d'], { flush: false })
    const third = await next(folder, second)
    expect(notesIn(folder, 'out/x.csv')).toEqual(['a', 'b', 'c'])
    expect(folder.text('out/x.csv.cut-20260302T100000Z-2')).toBe('0,d\r\n')
    await third.sender.close?.()
  })

  it('when the bridge dropped what a send staged', async () => {
    using folder = createFolder()
    const { sender, state, send } = await start(folder)
    await send(['a'])
    const job = makeJob({ data: { id: 9, note: 'b' } })
    await sender.send([job], makeAttempt([job]))
    state.drop()
    await send(['b'])
    expect(notesIn(folder, 'out/x.csv')).toEqual(['a', 'b'])
    await sender.close?.()
  })
})

describe('a new part begins', () => {
  const cases: [string, (file: string) => void][] = [
    ['the file is gone', (file) => rmSync(file)],
    ['the file was moved', (file) => renameSync(file, `${file}.taken`)],
    ['the file was replaced', (file) => (renameSync(file, `${file}.old`), writeFileSync(file, 'id,note\r\n0,a\r\n'))],
    ['somebody wrote to it', (file) => appendFileSync(file, '7,mine\r\n')],
    ['it became shorter', (file) => truncateSync(file, 5)],
  ]

  it.each(cases)('while running, when %s', async (_, meddle) => {
    using folder = createFolder()
    const { send, log, sender } = await start(folder)
    await send(['a'])
    const file = join(folder.path, 'out/x.csv')
    meddle(file)
    const left = folder.files().map((name) => folder.text(name))
    await send(['b'])
    await send(['c'])
    expect(notesIn(folder, 'out/x.2.csv')).toEqual(['b', 'c'])
    const others = folder.files().filter((name) => name !== 'out/x.2.csv')
    expect(others.map((name) => folder.text(name))).toEqual(left)
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1)
    await sender.close?.()
  })

  const whileDown: typeof cases = [
    ...cases.filter(
      ([why]) => why !== 'the file is gone' && why !== 'the file was moved' && why !== 'somebody wrote to it',
    ),
    [
      'an editor saved it anew with a row more',
      (file) => {
        renameSync(file, `${file}~`)
        writeFileSync(file, 'id,note\r\n0,a\r\n1,mine\r\n')
      },
    ],
    ['its end was changed', (file) => writeFileSync(file, 'id,note\r\n0,Z\r\n', { flag: 'r+' })],
    [
      'its end was changed and rows follow',
      (file) => writeFileSync(file, 'id,note\r\n0,Z\r\n5,five\r\n', { flag: 'r+' }),
    ],
  ]

  it.each(whileDown)('after a restart, when %s', async (_, meddle) => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(['a'])
    await first.sender.close?.()
    meddle(join(folder.path, 'out/x.csv'))
    const left = folder.files().map((name) => folder.text(name))
    const second = await next(folder, first)
    await second.send(['b'])
    expect(notesIn(folder, 'out/x.2.csv')).toEqual(['b'])
    expect(
      folder
        .files()
        .filter((name) => name !== 'out/x.2.csv')
        .map((name) => folder.text(name)),
    ).toEqual(left)
    await second.sender.close?.()
  })

  it('for good: what others wrote to the part before is not cut by the next start', async () => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(['a'])
    appendFileSync(join(folder.path, 'out/x.csv'), '7,mine\r\n')
    await first.send(['b'])
    const second = await next(folder, first)
    await second.send(['c'])
    expect(folder.files()).toEqual(['out/x.2.csv', 'out/x.csv'])
    expect(notesIn(folder, 'out/x.csv')).toEqual(['a', 'mine'])
    expect(notesIn(folder, 'out/x.2.csv')).toEqual(['b', 'c'])
    await second.sender.close?.()
  })

  it('when the columns or the delimiter change, and again when they change back', async () => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(['a'])
    const second = await next(folder, first, { columns: { note: 'record.note' } })
    await second.send(['b'])
    const third = await next(folder, second, { delimiter: ';' })
    await third.send(['c'])
    const fourth = await next(folder, third)
    await fourth.send(['d'])
    await fourth.sender.close?.()
    expect(folder.files().map((name) => [name, folder.text(name)])).toEqual([
      ['out/x.2.csv', 'note\r\nb\r\n'],
      ['out/x.3.csv', 'id;note\r\n0;c\r\n'],
      ['out/x.4.csv', 'id,note\r\n0,d\r\n'],
      ['out/x.csv', 'id,note\r\n0,a\r\n'],
    ])
  })

  it('beside a file that was there before the bridge', async () => {
    using folder = createFolder()
    mkdirSync(join(folder.path, 'out'))
    writeFileSync(join(folder.path, 'out/x.csv'), 'mine')
    const { send, sender } = await start(folder)
    await send(['a'])
    expect(folder.text('out/x.csv')).toBe('mine')
    expect(notesIn(folder, 'out/x.2.csv')).toEqual(['a'])
    await sender.close?.()
  })

  it('for each of two destinations that were given one path', async () => {
    using folder = createFolder()
    const [one, two] = [await start(folder), await start(folder)]
    await Promise.all([one.send(['a1']), two.send(['b1'])])
    await Promise.all([one.send(['a2']), two.send(['b2'])])
    const both = [notesIn(folder, 'out/x.csv'), notesIn(folder, 'out/x.2.csv')].sort()
    expect(both).toEqual([
      ['a1', 'a2'],
      ['b1', 'b2'],
    ])
    await one.sender.close?.()
    await two.sender.close?.()
  })

  it('in a folder that was removed', async () => {
    using folder = createFolder()
    const { send, sender } = await start(folder)
    await send(['a'])
    rmSync(join(folder.path, 'out'), { recursive: true })
    await send(['b'])
    expect(notesIn(folder, 'out/x.2.csv')).toEqual(['b'])
    await sender.close?.()
  })

  it('for each header, when one path is shared by types', async () => {
    using folder = createFolder()
    const path = "{% if type == 'event' %}e{% else %}rest{% endif %}.csv"
    const { sender, state } = await start(folder, undefined, { path, columns: undefined })
    for (let seq = 1; seq <= 3; seq++) {
      const jobs = ['attendee', 'user', 'event'].map((type, index) => makeJob({ type, seq, n: index + 1 }))
      await sender.send(jobs, makeAttempt(jobs))
      state.settle()
      state.flush()
    }
    expect(folder.files()).toEqual(['e.csv', 'rest.2.csv', 'rest.csv'])
    for (const name of folder.files()) expect(readRows(folder.text(name))).toHaveLength(3)
    await sender.close?.()
  })
})
