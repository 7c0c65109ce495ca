import type { Condition } from './filter-conditions.ts'
import { parseFilter } from './filter-parse.ts'
import type { Issue } from '../issues.ts'
import { formatPath } from './paths.ts'
import { nearest } from '../suggest.ts'

/** Types Bevy is known to send. */
const TYPES = ['attendee', 'event', 'chapter', 'chaptermember', 'user']
/** States of an event: three in its webhooks, three more in its REST API. */
const EVENT_STATES = ['Draft', 'Published', 'Canceled', 'Pending', 'Live', 'Completed']
/** States of a registration. */
const ATTENDEE_STATES = ['registered', 'checked-in', 'deleted']

/** What people write for a state that is called something else altogether. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  canceled: 'deleted',
  cancelled: 'deleted',
  attended: 'checked-in',
}

/**
 * Warns of values outside a known set (`Cancelled` for `Canceled`, `checked_in` for `checked-in`), with the right one. Not
 * errors: Bevy may send what nobody has documented. Paths are inside the filter.
 */
export function unknownValues(source: unknown): Issue[] {
  const { condition } = parseFilter(source)
  const tests = leaves(condition)
  const types = new Set(tests.filter(({ place }) => place.path.join('.') === 'type').flatMap(({ test }) => test.wanted))
  return tests.flatMap(({ place, test }) => {
    const known = knownFor(place.path, types)
    if (known === undefined) return []
    return test.wanted
      .filter((value): value is string => typeof value === 'string' && !known.includes(value))
      .map((value) => ({ path: place.at, message: warning(formatPath(place.path), value, known) }))
  })
}

function knownFor(path: readonly (string | number)[], types: ReadonlySet<unknown>): readonly string[] | undefined {
  switch (path.join('.')) {
    case 'type':
      return TYPES
    case 'event.status':
      return EVENT_STATES
    case 'record.status':
    case 'before.status':
      if (types.size !== 1) return [...EVENT_STATES, ...ATTENDEE_STATES]
      return types.has('event') ? EVENT_STATES : types.has('attendee') ? ATTENDEE_STATES : undefined
    default:
      return undefined
  }
}

function warning(path: string, value: string, known: readonly string[]): string {
  const other = OTHER_WORDS[value.toLowerCase()]
  const meant = nearest(value, known) ?? (other !== undefined && known.includes(other) ? other : undefined)
  const hint = meant === undefined ? '' : ` (did you mean "${meant}"?)`
  return `${path}: "${value}" is not known to be sent${hint}; known are ${known.join(', ')}`
}

type Leaf = Condition & { kind: 'test' }

function leaves(condition: Condition): Leaf[] {
  if (condition.kind === 'test') return [condition]
  if (condition.kind === 'all' || condition.kind === 'any') return condition.of.flatMap(leaves)
  return leaves(condition.of)
}
