import fc from 'fast-check'
import { isAbsolute, relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { makeJob } from '../../src/testing.ts'
import { toOptions } from './export-kit.fake.ts'
import { isPublicPath, pathOf, rootOf, toNamePart } from './paths.ts'

const templateOf = (path: string) => toOptions({ path }).path
const render = (path: string, data: Record<string, string> = {}) =>
  pathOf(templateOf(path), '/srv/bridge', makeJob({ data: { id: 1, ...data } }))

describe('values in a path', () => {
  it.each([
    ['Berlin', 'Berlin'],
    ['São Paulo', 'São Paulo'],
    ['Sa\u0303o', 'São'],
    ['a/b\\c', 'a-b-c'],
    ['../../etc/passwd', '-..-etc-passwd'],
    ['..', 'none'],
    ['', 'none'],
    ['  .  ', 'none'],
    ['.hidden', 'hidden'],
    ['C:\\x', 'C-x'],
    ['a\u0000b\nc', 'abc'],
    ['rtl\u202Egpj', 'rtlgpj'],
    ['tab\tand  space', 'taband space'],
    ['x'.repeat(300), 'x'.repeat(90)],
    ['é'.repeat(300), 'é'.repeat(45)],
    ['2026-03', '2026-03'],
  ])('%j becomes %j', (text, part) => {
    expect(toNamePart(text)).toBe(part)
  })

  it('split by type, month and values', () => {
    expect(render("exports/{{ type }}/{{ delivery.receivedAt | local: '%Y-%m' }}.csv")).toBe(
      'exports/attendee/2026-03.csv',
    )
    expect(render('exports/{{ record.title }}.csv', { title: '../../../x' })).toBe('exports/-..-..-x.csv')
    expect(render('exports/{{ record.title }}/{{ record.nothing }}.csv', { title: '..' })).toBe('exports/none/none.csv')
    expect(render('../out/{{ type }}.csv')).toBe('../out/attendee.csv')
    expect(render('/data/{{ type }}.csv')).toBe('/data/attendee.csv')
    expect(render('exports//x/./{{ type }}.csv')).toBe('exports/x/attendee.csv')
  })

  it('keep names short enough for any file system, with the extension whole', () => {
    const long = 'é'.repeat(400)
    const path = render(
      'exports/{{ record.a }}{{ record.a }}{{ record.a }}/{{ record.a }}-{{ record.a }}{{ record.a }}.csv',
      {
        a: long,
      },
    )
    expect(path.endsWith('.csv')).toBe(true)
    for (const name of path.split('/')) expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200)
  })

  it.each([
    ['exports/{{ record.a | raw }}.csv', '../../x'],
    ['exports/{{ record.a | raw }}', '..'],
    ['exports/{{ record.a | raw }}', 'folder/'],
    ['exports/{{ record.a | raw }}', 'nul\u0000'],
    ['{{ record.a | raw }}.csv', '/etc/x'],
  ])('cannot leave the folder by %s', (path, a) => {
    expect(() => render(path, { a })).toThrow(expect.objectContaining({ kind: 'record', code: 'ERR_CSV_PATH' }))
  })

  it('never leave the folder, whatever they are', () => {
    const unit = fc.constantFrom('.', '/', '\\', '\u0000', 'a', ' ', '\u2215', '\uFF0F', ':', '\n', '%2e', '😀')
    fc.assert(
      fc.property(fc.string({ unit }), fc.string({ unit }), (a, b) => {
        const path = render('exports/{{ record.a }}/{{ record.b }}.csv', { a, b })
        const inside = relative('/srv/bridge/exports', resolve('/srv/bridge', path))
        expect(inside.startsWith('..') || isAbsolute(inside)).toBe(false)
        expect(inside.split('/')).toHaveLength(2)
      }),
    )
  })
})

describe('the folder of a pattern', () => {
  it.each([
    ['exports/{{ type }}.csv', '/srv/exports'],
    ['exports/a-{{ type }}/x.csv', '/srv/exports'],
    ['{{ type }}/x.csv', '/srv'],
    ['all.csv', '/srv'],
    ['a/{b}/{% if type %}x{% endif %}.csv', '/srv/a/{b}'],
    ['/data/x/all.csv', '/data/x'],
    ['../x/{{ type }}.csv', '/x'],
  ])('of %s is %s', (pattern, folder) => {
    expect(rootOf(pattern, '/srv')).toBe(folder)
  })

  it('is shown instead of a path that could name a person', () => {
    expect(isPublicPath(templateOf("{{ type }}/{{ delivery.receivedAt | local: '%Y' }}.csv"))).toBe(true)
    expect(isPublicPath(templateOf('{{ record.email }}.csv'))).toBe(false)
    expect(isPublicPath(templateOf('{{ user.email }}.csv'))).toBe(false)
  })
})
