import { writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/config/problem.ts'
import { scopeOf } from '../kit/scope.ts'
import type { z } from '../../src/plugin.ts'
import { chat, folderOf, goodSettings, loadFrom } from '../kit/config.ts'

const USING = `tables: { channels: tables/channels.csv }
destinations:
  a: { plugin: chat, options: { token: t, channel: { path: chapter.id, table: channels } } }
routes: [{ name: r, to: [a] }]
`
const SHAPE = 'expected a header line such as id,channel (commas between), then a line for each key'

describe('lookup tables', () => {
  it.each<[what: string, csv: string, ...rows: [string, string][]]>([
    ['plain', 'id,channel\n77,C1\n78,C2\n', ['77', 'C1'], ['78', 'C2']],
    [
      'of Excel: BOM, CRLF, no line end at the end',
      '\uFEFF"id",channel\r\n"77","C1, the first"\r\n78,C2',
      ['77', 'C1, the first'],
      ['78', 'C2'],
    ],
    [
      'with notes in further columns, empty lines, spaces',
      'id,channel,who\n\n 77 , C1 ,Ana\n,,\n78,,\n',
      ['77', 'C1'],
      ['78', ''],
    ],
    [
      'with names of the language',
      'id,channel\nconstructor,C1\n__proto__,C2\n',
      ['constructor', 'C1'],
      ['__proto__', 'C2'],
    ],
    ['with a header only', 'id,channel\n'],
  ])('%s', async (_what, csv, ...rows) => {
    const folder = await folderOf({ 'c.yaml': USING, 'tables/channels.csv': csv })
    const loaded = await loadFrom(folder)
    expect([...(goodSettings(loaded).tables.get('channels') ?? [])]).toEqual(rows)
    expect(loaded.ok && loaded.warnings).toEqual([])
    expect(loaded.sources.map(({ path }) => path)).toContain(`${folder}/tables/channels.csv`)
  })

  it.each<[what: string, csv: string | Uint8Array, ...lines: string[]]>([
    ['nothing in it', '', `1:1 is empty: ${SHAPE}`],
    ['one column', '\nid\n77\n', `2:1 no second column: ${SHAPE}`],
    ['semicolons', 'id;channel\n77;C1\n', `1:1 no second column: ${SHAPE}`],
    [
      'several at once, and no word of what is in it',
      'id,channel\ncanary,C1\n78\n79,C1,canary\ncanary,C2\n,C3\n',
      '3:1 1 columns, the header line has 2; put a value with a comma in quotes',
      '4:1 3 columns, the header line has 2; put a value with a comma in quotes',
      '5:1 its key stands in line 2 already',
      '6:1 the first column, the key, is empty',
    ],
    ['a quote never closed', 'id,channel\n77,"canary\n', '2:1 a quote is opened and never closed'],
    [
      'a quote inside',
      'id,channel\n77,ca"nary\n',
      '2:1 a quote inside a value: put the whole value in quotes, and write the quote twice',
    ],
    [
      'text after a quote',
      'id,channel\n77,"ca"nary\n',
      '2:1 a quote inside a value: put the whole value in quotes, and write the quote twice',
    ],
  ])('%s', async (_what, csv, ...lines) => {
    const folder = await folderOf({ 'c.yaml': USING, 'tables/channels.csv': csv as string })
    const loaded = await loadFrom(folder)
    expect(loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))).toEqual(
      lines.map((line) => `tables/channels.csv:${line}`),
    )
  })

  it('a missing file, a text of another kind, a wrong name: all told at once, at their place', async () => {
    const folder = await folderOf({
      'c.yaml': `accounts: { team: { plugin: chat, options: { token: t, texts: { a: { answer: Size, table: sizs } } } } }
tables: { channels: none.csv, sizes: sizes.csv, odd: [], no: "", more: "\${MORE:-more.csv}" }
destinations:
  a: { account: team, options: { channel: { path: chapter.id, table: chanels } } }
  b: { account: team, options: { channel: { path: chapter.id, table: channels } } }
routes: [{ name: r, to: [a, b] }]
`,
      'sizes.csv': Buffer.from([0x69, 0x64, 0x2c, 0x78, 0x0a, 0xff, 0xfe]) as unknown as string,
    })
    const loaded = await loadFrom(folder)
    expect(loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))).toEqual([
      'c.yaml:1:91 accounts.team.options.texts.a.table: there is no table "sizs" (did you mean "sizes"?)',
      `c.yaml:2:21 tables.channels: ${folder}/none.csv: no such file`,
      `c.yaml:2:38 tables.sizes: ${folder}/sizes.csv: not UTF-8 text`,
      'c.yaml:2:54 tables.odd: expected text, got a list',
      'c.yaml:2:62 tables.no: must not be empty',
      `c.yaml:2:72 tables.more: ${folder}/more.csv: no such file`,
      'c.yaml:4:70 destinations.a.options.channel.table: there is no table "chanels" (did you mean "channels"?)',
    ])
    // Also a missing one: it may appear.
    expect(loaded.sources.map(({ path }) => path)).toContain(`${folder}/none.csv`)
  })

  it('one that no mapping uses is a warning', async () => {
    const folder = await folderOf({
      'c.yaml': USING.replace('}', ', more: more.csv }'),
      'tables/channels.csv': 'id,channel\n',
      'more.csv': 'id,x\n',
    })
    const loaded = await loadFrom(folder)
    expect(loaded.ok && loaded.warnings.map((warning) => formatProblem(warning, folder))).toEqual([
      'c.yaml:1:43 tables.more: no mapping uses this table',
    ])
  })

  it('what is in one counts into the fingerprints of the destinations that use it, and into no other', async () => {
    const yaml = USING.replace('routes', '  s: { plugin: stateful }\nroutes').replace('[a]', '[a, s]')
    const folder = await folderOf({ 'c.yaml': yaml, 'tables/.keep': '' })
    const load = async (rows: string) => {
      await writeFile(`${folder}/tables/channels.csv`, `id,channel\n${rows}`)
      return goodSettings(await loadFrom(folder))
    }
    const first = await load('77,C1\n78,C2\n')
    const reordered = await load('78,C2\n77,C1\n')
    const changed = await load('77,C1\n78,C3\n')
    const [prints, same, other] = [first, reordered, changed].map(({ destinations }) =>
      destinations.map(({ fingerprint }) => fingerprint),
    )
    expect(same).toEqual(prints)
    expect(reordered.hash).toBe(first.hash)
    expect(other?.[0]).not.toBe(prints?.[0])
    expect(other?.[1]).toBe(prints?.[1])
    expect(changed.hash).not.toBe(first.hash)
    const options = changed.destinations[0]?.options as z.output<typeof chat.options>
    expect(options.channel.evaluate(scopeOf('chapter', { id: 78 }, { tables: changed.tables }))).toBe('C3')
  })
})
