import type { ScopeRoot } from './expressions.ts'
import type { FilterTest } from './filter-tests.ts'

/** A parsed filter: a tree of conditions on one value, beginning with the whole scope. */
export type Condition =
  /** All of them hold; none is everything. */
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  /** One of them holds. */
  | { readonly kind: 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /** A condition on one root of the scope. */
  | { readonly kind: 'root'; readonly root: ScopeRoot; readonly of: Condition }
  /** A condition on a survey answer. */
  | { readonly kind: 'answer'; readonly label: string; readonly of: Condition }
  /** A condition on the object, or in a list on one of its elements. */
  | { readonly kind: 'element'; readonly place: Place; readonly of: Condition }
  | { readonly kind: 'field'; readonly name: string | number; readonly of: Condition }
  | { readonly kind: 'test'; readonly place: Place; readonly test: FilterTest }

/** Where a condition stands. */
export interface Place {
  /** What it looks at, beginning with a root. */
  readonly path: readonly (string | number)[]
  /** Where it is written in the filter. */
  readonly at: readonly (string | number)[]
}

/** Holds for everything. */
export const EVERYTHING: Condition = { kind: 'all', of: [] }
