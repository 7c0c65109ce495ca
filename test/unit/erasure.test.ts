import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyEdits, parseTree, type Node } from '../../src/core/erasure/json-tree.ts'
import { createPerson, isDeletedAddress, isErased, isTheirs, learn, userIdOf } from '../../src/core/erasure/person.ts'
import { createSieve, ownRecords, redactBody, redactJson } from '../../src/core/erasure/redact.ts'
import { splitBody } from '../../src/core/records/bodies.ts'
import { decide } from '../../src/core/records/versions.ts'
import type { Json, JsonObject } from '../../src/core/types.ts'

const ada = { id: 4, first_name: 'Ada', last_name: 'Byron', email: 'Ada@Example.org' }
const person = () =>
  createPerson({ users: ['4'], emails: [] }, { users: [], emails: ['ada@example.org'], keys: [], names: ['ada byron'] })
const redact = (body: Json | string): string => {
  const who = person()
  return redactBody(typeof body === 'string' ? body : JSON.stringify(body), who, ownRecords(who)).text
}

describe('JSON text as a tree', () => {
  it('knows where every value stands, whatever the text', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\t'), (text, space) => {
        const spaced = JSON.stringify(JSON.parse(text), null, space)
        const look = (node: Node, value: Json): void => {
          expect(JSON.parse(spaced.slice(node.start, node.end))).toEqual(value)
          if (node.kind === 'array') node.items.forEach((item, at) => look(item, (value as Json[])[at] as Json))
          if (node.kind === 'object')
            for (const [key, inner] of node.entries) look(inner, (value as JsonObject)[key] as Json)
        }
        look(parseTree(spaced), JSON.parse(spaced) as Json)
      }),
    )
  })

  it('replaces parts and leaves the rest', () => {
    expect(
      applyEdits('0123456789', [
        { start: 7, end: 8, text: '' },
        { start: 2, end: 4, text: 'xx' },
      ]),
    ).toBe('01xx45689')
    expect(() => parseTree('{"a" 1}')).toThrow(SyntaxError)
  })
})

describe('what is a person’s', () => {
  it.each<[string, string, JsonObject, boolean]>([
    ['an account by its id', 'user', { id: 4 }, true],
    ['an id that only looks the same', 'attendee', { id: 4, user_id: 5 }, false],
    ['a registration of the account', 'attendee', { id: 1, user_id: '4' }, true],
    ['a membership with the account inside', 'chaptermember', { id: 1, user: { id: 4 } }, true],
    ['an address without an account, in any case', 'attendee', { id: 1, email: ' ADA@example.ORG' }, true],
    ['the address of another account', 'attendee', { id: 1, user_id: 5, email: 'ada@example.org' }, false],
    ['a record of a type nobody knows', 'survey', { id: 1, user_id: 4 }, true],
    ['an event they have published', 'event', { id: 4, email: 'ada@example.org', user_id: 4 }, false],
    ['somebody else', 'attendee', { id: 1, user_id: 5, email: 'eve@example.org' }, false],
  ])('%s', (_what, type, data, theirs) => {
    expect(isTheirs(person(), type, `${type}:${String(data['id'])}`, data)).toBe(theirs)
  })

  it('asked for by address, is all of each account that has it', () => {
    const who = createPerson({ users: [], emails: ['ADA@example.org'] })
    const found = { id: 1, user_id: 9, email: 'ada@example.org' }
    expect(isTheirs(who, 'attendee', 'attendee:1', found)).toBe(true)
    learn(who, 'attendee', 'attendee:1', found)
    expect(isTheirs(who, 'user', 'user:9', { id: 9, email: 'other@example.org' })).toBe(true)
  })

  it('stays theirs when the address was mended, and not when the registration was handed on', () => {
    const who = person()
    learn(who, 'attendee', 'attendee:1', { id: 1, email: 'ada@example.org', first_name: 'Ada', last_name: 'Byron' })
    const state = (more: JsonObject): JsonObject => ({ id: 1, ...more })
    expect(
      isTheirs(
        who,
        'attendee',
        'attendee:1',
        state({ email: 'a.b@example.org', first_name: 'ADA', last_name: 'Byron' }),
      ),
    ).toBe(true)
    expect(isTheirs(who, 'attendee', 'attendee:1', state({ email: 'eve@example.org', first_name: 'Eve' }))).toBe(false)
    expect(isTheirs(who, 'attendee', 'attendee:1', state({ status: 'deleted' }))).toBe(true)
  })

  it('is known by what Bevy leaves of a deleted one', () => {
    expect(isDeletedAddress(' Deleted+0a1b@bevylabs.com')).toBe(true)
    expect(isDeletedAddress('deleted@bevylabs.com')).toBe(false)
    expect([userIdOf('user', ada), userIdOf('attendee', { id: 4 }), userIdOf('event', ada)]).toEqual([
      '4',
      undefined,
      undefined,
    ])
  })
})

describe('redaction', () => {
  it('leaves running numbers, and all bytes of others', () => {
    const value = fc.oneof(
      fc.record({
        id: fc.integer(),
        user_id: fc.constantFrom(4, 5, null),
        email: fc.constantFrom('ada@example.org', 'eve@example.org'),
      }),
      fc.json({ maxDepth: 1 }).map((text) => JSON.parse(text) as Json),
    )
    const envelope = fc.oneof(
      fc.record({ type: fc.constantFrom<Json>('attendee', 'event', 7), data: fc.oneof(value, fc.array(value)) }),
      value,
    )
    fc.assert(
      fc.property(fc.oneof(fc.array(envelope), envelope), (body) => {
        const text = JSON.stringify(body, null, 1)
        const split = splitBody(JSON.parse(text) as Json)
        const seen: [number, Json][] = []
        const who = person()
        const isOwn = ownRecords(who)
        const redacted = redactBody(text, who, (n, type, data) => {
          seen.push([n, data])
          return isOwn(n, type, data)
        })
        const after = splitBody(JSON.parse(redacted.text) as Json)
        expect(after.state).toBe(split.state)
        if (split.state === 'unusable' || after.state === 'unusable') return
        expect(seen.map(([n]) => n)).toEqual(split.items.map(({ n }) => n))
        for (const [at, item] of split.items.entries()) {
          const now = after.items[at]
          const dataOf = (one: typeof item | undefined): Json | undefined =>
            one === undefined ? undefined : one.state === 'record' ? one.record.data : one.data
          if (redacted.erased.includes(item.n)) expect(isErased(dataOf(now))).toBe(true)
          else if (!redacted.mentions.includes(item.n)) expect(now).toEqual(item)
        }
      }),
    )
  })

  it('takes mentions out of events and chapters', () => {
    const body = [
      {
        type: 'event',
        data: {
          id: 4,
          title: 'Ada Byron',
          published_by: ada,
          published_by_full_name: 'Ada Byron',
          description: 'write to ADA@example.org',
          key_persons: [
            { id: 4, bio: 'hers', user: { id: 4 } },
            { id: 4, first_name: 'Eve' },
          ],
          chapter: { id: 4, chapter_team: [{ id: 1, title: 'Lead', user: ada }] },
        },
      },
    ]
    expect((JSON.parse(redact(body)) as typeof body)[0]?.data).toEqual({
      id: 4,
      title: 'Ada Byron',
      published_by: { id: 4, erased: true },
      published_by_full_name: '',
      description: 'write to erased',
      key_persons: [
        { id: 4, erased: true },
        { id: 4, first_name: 'Eve' },
      ],
      chapter: { id: 4, chapter_team: [{ id: 1, title: 'Lead', user: { id: 4, erased: true } }] },
    })
    expect(redactJson({ reason: 'no ada@example.org here' }, person())).toEqual({ reason: 'no erased here' })
    const kept = { user: { id: 5 } }
    expect(redactJson(kept, person())).toBe(kept)
  })

  it('sees through escapes, double keys and odd ids', () => {
    expect(redact('[{"type":"attendee","data":{"id":"7","email":"ada\\u0040example.org"}}]')).toBe(
      '[{"type":"attendee","data":{"id":"7","erased":true}}]',
    )
    expect(redact('[{"type":"event","data":{"by":"ada@example.org"},"data":{"id":1}}]')).toBe(
      '[{"type":"event","data":{"by":"erased"},"data":{"id":1}}]',
    )
    expect(redact('[{"type":"attendee","data":[{"id":12345678901234567890,"user_id":4}]}]')).toBe(
      '[{"type":"attendee","data":[{"id":12345678901234567890,"erased":true}]}]',
    )
  })

  it('looks only into texts that may speak of the person', () => {
    const sieve = createSieve(createPerson({ users: ['4'], emails: ['ada@example.org'], keys: ['attendee:26'] }))
    expect(['{"user_id" : 4}', '{"id":"4"}', 'ADA@EXAMPLE.ORG', '{"id":26,', 'x\\u0040y'].map(sieve)).toEqual(
      Array(5).fill(true),
    )
    expect(['{"user_id":44}', '{"count":4}', '{"id":260}', 'eve@example.org'].map(sieve)).toEqual(Array(4).fill(false))
  })

  it('leaves records that make no head and no job', () => {
    const incoming = {
      type: 'user',
      id: '4',
      key: 'user:4',
      data: { id: 4, erased: true },
      hash: 'x',
      version: null,
      position: { seq: 9, n: 1 },
    }
    expect(decide(incoming, undefined).verdict).toBe('stale')
    expect(decide(incoming, { ...incoming, hash: 'y', position: { seq: 1, n: 1 } }).verdict).toBe('stale')
    expect([isErased({ id: 4, erased: true, more: 1 }), isErased({ erased: false }), isErased(null)]).toEqual([
      false,
      false,
      false,
    ])
  })
})
