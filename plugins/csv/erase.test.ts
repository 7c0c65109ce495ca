import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErasedPerson, Job, Sender } from '../../src/plugin.ts'
import { createTestContext, createTestState, makeAttempt, makeJob, type TestState } from '../../src/testing.ts'
import { createEndingDisk, type End } from './ending-disk.fake.ts'
import { createFolder, readRows, toOptions, type Folder } from './export-kit.fake.ts'
import { createLogSender } from './log-sender.ts'
import { createRowCutter, toCells } from './person-rows.ts'
import { createTableSender } from './table-sender.ts'

const person: ErasedPerson = {
  id: 'e1',
  users: ['4'],
  emails: ['ada@example.org'],
  names: ['ada byron'],
  records: [{ key: 'user:4' }],
  positions: ['2.1'],
  exports: true,
}
const columns = { id: 'record.id', mail: 'record.email', note: 'record.note' }
const job = (seq: number, id: number, email: string | null, note = 'x'): Job =>
  makeJob({ seq, n: 1, type: 'user', data: { id, email, note } })
const rows = [
  job(1, 1, 'one@example.org', 'a "quoted",\r\nnote'),
  job(2, 4, null),
  job(3, 4, ' ADA@example.org'),
  job(4, 5, 'two@example.org', 'ünï'),
]

async function start(
  folder: Folder,
  state: TestState = createTestState(),
  { input = {}, end }: { input?: Record<string, unknown>; end?: End } = {},
) {
  const disk = createEndingDisk(end)
  const { context, log } = createTestContext({ baseDir: folder.path, state })
  const settings = toOptions({ path: 'out/x.csv', ...input })
  const sender: Sender = await (settings.as === 'table' ? createTableSender : createLogSender)(settings, context, disk)
  return {
    state,
    disk,
    log,
    sender,
    async send(...jobs: Job[]) {
      await sender.send(jobs, makeAttempt(jobs))
      state.settle()
      state.flush()
    },
    /** As a dispatcher would. */
    async erase(more: Partial<ErasedPerson> = {}) {
      const outcome = await sender.erase?.({ ...person, ...more }, makeAttempt())
      state.settle()
      state.flush()
      return outcome
    },
  }
}

const ids = (folder: Folder, name = 'out/x.csv', column = '_id') =>
  readRows(folder.text(name)).map((row) => row[column])

describe('erasing from a log', () => {
  it('takes out rows of the person and goes on in the same file; all other bytes stay', async () => {
    using folder = createFolder()
    const { send, erase, log, state } = await start(folder)
    await send(...rows)
    const before = folder.text('out/x.csv').split(/(?<=\r\n)(?=\d)/)
    expect(await erase()).toEqual({ state: 'delivered' })
    expect(folder.text('out/x.csv')).toBe([before[0], before[1], before[4]].join(''))
    await send(job(5, 6, null))
    expect([folder.files(), ids(folder)]).toEqual([['out/x.csv'], ['1', '5', '6']])
    // Again with the same person, and over a restart: nothing more.
    expect(await erase()).toEqual({ state: 'delivered' })
    const next = await start(folder, state.crash())
    await next.send(job(6, 7, null))
    expect([folder.files(), ids(folder)]).toEqual([['out/x.csv'], ['1', '5', '6', '7']])
    expect(JSON.stringify(log.lines)).not.toMatch(/ada|byron/i)
  })

  it('does so only when exports are asked for', async () => {
    using folder = createFolder()
    const { send, erase } = await start(folder)
    await send(...rows)
    expect(await erase({ exports: false })).toMatchObject({ state: 'skip' })
    expect(ids(folder)).toEqual(['1', '4', '4', '5'])
  })

  it('knows rows of configured columns by address, and by name where nothing else tells', async () => {
    using folder = createFolder()
    const { send, erase } = await start(folder, undefined, { input: { columns, bom: true } })
    await send(...rows, job(5, 8, null, 'Ada  Byron'), job(6, 9, null, 'not Ada Byron'))
    await erase()
    expect(ids(folder, 'out/x.csv', 'id')).toEqual(['1', '4', '5', '9'])
    expect(folder.text('out/x.csv').startsWith('\uFEFF')).toBe(true)
  })

  it('looks through earlier parts and copies of what was cut, and touches no file it does not know', async () => {
    using folder = createFolder()
    const first = await start(folder)
    await first.send(...rows)
    appendFileSync(
      join(folder.path, 'out/x.csv'),
      '9.1,,user,4,"{""email"":""ada@example.org""}"\r\n9.2,,user,5,{}\r\n',
    )
    const second = await start(folder, first.state.crash())
    writeFileSync(join(folder.path, 'out/other.csv'), 'mail\r\nada@example.org\r\n')
    expect(await second.erase()).toEqual({ state: 'delivered' })
    const cut = readdirSync(join(folder.path, 'out')).find((name) => name.includes('.cut-'))
    expect(folder.text(`out/${cut}`)).toBe('9.2,,user,5,{}\r\n')
    expect(folder.text('out/other.csv')).toContain('ada')

    appendFileSync(join(folder.path, 'out/x.csv'), 'by hand: ada@example.org\r\n')
    expect(await second.erase()).toMatchObject({
      state: 'reject',
      reason: expect.stringMatching(/^1 files are not as/),
    })
  })

  it('ends whole wherever the process ends, and every other row stays exactly once', async () => {
    for (let at = 1; ; at++) {
      for (const when of ['before', 'torn', 'after'] as const) {
        using folder = createFolder()
        const filled = await start(folder)
        await filled.send(...rows)
        await filled.sender.close?.()
        const dying = await start(folder, filled.state.crash(), { end: { at, when, lost: 1 } }).catch(() => undefined)
        await dying?.erase().catch(() => {})
        await dying?.sender.close?.()
        await dying?.disk.powerCut()
        const ended = dying === undefined || dying.disk.hasEnded
        const next = await start(folder, (dying ?? filled).state.crash())
        expect(await next.erase()).toEqual({ state: 'delivered' })
        await next.send(job(5, 6, null))
        expect({ at, when, files: folder.files(), rows: ids(folder) }).toEqual({
          at,
          when,
          files: ['out/x.csv'],
          rows: ['1', '5', '6'],
        })
        if (!ended) return
      }
    }
  })
})

describe('erasing from a table', () => {
  it('takes the rows out of state and file, asked for exports or not', async () => {
    using folder = createFolder()
    const { send, erase, state } = await start(folder, undefined, { input: { as: 'table', columns } })
    await send(rows[0] as Job, rows[2] as Job, rows[3] as Job)
    expect(await erase({ exports: false })).toEqual({ state: 'delivered' })
    expect(ids(folder, 'out/x.csv', 'id')).toEqual(['1', '5'])
    expect(JSON.stringify(state.crash().entries())).not.toMatch(/ada/i)
  })
})

describe('rows', () => {
  it('are cut at line ends outside quotes, whatever the pieces, and read cell by cell', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ') })
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
        fc.integer({ min: 1, max: 7 }),
        (table, size) => {
          const lines = table.map((cells) => `${cells.map((text) => `"${text.replaceAll('"', '""')}"`).join(',')}\r\n`)
          const text = lines.join('')
          const cutter = createRowCutter()
          const found: string[] = []
          for (let at = 0; at < text.length; at += size) found.push(...cutter.push(text.slice(at, at + size)))
          expect([found, cutter.end()]).toEqual([lines, ''])
          expect(found.map((row) => toCells(row, ','))).toEqual(table)
        },
      ),
    )
    expect([toCells('a,,"b"\r\n', ','), toCells(',\n', ','), toCells('x;y', ';')]).toEqual([
      ['a', '', 'b'],
      ['', ''],
      ['x', 'y'],
    ])
  })
})
