import type { Condition, Place } from './filter-conditions.ts'
import type { Decision, Standing } from './filter-match.ts'
import { below, decide } from './filter-match.ts'
import { show } from './filter-tests.ts'
import { formatPath } from './paths.ts'
import type { Json } from '../types.ts'

/**
 * Fields whose value may be shown, by name: states, kinds, ids and moments of events and registrations, never what a person
 * is called, writes or answers. All other fields, those Bevy adds for a customer included, are described without their value.
 */
const SHOWN = new Set(
  `id event_id chapter_id event_chapter_id user_id event_type_id event_type_title status type ticket_title
  ticket_audience_type_enum_value timezone country country_name currency active is_test is_hidden is_checked_in featured
  allows_cohosting created_ts updated_ts start_date end_date publish_date created_date checkin_date deleted_date
  departure_date seq receivedAt`.split(/\s+/),
)
const SHOWN_ROOTS: readonly unknown[] = ['type', 'changed']

/** Says which condition brought the decision, in plain words and without a person's data. */
export function because(condition: Condition, at: Standing, decision: Decision): string {
  switch (condition.kind) {
    case 'all':
    case 'any':
      return becauseOfOne(condition, at, decision)
    case 'element':
      return Array.isArray(at.value) ? becauseOfList(condition.place, decision) : because(condition.of, at, decision)
    case 'test':
      return becauseOfTest(condition, at, decision)
    case 'not':
      return because(condition.of, below(condition, at), typeof decision === 'boolean' ? !decision : decision)
    default:
      return because(condition.of, below(condition, at), decision)
  }
}

/** The first part that decided the same way; when every part had to, it says so. */
function becauseOfOne(condition: Condition & { kind: 'all' | 'any' }, at: Standing, decision: Decision): string {
  const { of, kind } = condition
  if (of.length === 0) return 'there are no conditions'
  const first = of.find((part) => same(decide(part, at), decision)) ?? (of[0] as Condition)
  const reason = because(first, at, decision)
  const whole = decision === (kind === 'all')
  if (!whole || of.length === 1) return reason
  return kind === 'all'
    ? `${reason}, and so on: all ${of.length} hold`
    : `${reason}, and none of the other ${of.length - 1} holds`
}

function becauseOfList(place: Place, decision: Decision): string {
  return `${formatPath(place.path)}: ${decision === true ? 'one element matches' : 'no element matches'}`
}

function becauseOfTest({ place, test }: Condition & { kind: 'test' }, at: Standing, decision: Decision): string {
  const path = formatPath(place.path)
  if (typeof decision !== 'boolean') return `${path}: ${decision.join(' or ')} has not arrived yet`
  if (at.absent && test.op !== 'none') return `${path}: the record has no ${String(place.path[0])}`
  const words = test.words[decision ? 0 : 1]
  if (test.op === 'none') return `${path}: ${words}`
  if (at.value === undefined || at.value === null) return `${path}: has no value, so it ${words}`
  const excluded = at.negated && decision ? ', which is excluded' : ''
  return `${path}: ${subject(place, at.value)}${words}${excluded}`
}

/** The value seen, where it may be shown. */
function subject({ path }: Place, value: Json): string {
  const name = path.at(-1)
  const open = SHOWN_ROOTS.includes(path[0]) || (path[0] !== 'answers' && typeof name === 'string' && SHOWN.has(name))
  return open && (typeof value !== 'object' || Array.isArray(value)) ? `${show(value)} ` : ''
}

function same(a: Decision, b: Decision): boolean {
  return typeof a === typeof b && (typeof a !== 'boolean' || a === b)
}
