import { describe, expect, it } from 'vitest'
import { formatProblem } from '../../src/config/problem.ts'
import { toPlain } from '../../src/config/located.ts'
import { readYaml } from '../../src/config/read-yaml.ts'
import { folderOf, goodSettings, loadFrom } from '../kit/config.ts'

const plain = (yaml: string): unknown => {
  const { tree, problems } = readYaml(yaml, 'c.yaml')
  expect(problems).toEqual([])
  return tree && toPlain(tree)
}

describe('one YAML file', () => {
  it('follows anchors and merge keys: what is written wins, then the first map', () => {
    const yaml =
      'x-base: &b { a: 1, b: 1 }\nx-more: &m { b: 2, c: 2 }\nfilters:\n  f: { <<: [*b, *m], a: 0 }\n  g: *m\n  h: { <<: *b }\n'
    expect(plain(yaml)).toEqual({ filters: { f: { a: 0, b: 1, c: 2 }, g: { b: 2, c: 2 }, h: { a: 1, b: 1 } } })
  })

  it('leaves out x-* at the top only, and sections with nothing in them', () => {
    expect(plain('x-note: ${NOT_SET}\nfilters: { x-y: 1 }\nplugins:\nroutes: []\n')).toEqual({
      filters: { 'x-y': 1 },
      routes: [],
    })
    expect(plain('# nothing\n')).toEqual({})
  })

  it('keeps the digits of large ids, and keys as written', () => {
    expect(plain('filters: { f: 12345678901234567890, 1.0: a, null: b, on: c }')).toEqual({
      filters: { f: '12345678901234567890', '1.0': 'a', null: 'b', on: 'c' },
    })
  })
})

describe('several files', () => {
  const base = `receiver: { port: 1, secrets: [old-secret] }
destinations:
  a: { plugin: echo, timeout: 5s, options: { url: "https://x.test", label: base } }
routes: [{ name: one, to: [a] }]
`

  it('merge: maps merge, lists and scalars replace, an empty section says nothing', async () => {
    const folder = await folderOf({
      'base.yaml': base,
      'over/c.yaml':
        'receiver: { port: 2, secrets: [new-secret] }\ndestinations:\n  a: { options: { label: over } }\nroutes:\n',
    })
    const settings = goodSettings(await loadFrom(folder, { files: ['base.yaml', 'over/c.yaml'] }))
    expect(settings.receiver).toMatchObject({ port: 2, secrets: ['new-secret'] })
    expect(settings.destinations[0]).toMatchObject({ timeout: 5000, options: { url: 'https://x.test', label: 'over' } })
    expect(settings.routes.map(({ name }) => name)).toEqual(['one'])
    expect(settings.baseDir).toBe(folder)
    expect(settings.storage.path).toBe(`${folder}/data`)
    expect(settings.files).toEqual([`${folder}/base.yaml`, `${folder}/over/c.yaml`])
  })

  it('a problem names the file its value came from, and what was replaced is not looked at', async () => {
    const folder = await folderOf({
      'base.yaml': `timezone: \${NOT_SET}\n${base}`,
      'c.yaml': 'timezone: UTC\n\ndestinations:\n  a:\n    options: { lable: x, label: 5 }\n  b: { plugin: echo }\n',
    })
    const loaded = await loadFrom(folder, { files: ['base.yaml', 'c.yaml'] })
    expect(loaded.ok ? [] : loaded.problems.map((problem) => formatProblem(problem, folder))).toEqual([
      'c.yaml:5:16 destinations.a.options.lable: unknown key',
      'c.yaml:5:33 destinations.a.options.label: expected text, got a number',
      'c.yaml:6:3 destinations.b.options.url: is required: text',
    ])
  })
})
