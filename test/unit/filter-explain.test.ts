import { describe, expect, it } from 'vitest'
import { compileFilter, unknownValues } from '../../src/core/expressions/filters.ts'
import { scopeOf } from '../kit/scope.ts'

const PERSONAL = {
  first_name: 'Avery',
  last_name: 'Quill',
  email: 'avery.quill@example.com',
  phone: '+49 170 1234567',
  home_address: 'Elm Street 5',
  bio: 'likes tea',
  is_pregnant: true,
  national_id: 'X-123',
  birth_date: '1990-01-02',
}
const scope = scopeOf('attendee', {
  id: 5,
  event_id: 9,
  user_id: null,
  status: 'registered',
  checkin_date: null,
  tags: ['secret-tag'],
  chapter: { id: 77, country: 'US', title: 'Central' },
  surveys: { pre_order: { fields: [{ label: 'Diet', value: 'halal' }] } },
  ...PERSONAL,
})

function explain(source: unknown): string {
  const result = compileFilter(source)
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  const { match, because } = result.value.explain(scope, Date.UTC(2026, 2, 1))
  return `${match.state}: ${because}`
}

describe('explain', () => {
  it.each([
    [undefined, 'yes: there are no conditions'],
    [{ record: { status: 'registered' } }, 'yes: record.status: "registered" is "registered"'],
    [{ record: { status: 'deleted' } }, 'no: record.status: "registered" is not "deleted"'],
    [{ record: { status: ['deleted', 'x'] } }, 'no: record.status: "registered" is none of "deleted", "x"'],
    [
      { record: { status: { $neq: 'registered' } } },
      'no: record.status: "registered" is "registered", which is excluded',
    ],
    [{ record: { checkin_date: { $exist: true } } }, 'no: record.checkin_date: has no value'],
    [
      { record: { checkin_date: { $after: 'now' } } },
      'no: record.checkin_date: has no value, so it is not after "now"',
    ],
    [{ record: { id: { $gt: 6 } } }, 'no: record.id: 5 is not above 6'],
    [{ event: { status: 'Published' } }, 'undecided: event.status: event:9 has not arrived yet'],
    [{ user: { email: { $neq: 'x' } } }, 'no: user.email: the record has no user'],
    [{ user: null }, 'yes: user: has no value'],
    // The first that decides, not the first.
    [{ type: 'attendee', record: { status: 'deleted' } }, 'no: record.status: "registered" is not "deleted"'],
    [{ event: { status: 'x' }, type: 'user' }, 'no: type: "attendee" is not "user"'],
    [
      { $or: [{ type: 'user' }, { record: { status: 'registered' } }] },
      'yes: record.status: "registered" is "registered"',
    ],
    [
      { $or: [{ type: 'user' }, { record: { status: 'deleted' } }] },
      'no: type: "attendee" is not "user", and none of the other 1 holds',
    ],
    [{ type: 'attendee', chapter: { country: 'US' } }, 'yes: type: "attendee" is "attendee", and so on: all 2 hold'],
    // Without the value.
    [{ record: { email: { $endsWith: '@x.org' } } }, 'no: record.email: does not end with "@x.org"'],
    [{ record: { email: 'other@example.com' } }, 'no: record.email: is not "[email]"'],
    [{ answers: { Diet: 'vegan' } }, 'no: answers.Diet: is not "vegan"'],
    [{ record: { tags: 'vip' } }, 'no: record.tags: is not "vip"'],
    [
      { record: { surveys: { pre_order: { fields: { label: 'x' } } } } },
      'no: record.surveys.pre_order.fields: no element matches',
    ],
  ])('%j: %s', (source, expected) => expect(explain(source)).toBe(expected))

  it('never shows a value of a field that may tell of a person', () => {
    const text = Object.entries(PERSONAL)
      .flatMap(([name]) => [
        explain({ record: { [name]: 'no such' } }),
        explain({ record: { [name]: { $neq: null } } }),
        explain({ record: { [name]: { $not: { $gt: 'zzz' } } } }),
        explain({ [`record["${name}"]`]: { $within: '1d' } }),
      ])
      .join('\n')
    for (const value of Object.values(PERSONAL)) expect(text).not.toContain(String(value))
  })
})

describe('known values', () => {
  it.each<[unknown, [(string | number)[], string][]]>([
    [{ event: { status: 'Published' }, record: { status: ['registered', 'deleted'] } }, []],
    [{ event: { status: 'Cancelled' } }, [[['event', 'status'], 'did you mean "Canceled"?']]],
    [{ 'event.status': { $neq: 'draft' } }, [[['event.status', '$neq'], 'did you mean "Draft"?']]],
    [
      { event: { status: { $in: ['Draft', 'Publishd'] } } },
      [[['event', 'status', '$in'], 'did you mean "Published"?']],
    ],
    [{ record: { status: 'checked_in' } }, [[['record', 'status'], 'did you mean "checked-in"?']]],
    [{ type: 'attendee', record: { status: 'canceled' } }, [[['record', 'status'], 'did you mean "deleted"?']]],
    [{ type: 'event', record: { status: 'registered' } }, [[['record', 'status'], 'known are Draft, Published']]],
    [{ type: 'event', before: { status: 'Live' } }, []],
    [{ type: ['event', 'attendee'], record: { status: ['registered', 'Live'] } }, []],
    [{ type: 'survey', record: { status: 'anything' } }, [[['type'], '"survey" is not known']]],
    [{ type: ['attendee', 'events'] }, [[['type'], 'did you mean "event"?']]],
    [{ $not: { $or: [{ event: { status: 'Pubished' } }] } }, [[['$not', '$or', 0, 'event', 'status'], '"Published"']]],
    [{ record: { title: 'Cancelled' }, chapter: { status: 'odd' } }, []],
    ['not a filter', []],
  ])('%j', (source, expected) => {
    expect(unknownValues(source)).toEqual(
      expected.map(([path, message]) => ({ path, message: expect.stringContaining(message) })),
    )
  })
})
