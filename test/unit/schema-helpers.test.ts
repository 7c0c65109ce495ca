import { describe, expect, it } from 'vitest'
import { readsOf, tablesOf } from '../../src/core/expressions/expressions.ts'
import { isSecretSchema, secretsIn } from '../../src/core/schema-helpers.ts'
import { duration, mapping, secret, size, template, z } from '../../src/plugin.ts'
import { scopeOf } from '../kit/scope.ts'

const shout = (text: string): string => text.toUpperCase()
const schema = z.strictObject({
  token: secret().describe('The token.'),
  old: z.array(secret()).default([]),
  text: template({ escape: shout }).describe('What is sent.').optional(),
  columns: z.record(z.string(), mapping()).optional(),
  value: mapping().optional(),
  wait: duration().default(5000).describe('How long.'),
  limit: size().optional(),
})

describe('schema helpers', () => {
  it('compile what they are given', () => {
    const options = schema.parse({
      token: 't',
      text: '{{ event.title }}',
      columns: { a: 'record.id', b: { value: 1 } },
      value: '{{ user.id }}',
      wait: '1h30m',
      limit: '64MB',
    })
    const scope = scopeOf('event', { id: 9, title: 'Meetup' })
    expect(options.text?.render(scope)).toBe('MEETUP')
    expect(options.columns?.a?.evaluate(scope)).toBe(9)
    expect(options.columns?.b?.evaluate(scope)).toBe(1)
    expect(options).toMatchObject({ wait: 5_400_000, limit: 64_000_000, old: [] })
    expect([...readsOf(options)].sort()).toEqual(['event', 'record', 'user'])
    expect(schema.parse({ token: 't', wait: 250 }).wait).toBe(250)
    expect(schema.parse({ token: 't' })).toEqual({ token: 't', old: [], wait: 5000 })
  })

  it('report what is wrong at its path', () => {
    const result = schema.safeParse({
      token: '',
      text: '{{ evnt }}',
      columns: { a: 'Bevy', b: { path: 'record.id', nope: 1 } },
      value: null,
      wait: 'soon',
      limit: true,
    })
    expect(result.error?.issues.map(({ path, message }) => [path, message])).toEqual([
      [['token'], expect.any(String)],
      [['text'], expect.stringContaining('did you mean "event"?')],
      [['columns', 'a'], expect.stringContaining('{ value: "Bevy" }')],
      [['columns', 'b', 'nope'], expect.stringContaining('unknown key "nope"')],
      [['value'], expect.stringContaining('{ value: null }')],
      [['wait'], expect.stringContaining('must be a duration')],
      [['limit'], expect.stringContaining('must be a size')],
    ])
  })

  it('describe themselves for editors', () => {
    const { properties, required } = z.toJSONSchema(schema, { io: 'input' })
    expect(required).toEqual(['token'])
    expect(properties).toMatchObject({
      token: { type: 'string', minLength: 1, writeOnly: true, description: 'The token.' },
      old: { type: 'array', items: { type: 'string', writeOnly: true } },
      text: { type: 'string', description: 'What is sent.' },
      columns: {
        additionalProperties: { anyOf: expect.arrayContaining([expect.objectContaining({ type: 'object' })]) },
      },
      wait: { type: ['string', 'number'], description: 'How long.' },
    })
  })
})

describe('tables used by options', () => {
  it('come with the place of their mapping', () => {
    const options = schema.parse({
      token: 't',
      text: '{{ event.title }}',
      columns: { a: { path: 'record.id', table: 'one' }, b: 'record.id' },
      value: { answer: 'Size', table: 'two' },
    })
    expect(tablesOf([options])).toEqual([
      { table: 'one', path: [0, 'columns', 'a'] },
      { table: 'two', path: [0, 'value'] },
    ])
    expect(tablesOf(undefined)).toEqual([])
  })
})

describe('secrets', () => {
  it.each([
    [secret(), true],
    [secret().optional(), true],
    [secret().min(20).describe('Long.'), true],
    [secret().default('x').describe('With default.'), true],
    [z.string(), false],
    [z.string().describe('Not one.').optional(), false],
    [template(), false],
  ])('are told apart %#', (field, expected) => expect(isSecretSchema(field)).toBe(expected))

  it('are found wherever they stand', () => {
    interface Tree {
      key: string
      more?: Tree[] | undefined
    }
    const tree: z.ZodType<Tree> = z.lazy(() => z.object({ key: secret(), more: z.array(tree).optional() }))
    const deep = z.object({
      plain: z.string(),
      optional: secret().optional(),
      list: z.array(secret()),
      named: z.record(z.string(), z.object({ password: secret() })),
      pair: z.tuple([z.string(), secret()]),
      either: z.union([
        z.object({ kind: z.literal('a'), open: z.string() }),
        z.object({ kind: z.literal('b'), hidden: secret() }),
      ]),
      both: z.intersection(z.object({ a: z.string() }), z.object({ b: secret() })),
      piped: secret().transform((text) => text.length),
      tree,
    })
    const input = {
      plain: 'no1',
      optional: 's1',
      list: ['s2', 's3', 's2', ''],
      named: { x: { password: 's4' }, constructor: { password: 's5' } },
      pair: ['no2', 's6'],
      either: { kind: 'b', hidden: 's7' },
      both: { a: 'no3', b: 's8' },
      piped: 's9',
      tree: { key: 's10', more: [{ key: 's11' }] },
      unknown: 'no4',
    }
    expect(secretsIn(deep, input).sort()).toEqual(Array.from({ length: 11 }, (_, at) => `s${at + 1}`).sort())
  })

  it.each([null, undefined, 'text', 5, [], { list: 'odd', named: null, tree: [[]] }])(
    'of the wrong shape %j are none',
    (input) => {
      expect(secretsIn(z.object({ list: z.array(secret()), named: z.record(z.string(), secret()) }), input)).toEqual([])
    },
  )
})
