import type { Scope } from './expressions.ts'
import type { Condition } from './filter-conditions.ts'
import { begin, decide } from './filter-match.ts'

/**
 * Whether a filter can match records of a type, whatever else they hold: everything but `type` is taken as unknown. For the
 * switches a route needs in Bevy.
 */
export function canMatchType(condition: Condition, type: string): boolean {
  return holds(condition, scopeOfType(type)) !== false
}

/** True or false when `type` alone decides, else undefined. */
function holds(condition: Condition, scope: Scope): boolean | undefined {
  switch (condition.kind) {
    case 'all': {
      const parts = condition.of.map((part) => holds(part, scope))
      if (parts.includes(false)) return false
      return parts.includes(undefined) ? undefined : true
    }
    case 'any': {
      const parts = condition.of.map((part) => holds(part, scope))
      if (parts.includes(true)) return true
      return parts.includes(undefined) ? undefined : false
    }
    case 'not': {
      const part = holds(condition.of, scope)
      return part === undefined ? undefined : !part
    }
    default: {
      if (condition.kind !== 'root' || condition.root !== 'type') return undefined
      return decide(condition, begin(scope, 0)) === true
    }
  }
}

function scopeOfType(type: string): Scope {
  return {
    type,
    record: {},
    changed: [],
    answers: {},
    delivery: { seq: 0, receivedAt: '1970-01-01T00:00:00.000Z' },
    waiting: {},
  }
}
