import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { builtinsByName } from '../../src/builtins.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { testPlugins } from '../kit/config.ts'

type Part = { readonly [key: string]: unknown }

const at = (part: unknown, ...path: (string | number)[]): Part =>
  path.reduce<Part>((inner, key) => inner[key] as Part, part as Part)

describe('the JSON Schema of the config', () => {
  it('config/schema.json is fresh (`vitest run test/unit/config-schema.test.ts -u` writes it anew)', async () => {
    const text = `${JSON.stringify(configJsonSchema(builtinsByName), null, 2)}\n`
    await expect(text).toMatchFileSnapshot('../../config/schema.json')
  })

  it('every field of the config is described', () => {
    const bare: string[] = []
    const look = (part: Part, path: string): void => {
      for (const [name, field] of Object.entries((part.properties ?? {}) as Record<string, Part>)) {
        if (field.description === undefined) bare.push(`${path}${name}`)
        look(field, `${path}${name}.`)
      }
      for (const key of ['items', 'additionalProperties'] as const) {
        if (typeof part[key] === 'object') look(part[key] as Part, `${path}*.`)
      }
    }
    look(configJsonSchema(new Map()), '')
    expect(bare).toEqual([])
  })

  it('a destination has the options of its plugin; required ones make options required', () => {
    const [echo, stateful] = at(
      configJsonSchema(testPlugins),
      'properties',
      'destinations',
      'additionalProperties',
      'allOf',
    ) as unknown as Part[]
    expect(at(echo, 'if', 'properties', 'plugin')).toEqual({ const: 'echo' })
    expect(at(echo, 'then').required).toEqual(['options'])
    expect(Object.keys(at(echo, 'then', 'properties', 'options', 'properties'))).toContain('url')
    expect(at(stateful, 'then').required).toBeUndefined()
  })

  it('an account has some of the options of its plugin; the destination may have the rest', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false })
    const isValid = ajv.compile(configJsonSchema(testPlugins))
    const url = 'https://x.test'
    const of = (account: object, destination: object) =>
      isValid({ accounts: { t: account }, destinations: { a: destination } })
    expect(of({ plugin: 'echo', options: { url } }, { account: 't' })).toBe(true)
    expect(of({ plugin: 'echo', options: { nested: {} } }, { account: 't', plugin: 'echo', options: { url } })).toBe(
      true,
    )
    expect(of({ plugin: 'echo', options: { kind: { of: 'x' } } }, { account: 't' })).toBe(true)
    expect(of({ plugin: 'echo', options: { ulr: url } }, { account: 't' })).toBe(false)
    expect(of({ options: {} }, { account: 't' })).toBe(false)
    expect(of({ plugin: 'echo' }, { options: { url } })).toBe(false)
    expect(of({ plugin: 'echo' }, { plugin: 'echo' })).toBe(false)
  })

  it('a reference may stand for a number, a choice and a formatted text; x-* may stand at the top', () => {
    const schema = configJsonSchema(new Map())
    const reference = { type: 'string', pattern: '\\$\\{[^}]+\\}' }
    for (const [section, name] of [
      ['receiver', 'port'],
      ['receiver', 'refuse'],
      ['receiver', 'path'],
      ['storage', 'unsafe'],
    ] as const) {
      expect(at(schema, 'properties', section, 'properties', name).anyOf).toContainEqual(reference)
    }
    expect(at(schema, 'patternProperties', '^x-')).toHaveProperty('description')
    expect(schema.additionalProperties).toBe(false)
  })
})
