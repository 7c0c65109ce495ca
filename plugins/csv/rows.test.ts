import { describe, expect, it } from 'vitest'
import { makeJob, sampleJobs } from '../../src/testing.ts'
import type { Job, JsonObject } from '../../src/plugin.ts'
import { documentedFields } from './documented-fields.ts'
import { readRows, toOptions } from './export-kit.fake.ts'
import { createRowMaker, groupRows } from './rows.ts'

function textOf(input: Record<string, unknown>, jobs: readonly Job[], first = true): string {
  const maker = createRowMaker(toOptions(input), '/srv')
  const [group] = groupRows(jobs.map(maker.toRow))
  return group === undefined ? '' : maker.toText(group, first)
}

const columns = { id: 'record.id', note: 'record.note' }
const note = (value: JsonObject[string]): Job => makeJob({ data: { id: 1, note: value } })
const cell = (input: Record<string, unknown>, value: JsonObject[string]): string | undefined =>
  readRows(textOf({ path: 'x.csv', columns, ...input }, [note(value)]))[0]?.note

describe('cells', () => {
  it.each([
    ['=1+1', "'=1+1"],
    ['+18885551212', "'+18885551212"],
    ['-5', "'-5"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\tx', "'\tx"],
    ['\rx', "'\rx"],
    ['\nx', "'\nx"],
    ['\u0000x', "'\u0000x"],
    ['\uFF1Dx', "'\uFF1Dx"],
    ['\uFF0Bx', "'\uFF0Bx"],
    ['\uFF0Dx', "'\uFF0Dx"],
    ['\uFF20x', "'\uFF20x"],
    ['a=1', 'a=1'],
    ["'=1", "'=1"],
    [-5, '-5'],
    [1.5, '1.5'],
    [true, 'true'],
    [false, 'false'],
    [null, ''],
    ['', ''],
    [['=1', 'b'], '["=1","b"]'],
    [{ a: null }, '{"a":null}'],
    ['2026-03-20T18:00:00-07:00', '2026-03-20T18:00:00-07:00'],
    ['a,b "c"\r\nd\ne\rf', 'a,b "c"\r\nd\ne\rf'],
  ])('%j is written so that it reads %j', (value, read) => {
    expect(cell({}, value)).toBe(read)
  })

  it('are left alone where formulas are no danger', () => {
    expect(cell({ escapeFormulas: false }, '=1')).toBe('=1')
    expect(cell({ escapeFormulas: { except: ['note'] } }, '+49 30')).toBe('+49 30')
    expect(cell({ escapeFormulas: { except: ['id'] } }, '+49 30')).toBe("'+49 30")
  })

  it('quote whatever has a line break, alone or in pairs', () => {
    expect(textOf({ path: 'x.csv', columns }, [note('a\nb'), note('a\rb')], false)).toBe('1,"a\nb"\r\n1,"a\rb"\r\n')
  })

  it('keep an empty row a row', () => {
    expect(textOf({ path: 'x.csv', columns: { note: 'record.note' } }, [note('')], false)).toBe('""\r\n')
  })
})

describe('a file', () => {
  it('begins with header, and byte order mark when wanted; later rows have neither', () => {
    const input = { path: 'x.csv', columns, bom: true, delimiter: ';' }
    expect(textOf(input, [note('a;b')])).toBe('\uFEFFid;note\r\n1;"a;b"\r\n')
    expect(textOf(input, [note('c')], false)).toBe('1;c\r\n')
  })

  it('has headers as they were configured, formula or not', () => {
    expect(textOf({ path: 'x.csv', columns: { '=id': 'record.id', '@': { value: '@' } } }, [note('')])).toBe(
      "=id,@\r\n1,'@\r\n",
    )
  })

  it('has columns in their order, from all forms of mapping', () => {
    const mixed = {
      Wer: '{{ record.first_name }} {{ record.last_name }}',
      Size: { answer: 'T-shirt size' },
      Event: 'event.title',
      Source: { value: 'Bevy' },
      Missing: 'record.nothing',
    }
    expect(readRows(textOf({ path: 'x.csv', columns: mixed }, [makeJob()]))).toEqual([
      { Wer: 'Peregrina Oxblood', Size: 'Quetzal-sized', Event: 'Spring Meetup', Source: 'Bevy', Missing: '' },
    ])
  })
})

describe('without columns', () => {
  it('a path by type has the documented fields of each type, the rest as JSON', () => {
    const maker = createRowMaker(toOptions({ path: '{{ type }}.csv' }), '/srv')
    const groups = groupRows(sampleJobs().map(maker.toRow))
    expect(groups.map(({ path }) => path)).toEqual([
      'event.csv',
      'attendee.csv',
      'chapter.csv',
      'chaptermember.csv',
      'user.csv',
      'survey_response_v2.csv',
    ])
    for (const [index, type] of ['event', 'attendee', 'chapter', 'chaptermember', 'user'].entries()) {
      expect(groups[index]?.shape.headers).toEqual([
        '_delivery',
        '_received_at',
        ...(documentedFields(type) ?? []),
        '_extra',
      ])
    }
    expect(groups[5]?.shape.headers).toEqual(['_delivery', '_received_at', '_type', '_id', '_data'])
  })

  it('fields that are not documented go to _extra, position and time of receipt come first', () => {
    const job = makeJob({
      type: 'user',
      data: { id: 7, email: 'a@example.com', company: 'X', admin: false },
      seq: 12,
      n: 3,
    })
    const [row] = readRows(textOf({ path: '{{ type }}.csv' }, [job]))
    expect(row).toMatchObject({
      _delivery: '12.3',
      _received_at: '2026-03-02T09:15:00.000Z',
      id: '7',
      email: 'a@example.com',
    })
    expect(row?.['_extra']).toBe('{"company":"X","admin":false}')
    expect(
      readRows(textOf({ path: '{{ type }}.csv' }, [makeJob({ type: 'user', data: { id: 7 } })]))[0]?.['_extra'],
    ).toBe('')
  })

  it('a path for all types has one header for all', () => {
    const text = textOf({ path: 'all.csv' }, sampleJobs())
    const rows = readRows(text)
    expect(rows).toHaveLength(sampleJobs().length)
    expect(rows.map((row) => [row['_type'], row['_id'], JSON.parse(row['_data'] ?? '')])).toEqual(
      sampleJobs().map(({ type, recordId, data }) => [type, recordId, data]),
    )
  })
})

describe('rejections', () => {
  it('name the column and touch no other row', () => {
    const maker = createRowMaker(
      toOptions({ path: 'x.csv', columns: { mail: { path: 'record.email', required: true } } }),
      '/srv',
    )
    const [bad, good] = [makeJob({ data: { id: 1 } }), makeJob()].map(maker.toRow)
    expect(bad).toMatchObject({ state: 'rejected', reason: expect.stringContaining('record.email') })
    expect(good?.state).toBe('row')
  })
})
