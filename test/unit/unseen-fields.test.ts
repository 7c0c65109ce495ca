import { describe, expect, it } from 'vitest'
import { describeUnseen, unseenFields } from '../../src/core/expressions/unseen.ts'
import { learnFields, toSeenFields, type SeenFields } from '../../src/core/records/fields.ts'
import type { JsonObject } from '../../src/core/types.ts'
import { settingsOf } from '../kit/config.ts'

const EVENT = {
  id: 1,
  status: 'Draft',
  title: 'T',
  chapter: { id: 3, title: 'C' },
  picture: {},
  tickets: [{ price: 3 }],
}
const ATTENDEE = {
  id: 2,
  event_id: 1,
  checkin_date: null,
  surveys: { pre_order: { fields: [{ label: 'T-shirt size', value: 'M' }] } },
}

function seen(records: Readonly<Record<string, readonly JsonObject[]>>): Map<string, SeenFields> {
  const types = new Map<string, SeenFields>()
  for (const [type, some] of Object.entries(records)) learnFields(types, type, some)
  return types
}

const times = <T>(count: number, one: T): T[] => Array.from({ length: count }, () => one)
const usual = () => seen({ event: times(30, EVENT), attendee: times(25, ATTENDEE) })

async function warnings(when: string, text: string, fields: ReadonlyMap<string, SeenFields>): Promise<string[]> {
  const settings = await settingsOf(
    `destinations: { a: { plugin: echo, options: { url: "https://a.example.org", text: ${JSON.stringify(text)} } } }
routes: [{ name: r, to: [a], when: ${when} }]
receiver: { secrets: [x] }`,
  )
  return unseenFields(settings, fields).map(describeUnseen)
}

const EVENTS = '{ type: event }'

describe('fields that are read and were never seen', () => {
  it('are told with who reads them, and what may help', async () => {
    expect(
      await warnings('{ type: event, event: { is_test: { $neq: true } } }', '{{ event.is_test }}', usual()),
    ).toEqual([
      'event.is_test: in none of 30 event records; Bevy support can switch it on (read by route r, destination a)',
    ])
    expect(await warnings(EVENTS, '{{ event.titel }}', usual())).toEqual([
      'event.titel: in none of 30 event records; did you mean event.title? (read by destination a)',
    ])
    expect(await warnings('{ type: attendee }', '{{ answers["Diet"] }}', usual())).toEqual([
      'answers["Diet"]: in none of 25 attendee records; compare the label with the question in Bevy (read by destination a)',
    ])
  })

  it.each([
    ['there', EVENTS, '{{ record.status }} {{ event.title }} {{ event.chapter.title }} {{ chapter.title }}'],
    ['null', '{ type: attendee }', '{{ record.checkin_date }}'],
    ['in a list', EVENTS, '{{ event.tickets[0].price }} {% for one in event.tickets %}{{ one.size }}{% endfor %}'],
    ['inside something that was always empty', EVENTS, '{{ event.picture.url }}'],
    ['an answer, in another case', '{ type: attendee }', '{{ answers["t-shirt SIZE"] }}'],
    ['no field of a record', EVENTS, '{{ type }} {{ delivery.seq }} {{ event.title.size }}'],
    ['of a head that has it', '{ type: attendee }', '{{ event.title }}'],
    ['perhaps of a type that has not come yet', '{ type: [event, chaptermember] }', '{{ record.departure_date }}'],
    ['of a type that does not come', '{ type: user }', '{{ record.company }}'],
  ])('nothing is told of one that is %s', async (_name, when, text) => {
    expect(await warnings(when, text, usual())).toEqual([])
  })

  it('are told of only after enough records, and no longer once they came', async () => {
    const few = seen({ event: times(19, EVENT) })
    expect(await warnings(EVENTS, '{{ event.is_test }}', few)).toEqual([])
    learnFields(few, 'event', [EVENT])
    expect(await warnings(EVENTS, '{{ event.is_test }}', few)).toHaveLength(1)
    learnFields(few, 'event', [{ ...EVENT, is_test: null }])
    expect(await warnings(EVENTS, '{{ event.is_test }}', few)).toEqual([])
  })
})

describe('what is kept of fields', () => {
  it('is names, no values, no keys that may be data', () => {
    const types = seen({ user: [{ id: 1, email: 'canary@example.com', 'canary@example.com': 1, more: { a: 1 } }] })
    const json = JSON.stringify([...types].map(([type, { paths, labels }]) => [type, [...paths], [...labels]]))
    expect(json).toBe('[["user",["id","email","more","more.a"],[]]]')
  })

  it('is bounded, and what is beyond counts as seen', async () => {
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`f${at}`, at]))
    const types = seen({ event: times(30, many) })
    expect(types.get('event')?.paths.size).toBeLessThanOrEqual(500)
    expect(await warnings(EVENTS, '{{ event.is_test }}', types)).toEqual([])
  })

  it('is the same after a journey as JSON', () => {
    const types = usual()
    const list = [...types].map(([type, one]) => ({ type, ...one, paths: [...one.paths], labels: [...one.labels] }))
    expect(toSeenFields(JSON.parse(JSON.stringify(list)))).toEqual(types)
  })
})
