/**
 * What compiled expressions look like. Filters, templates and mappings all read one scope; none evaluates code.
 */

import type { Json, JsonObject } from '../types.ts'

/** The roots an expression may start with. */
export const SCOPE_ROOTS = [
  'type',
  'record',
  'before',
  'changed',
  'event',
  'chapter',
  'user',
  'answers',
  'delivery',
] as const

/** One of them. */
export type ScopeRoot = (typeof SCOPE_ROOTS)[number]

/** The roots that come from another record and may not have arrived. */
export type JoinedRoot = 'event' | 'chapter' | 'user'

/** Lookup tables: name → key → value. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, string>>

/** What filters, templates and mappings see of a record. */
export interface Scope {
  readonly type: string
  /** The record's data. */
  readonly record: JsonObject
  /** The whole state before; absent on first sight. */
  readonly before?: JsonObject
  /** Names of the top-level fields that differ from `before`, sorted; empty on first sight. */
  readonly changed: readonly string[]
  /** For an event record, itself. */
  readonly event?: JsonObject
  /** The newest of the chapter's head, `event.chapter`, and `{ id }`. */
  readonly chapter?: JsonObject
  readonly user?: JsonObject
  /** Survey answers by label; looked up trimmed, case ignored. */
  readonly answers: Readonly<Record<string, Json>>
  readonly delivery: { readonly seq: number; readonly receivedAt: string }
  /** IANA name of the config's time zone, for what is printed where the chapter's is not known; UTC when absent. */
  readonly timezone?: string
  /** The config's lookup tables; none when absent. */
  readonly tables?: Tables
  /**
   * Joined roots whose head has not arrived though the record refers to it: reading them is undecided. With the key of the
   * head it waits for. The root itself may hold a stub `{ id }`; what the stub has is decided.
   */
  readonly waiting: Readonly<Partial<Record<JoinedRoot, string>>>
}

/** A path that an expression reads, beginning with a root; as far as it is fixed. */
export type ReadPath = readonly (string | number)[]

/** Three-valued result of a filter: `undecided` names the keys of the heads it waits for. */
export type Match =
  | { readonly state: 'yes' | 'no' }
  | { readonly state: 'undecided'; readonly needs: readonly string[] }

/** A compiled filter. */
export interface Filter {
  match(scope: Scope, now: number): Match
  /** The first condition that decided, for `explain`: `event.status: "Draft" is not "Published"`. */
  explain(scope: Scope, now: number): { readonly match: Match; readonly because: string }
  /** False when no record of this type can match, whatever else it holds. */
  canMatch(type: string): boolean
  /** Joined roots and special roots it reads. */
  readonly reads: ReadonlySet<ScopeRoot>
  /** Paths it looks at. */
  readonly paths: readonly ReadPath[]
}

const COMPILED = Symbol.for('bevy-bridge.compiled')

/** A compiled Liquid template, made by the schema helper `template()`. */
export interface Template {
  readonly [COMPILED]: 'template'
  readonly source: string
  /** Always a string. Throws a BridgeError of kind `record` when rendering fails. */
  render(scope: Scope): string
  readonly reads: ReadonlySet<ScopeRoot>
  readonly paths: readonly ReadPath[]
}

/** A compiled mapping, made by the schema helper `mapping()`. */
export interface Mapping {
  readonly [COMPILED]: 'mapping'
  readonly source: unknown
  /** The value; undefined where there is none. Throws a BridgeError of kind `record` for `required` or a failed render. */
  evaluate(scope: Scope): Json | undefined
  /** Name of the lookup table it looks its value up in. */
  readonly table?: string
  readonly reads: ReadonlySet<ScopeRoot>
  readonly paths: readonly ReadPath[]
}

/** Marks an object as compiled, so that what a destination's options read can be found. */
export const COMPILED_BRAND: typeof COMPILED = COMPILED

/** Roots read by all templates and mappings anywhere in validated options. */
export function readsOf(options: unknown): Set<ScopeRoot> {
  const found = new Set<ScopeRoot>()
  visitCompiled(options, [], ({ reads }) => {
    for (const root of reads) found.add(root)
  })
  return found
}

/** Paths read by all templates and mappings anywhere in validated options. */
export function pathsOf(options: unknown): ReadPath[] {
  const found: ReadPath[] = []
  visitCompiled(options, [], ({ paths }) => found.push(...paths))
  return found
}

/** A lookup table used by a mapping in validated options. */
export interface TableUse {
  readonly table: string
  /** Where the mapping stands in the options. */
  readonly path: readonly (string | number)[]
}

/** Lookup tables used by all mappings anywhere in validated options. */
export function tablesOf(options: unknown): TableUse[] {
  const found: TableUse[] = []
  visitCompiled(options, [], (compiled, path) => {
    if (compiled[COMPILED] === 'mapping' && compiled.table !== undefined) found.push({ table: compiled.table, path })
  })
  return found
}

function visitCompiled(
  value: unknown,
  path: readonly (string | number)[],
  visit: (compiled: Template | Mapping, path: readonly (string | number)[]) => void,
): void {
  if (typeof value !== 'object' || value === null) return
  if (COMPILED in value) return visit(value as Template | Mapping, path)
  const inside = Array.isArray(value) ? value.entries() : Object.entries(value)
  for (const [step, inner] of inside) visitCompiled(inner, [...path, step], visit)
}
