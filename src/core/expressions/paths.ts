import { findAnswer } from './answers.ts'
import type { Scope, ScopeRoot } from './expressions.ts'
import { SCOPE_ROOTS } from './expressions.ts'
import type { Result } from '../issues.ts'
import { failed } from '../issues.ts'
import { nearest } from '../suggest.ts'
import type { Json } from '../types.ts'

/** A dotted path into the scope: `record.first_name`, `answers["T-shirt size"]`, `record.items[0].x`. */
export interface Path {
  readonly text: string
  readonly root: ScopeRoot
  /** What comes after the root: names, and indexes written in brackets. */
  readonly rest: readonly (string | number)[]
}

const NAME = /[^.[\]\s"'{}|]+/y
const BRACKET = /\[\s*(?:(\d{1,9})|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*\]/y

/** Reads a path; the issue names the nearest root, and what to write when a fixed text was meant. */
export function parsePath(text: string): Result<Path> {
  const segments = split(text.trim())
  if (segments === undefined) {
    return failed(
      `${JSON.stringify(text)} is not a path such as record.first_name; for a fixed text write ${fixed(text)}`,
    )
  }
  const [root, ...rest] = segments
  if (isRoot(root)) return { ok: true, value: { text: formatPath([root, ...rest]), root, rest } }
  return failed(
    `${JSON.stringify(text)} ${noRoot(String(root), rest.length > 0)}; for a fixed text write ${fixed(text)}`,
  )
}

/** Why a name is not where an expression can start, with the nearest root. */
export function noRoot(name: string, dotted: boolean): string {
  const near = nearest(name, SCOPE_ROOTS)
  const hint = near === undefined ? (dotted ? '' : ` (did you mean "record.${name}"?)`) : ` (did you mean "${near}"?)`
  return `does not start with one of ${SCOPE_ROOTS.join(', ')}${hint}`
}

/** True for a name an expression can start with. */
export function isRoot(name: unknown): name is ScopeRoot {
  return (SCOPE_ROOTS as readonly unknown[]).includes(name)
}

/** The value a path leads to; undefined where there is none. Own properties only. */
export function readPath(scope: Scope, path: Path): Json | undefined {
  let value = scope[path.root] as Json | undefined
  for (const [index, segment] of path.rest.entries()) {
    value =
      index === 0 && path.root === 'answers' ? findAnswer(scope.answers, String(segment)) : readOwn(value, segment)
  }
  return value
}

/** An own field of an object or an element of an array; undefined for anything else, inherited names included. */
export function readOwn(value: Json | undefined, segment: string | number): Json | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) {
    const index = typeof segment === 'number' || /^(?:0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : -1
    return (value as readonly Json[])[index]
  }
  return Object.hasOwn(value, segment) ? (value as { readonly [key: string]: Json })[segment] : undefined
}

/** The path as one writes it; names that are no plain words stand in brackets. */
export function formatPath(segments: readonly (string | number)[]): string {
  return segments
    .map((segment, index) => {
      if (typeof segment === 'number') return `[${segment}]`
      if (!/^[\w$-]+$/.test(segment)) return `[${JSON.stringify(segment)}]`
      return index === 0 ? segment : `.${segment}`
    })
    .join('')
}

/** The segments of a dotted path; undefined when it is none. */
function split(text: string): (string | number)[] | undefined {
  const segments: (string | number)[] = []
  let at = 0
  while (at < text.length) {
    const bracket = take(BRACKET, text, at)
    if (bracket !== undefined && at > 0) {
      segments.push(bracket[1] === undefined ? unescape(bracket[2] ?? bracket[3] ?? '') : Number(bracket[1]))
      at += bracket[0].length
      continue
    }
    const start = at === 0 ? at : text[at] === '.' ? at + 1 : undefined
    const name = start === undefined ? undefined : take(NAME, text, start)
    if (start === undefined || name === undefined) return undefined
    segments.push(name[0])
    at = start + name[0].length
  }
  return segments.length === 0 ? undefined : segments
}

function take(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

function unescape(text: string): string {
  return text.replace(/\\(.)/gs, '$1')
}

function fixed(text: string): string {
  return `{ value: ${JSON.stringify(text)} }`
}
