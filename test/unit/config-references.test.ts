import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { toPlain } from '../../src/config/located.ts'
import type { Located, LocatedMap } from '../../src/config/located.ts'
import { readYaml } from '../../src/config/read-yaml.ts'
import { parseReferences, replaceReferences, toYamlType } from '../../src/config/references.ts'
import { folderOf, goodSettings, loadFrom, settingsOf } from '../kit/config.ts'

const env = (name: string): { from: 'env'; name: string } => ({ from: 'env', name })

describe('parseReferences', () => {
  it.each([
    ['plain', ['plain']],
    ['', ['']],
    ['${A}', [env('A')]],
    ['a ${B}-${C:-d e}', ['a ', env('B'), '-', { ...env('C'), fallback: 'd e' }]],
    ['${A:-}', [{ ...env('A'), fallback: '' }]],
    ['${file:/run/secrets/x}', [{ from: 'file', name: '/run/secrets/x' }]],
    ['${file:./x y:-none}', [{ from: 'file', name: './x y', fallback: 'none' }]],
    ['$${A} and $${', ['${A} and ${']],
    ['$A $ {A}', ['$A $ {A}']],
  ])('%j', (text, parts) => {
    expect(parseReferences(text)).toEqual({ parts })
  })

  it.each(['${', '${A', '${}', '${A B}', '${1A}', '${A-b}', '${file:}', '${A:-${B}}'])('%j is refused', (text) => {
    expect(parseReferences(text)).toHaveProperty('wrong')
  })
})

describe('toYamlType', () => {
  it.each([
    ['8080', 8080],
    ['-1.5', -1.5],
    ['true', true],
    ['False', false],
    ['0x10', 16],
    ['0.5', 0.5],
    ['007', '007'],
    ['+4930123', '+4930123'],
    ['', ''],
    ['null', 'null'],
    ['yes', 'yes'],
    ['a: b', 'a: b'],
    ['- a', '- a'],
    ['.inf', '.inf'],
    ['12345678901234567890', '12345678901234567890'],
    ['2026-03-01', '2026-03-01'],
    ['"8080"', '"8080"'],
  ])('%j', (text, value) => {
    expect(toYamlType(text)).toBe(value)
  })
})

describe('replacing references', () => {
  const shapeOf = (node: Located): unknown => {
    if (node.kind === 'scalar') return 'scalar'
    if (node.kind === 'list') return node.items.map(shapeOf)
    return Object.fromEntries([...node.entries].map(([key, entry]) => [key, shapeOf(entry.node)]))
  }

  it('never changes the structure, whatever the values are', () => {
    const values = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'a: b',
        '- x',
        '{ a: 1 }',
        '[1]',
        '"',
        "'",
        '\n- x',
        '&a',
        '*a',
        '#',
        '${A}',
        '{{ x }}',
        '__proto__',
      ),
    )
    const leaf = fc.constantFrom('${A}', 'x ${A} y', '${B:-z}', '$${A}', 'text', 7, true, null)
    const { tree: documents } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        leaf,
        fc.array(tie('tree')),
        fc.dictionary(fc.stringMatching(/^[a-z$]{1,4}$/), tie('tree')),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-w]{1,4}$/), documents), values, (document, value) => {
        const { tree } = readYaml(stringify(document), 'c.yaml')
        const { tree: replaced, problems } = replaceReferences(tree as LocatedMap, () => ({ value }))
        expect(problems).toEqual([])
        expect(shapeOf(replaced)).toEqual(shapeOf(tree as LocatedMap))
      }),
      { numRuns: 200 },
    )
  })

  it('leaves keys and everything that is no reference as they are', () => {
    const { tree } = readYaml('filters:\n  ${A}: "${A}$${A}"\n  n: 1\n', 'c.yaml')
    const { tree: replaced } = replaceReferences(tree as LocatedMap, () => ({ value: 'v' }))
    expect(toPlain(replaced)).toEqual({ filters: { '${A}': 'v${A}', n: 1 } })
  })
})

describe('references in a config', () => {
  it('a whole reference is a number where a number is wanted, and text where text is', async () => {
    const yaml =
      'receiver: { port: "${PORT:-8080}", secrets: ["${SECRET}", "${OLD:-}"] }\n' +
      'destinations:\n  a: { plugin: echo, options: { url: "https://x.test", token: "${SECRET}", size: "${SIZE}" } }\n' +
      'routes: [{ name: "${SECRET}", to: [a] }]\n'
    const settings = await settingsOf(yaml, { SECRET: '00123456', SIZE: '12', PORT: '' })
    expect(settings.receiver.port).toBe(8080)
    expect(settings.receiver.secrets).toEqual(['00123456'])
    expect(settings.destinations[0]?.options).toMatchObject({ token: '00123456', size: 12 })
    expect(settings.routes[0]?.name).toBe('00123456')
    expect(settings.secretValues).toEqual(['00123456'])
  })

  it('an empty secret is dropped: it would match a request without one', async () => {
    const { receiver } = await settingsOf('receiver: { secrets: ["${A:-}", "${B}", ""] }', { B: 'x' })
    expect(receiver.secrets).toEqual(['x'])
  })

  it('.env lies beside the config; the environment of the process goes before it', async () => {
    const folder = await folderOf({
      'c.yaml': 'receiver: { path: "${P}", secretHeader: "${H}", secrets: ["${S}", "${Q}"] }',
      '.env': "# comment\nexport P=/from-file\nH='X-A' # why\nS=\"with # and '\"\nQ=plain\n",
    })
    const { receiver } = goodSettings(await loadFrom(folder, { env: { P: '/from-process', H: undefined } }))
    expect(receiver).toMatchObject({ path: '/from-process', secretHeader: 'X-A', secrets: ["with # and '", 'plain'] })
  })

  it('a file gives its text without the line break at its end, relative to the folder of the config', async () => {
    const folder = await folderOf({
      'c.yaml': 'receiver: { secrets: ["${file:run/secret}", "${file:run/none:-fallback}"] }',
      'run/secret': ' 0123 \r\n',
    })
    const loaded = await loadFrom(folder)
    expect(goodSettings(loaded).receiver.secrets).toEqual([' 0123 ', 'fallback'])
    expect(loaded.sources.map(({ path }) => path.slice(folder.length + 1))).toEqual([
      'c.yaml',
      '.env',
      'run/secret',
      'run/none',
    ])
  })
})
