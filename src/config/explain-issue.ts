import type { z } from 'zod'
import { didYouMean } from '../core/suggest.ts'
import { childOf, isBroken, keyPlaceAt, nodeAt, placeAt } from './located.ts'
import type { Located } from './located.ts'
import { problemAt } from './problem.ts'
import type { Path, Problem } from './problem.ts'
import { keysAt } from './schema-walk.ts'

type ZodIssue = z.core.$ZodIssue

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'a map',
  record: 'a map',
  map: 'a map',
  array: 'a list',
  tuple: 'a list',
  null: 'nothing',
}

/** A part of a config and the schema it was checked with. */
export interface Subject {
  readonly schema: z.core.$ZodType
  readonly root: Located
  /** From `root` to what the schema is of. */
  readonly path: Path
  /** Where a value at a path from `root` was written, if `root` was put together from several places. */
  readonly origin?: ((path: Path) => Path) | undefined
}

/** Says what zod found in the words of someone who writes YAML, at the line it is about. */
export function explainIssue(issue: ZodIssue, subject: Subject): Problem[] {
  const { schema, root, origin = (path) => path } = subject
  const inside = issue.path.map((step) => (typeof step === 'number' ? step : String(step)))
  const full = [...subject.path, ...inside]
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, inside)
    return issue.keys.map((key) => {
      const path = [...full, key]
      const written = origin(path)
      const message = `unknown key${didYouMean(key, unused(known, root, written.slice(0, -1)))}`
      return problemAt(keyPlaceAt(root, path), written, message)
    })
  }
  if (isBroken(root, full)) return []
  if (issue.code === 'invalid_union') return explainUnion(issue, subject, full)
  if (issue.code === 'invalid_key') {
    const message = issue.issues.map((inner) => sentence(inner.message)).join('; ')
    return [problemAt(keyPlaceAt(root, full), origin(full), message)]
  }
  return [problemAt(placeAt(root, full), origin(full), messageOf(issue, nodeAt(root, full)))]
}

/** Keys that stand there already were not meant. */
function unused(known: readonly string[], root: Located, path: Path): string[] {
  const parent = nodeAt(root, path)
  return known.filter((key) => childOf(parent, key) === undefined)
}

function messageOf(issue: ZodIssue, node: Located | undefined): string {
  if (issue.code === 'invalid_type') {
    const expected = KINDS[issue.expected] ?? issue.expected
    return node === undefined ? `is required: ${expected}` : `expected ${expected}, got ${kindOf(node)}`
  }
  if (issue.code === 'invalid_value') return oneOf(issue.values.map(String), node)
  if (issue.code === 'too_small' && issue.origin === 'string' && issue.minimum === 1) return 'must not be empty'
  return sentence(issue.message)
}

function oneOf(values: readonly string[], node: Located | undefined): string {
  const word = node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : ''
  if (node === undefined) return `is required: one of ${values.join(', ')}`
  return `expected ${values.length === 1 ? '' : 'one of '}${values.join(', ')}${didYouMean(word, values)}`
}

/** zod's sentences without their start: `Invalid input: expected …`. */
function sentence(message: string): string {
  const short = message.replace(/^(?:Invalid input|Invalid string|Too small|Too big|Invalid option): /, '')
  return short.replace(/^Invalid URL$/, 'expected a URL such as https://example.org/path')
}

function kindOf(node: Located): string {
  if (node.kind === 'map') return 'a map'
  if (node.kind === 'list') return 'a list'
  if (node.value === null) return 'nothing'
  return typeof node.value === 'string' ? 'text' : typeof node.value === 'number' ? 'a number' : 'true or false'
}

/**
 * The form that was meant is the one whose kind fits: its own issues say most. Where none fits, all kinds are named.
 */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion, subject: Subject, full: Path): Problem[] {
  const { root, origin = (path) => path } = subject
  const { options } = issue as { readonly options?: readonly string[] }
  if (issue.errors.length === 0 && options !== undefined) {
    // No form has such a `kind`.
    const message = oneOf(options, nodeAt(root, full))
    return [problemAt(placeAt(root, full), origin(full), message)]
  }
  const isWrongKind = (inner: ZodIssue): boolean =>
    inner.path.length === 0 && (inner.code === 'invalid_type' || inner.code === 'invalid_value')
  const fitting = issue.errors.filter((inner) => inner.length > 0 && !inner.some(isWrongKind))
  const best = fitting.toSorted((a, b) => a.length - b.length)[0]
  if (best !== undefined) {
    return best.flatMap((inner) => explainIssue({ ...inner, path: [...issue.path, ...inner.path] }, subject))
  }
  const node = nodeAt(root, full)
  const forms = new Set<string>()
  for (const inner of issue.errors.flat()) {
    if (inner.code === 'invalid_type') forms.add(KINDS[inner.expected] ?? inner.expected)
    else if (inner.code === 'invalid_value') for (const value of inner.values) forms.add(JSON.stringify(value))
  }
  if (forms.size === 0) return [problemAt(placeAt(root, full), origin(full), sentence(issue.message))]
  const expected = [...forms].join(' or ')
  const message = node === undefined ? `is required: ${expected}` : `expected ${expected}, got ${kindOf(node)}`
  return [problemAt(placeAt(root, full), origin(full), message)]
}
