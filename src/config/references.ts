import { parseDocument, isScalar } from 'yaml'
import { mapScalars } from './located.ts'
import type { Located, LocatedScalar } from './located.ts'
import { problemAt } from './problem.ts'
import type { Problem } from './problem.ts'

/** `${NAME}`, `${NAME:-default}`, `${file:/path}` or `${file:/path:-default}`. */
export interface Reference {
  readonly from: 'env' | 'file'
  /** The variable's name, or the file's path as written. */
  readonly name: string
  readonly fallback?: string
}

/** A text cut at its references, or what is wrong with one. */
export type ParsedText = { readonly parts: readonly (string | Reference)[] } | { readonly wrong: string }

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/** Finds the references of a text. `$${` stands for `${` itself. */
export function parseReferences(text: string): ParsedText {
  const parts: (string | Reference)[] = []
  let plain = ''
  let at = 0
  while (at < text.length) {
    if (text.startsWith('$${', at)) {
      plain += '${'
      at += 3
    } else if (text.startsWith('${', at)) {
      const end = text.indexOf('}', at)
      const inner = end === -1 ? undefined : text.slice(at + 2, end)
      const reference = inner === undefined ? undefined : toReference(inner)
      if (reference === undefined) {
        return { wrong: 'not a reference: write ${NAME}, ${NAME:-default} or ${file:/path}, and $${ for ${ itself' }
      }
      if (plain !== '') parts.push(plain)
      parts.push(reference)
      plain = ''
      at = (end as number) + 1
    } else {
      plain += text[at]
      at += 1
    }
  }
  if (plain !== '' || parts.length === 0) parts.push(plain)
  return { parts }
}

function toReference(inner: string): Reference | undefined {
  if (inner.includes('${')) return undefined
  const cut = inner.indexOf(':-')
  const name = cut === -1 ? inner : inner.slice(0, cut)
  const fallback = cut === -1 ? {} : { fallback: inner.slice(cut + 2) }
  if (name.startsWith('file:')) {
    return name.length === 5 ? undefined : { from: 'file', name: name.slice(5), ...fallback }
  }
  return NAME.test(name) ? { from: 'env', name, ...fallback } : undefined
}

/** All references in a tree, for reading files before they are replaced. */
export function referencesIn(tree: Located): Reference[] {
  const found: Reference[] = []
  mapScalars(tree, (scalar) => {
    const parsed = typeof scalar.value === 'string' ? parseReferences(scalar.value) : undefined
    if (parsed !== undefined && 'parts' in parsed) {
      found.push(...parsed.parts.filter((part): part is Reference => typeof part !== 'string'))
    }
    return scalar
  })
  return found
}

/** What a reference stands for, or why it cannot be had. */
export type Lookup = (reference: Reference) => { readonly value: string } | { readonly missing: string }

/**
 * Replaces the references in the scalars of a tree, and in nothing else: no value can change the structure. A scalar that is one
 * whole reference takes its YAML type and keeps the text beside it.
 */
export function replaceReferences(tree: Located, lookup: Lookup): { tree: Located; problems: Problem[] } {
  const problems: Problem[] = []
  const replaced = mapScalars(tree, (scalar, path) => {
    if (typeof scalar.value !== 'string' || !scalar.value.includes('${')) return scalar
    const result = replaceIn(scalar, scalar.value, lookup)
    if (!('wrong' in result)) return result
    problems.push(problemAt(scalar.at, path, result.wrong))
    return { ...scalar, broken: true }
  })
  return { tree: replaced, problems }
}

function replaceIn(scalar: LocatedScalar, text: string, lookup: Lookup): LocatedScalar | { wrong: string } {
  const parsed = parseReferences(text)
  if ('wrong' in parsed) return parsed
  const values: string[] = []
  for (const part of parsed.parts) {
    if (typeof part === 'string') {
      values.push(part)
      continue
    }
    const found = lookup(part)
    if ('missing' in found) return { wrong: found.missing }
    values.push(found.value)
  }
  const value = values.join('')
  const whole = parsed.parts.length === 1 && typeof parsed.parts[0] !== 'string'
  return whole ? { ...scalar, value: toYamlType(value), text: value } : { ...scalar, value }
}

/**
 * The type YAML gives an unquoted scalar. Anything that is not one plain scalar stays text, and so do empty texts and what a number
 * would lose: `+4930123`, `007`, more digits than a number holds.
 */
export function toYamlType(text: string): string | number | boolean {
  if (text.length > 40 || !/^[-+.\w]+$/.test(text) || /^\+|^-?0\d/.test(text)) return text
  const { contents, errors } = parseDocument(text, { prettyErrors: false })
  if (errors.length > 0 || !isScalar(contents) || contents.source !== text) return text
  const { value } = contents
  if (typeof value === 'boolean') return value
  const exact =
    typeof value === 'number' && Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
  return exact ? value : text
}
