import { findAnswer } from './answers.ts'
import type { Scope, ScopeRoot } from './expressions.ts'
import type { Condition } from './filter-conditions.ts'
import { keysAwaited } from '../records/joins.ts'
import { readOwn } from './paths.ts'
import type { Json } from '../types.ts'

/** Yes, no, or the keys of the heads that have to arrive first. */
export type Decision = boolean | readonly string[]

/** Where the evaluation stands. */
export interface Standing {
  readonly scope: Scope
  readonly now: number
  /** What is looked at; undefined where there is nothing. */
  readonly value: Json | undefined
  /** Keys of the heads that would tell more of the root it belongs to; empty when nothing is waited for. */
  readonly needs: readonly string[]
  /** The record has no such event, chapter or user at all. */
  readonly absent: boolean
  /** Stands under an odd number of `$not`. */
  readonly negated: boolean
}

const NOTHING: readonly string[] = []
const JOINED: readonly ScopeRoot[] = ['event', 'chapter', 'user']

/** Where the evaluation of a whole filter begins. */
export function begin(scope: Scope, now: number): Standing {
  return { scope, now, value: undefined, needs: NOTHING, absent: false, negated: false }
}

/**
 * Decides a condition. Reading what is not there of a root that has not arrived is undecided: one `no` decides `all`, one
 * `yes` decides `any`, and `not` turns round what is decided.
 */
export function decide(condition: Condition, at: Standing): Decision {
  switch (condition.kind) {
    case 'all':
      return together(condition.of, at, false)
    case 'any':
      return together(condition.of, at, true)
    case 'not':
      return flip(decide(condition.of, below(condition, at)))
    case 'element':
      return Array.isArray(at.value) ? someElement(condition.of, at, at.value) : decide(condition.of, at)
    case 'test':
      return test(condition, at)
    default:
      return decide(condition.of, below(condition, at))
  }
}

/** Where a condition with one part inside takes the evaluation. */
export function below(
  condition: Exclude<Condition, { kind: 'all' | 'any' | 'element' | 'test' }>,
  at: Standing,
): Standing {
  switch (condition.kind) {
    case 'not':
      return { ...at, negated: !at.negated }
    case 'root':
      return enter(condition.root, at)
    case 'answer':
      return { ...at, value: findAnswer(at.scope.answers, condition.label) }
    case 'field':
      return { ...at, value: readOwn(at.value, condition.name) }
  }
}

function enter(root: ScopeRoot, at: Standing): Standing {
  const value = at.scope[root] as Json | undefined
  const needs = keysAwaited(at.scope, root)
  return { ...at, value, needs, absent: JOINED.includes(root) && needs.length === 0 && (value ?? null) === null }
}

function together(conditions: readonly Condition[], at: Standing, decider: boolean): Decision {
  let needs: readonly string[] | undefined
  for (const condition of conditions) {
    const decision = decide(condition, at)
    if (decision === decider) return decider
    if (typeof decision !== 'boolean') needs = needs === undefined ? decision : [...new Set([...needs, ...decision])]
  }
  return needs ?? !decider
}

function someElement(condition: Condition, at: Standing, elements: readonly Json[]): Decision {
  // The list is there, so nothing in it is absent or still to come.
  return elements.some((value) => decide(condition, { ...at, value, needs: NOTHING, absent: false }) === true)
}

function test({ test: { op, holds } }: Condition & { kind: 'test' }, at: Standing): Decision {
  if (at.value === undefined && at.needs.length > 0) return at.needs
  // Whether there is no user can be told; what the user is not like cannot. So it is `no`, however often it is negated.
  if (at.absent && op !== 'none') return at.negated
  return holds(at.value, at.now)
}

function flip(decision: Decision): Decision {
  return typeof decision === 'boolean' ? !decision : decision
}
